/** Captured steps that are verified: the bits of both ways, and what is found where their JavaScript has changed. */
import { describe, expect } from 'vitest'
import * as G from '../src/engine/index.ts'
import { capture, memory, optim, seed, tensor, verifyCaptures } from '../src/engine/index.ts'
import { empty } from '../src/engine/tensor/tensor.ts'
import { gpuTest } from './harness.ts'

/** A test whose captured steps are verified at every replay. */
const verifiedTest = (name: string, body: () => Promise<void>): void =>
  gpuTest(name, async () => {
    verifyCaptures(1)
    try {
      await body()
    } finally {
      verifyCaptures(0)
    }
  })

/** Two networks with a layer in common, an optimiser for each, and an average: everything a step may write. */
function shared() {
  seed(5)
  const [a, b, trunk] = [
    [2, 3],
    [2, 3],
    [3, 1],
  ].map((shape) => tensor(new Float32Array(shape[0] * shape[1]).fill(0.5), shape, { requiresGrad: true }))
  const adam = new optim.Adam([a, trunk], { lr: (steps) => 0.1 / (1 + steps) })
  const sgd = new optim.SGD([trunk, b], { lr: 0.1, momentum: 0.5 })
  const ema = new optim.EMA([b], { decay: 0.5 })
  const seen = G.zeros([1])
  const step = () => {
    const x = G.randn([4, 2])
    const lossOf = (w: G.Tensor) => G.mean(G.square(G.sub(G.matmul(G.tanh(G.matmul(x, w)), trunk), 1)))
    const loss = lossOf(a)
    adam.step(G.grad(loss, [a, trunk]))
    sgd.step(G.grad(lossOf(b), [trunk, b]))
    ema.update()
    G.assign(seen, G.add(seen, 1))
    return { loss, norm: adam.gradNorm() }
  }
  const values = async () => {
    const read = await Promise.all([a, b, trunk, seen].map((t) => t.data()))
    return [...read.flatMap((each) => [...each]), adam.t, sgd.t, G.randomState().block]
  }
  const dispose = () => {
    for (const each of [adam, sgd, ema, a, b, trunk, seen]) each.dispose()
  }
  return { step, values, dispose }
}

gpuTest(
  'a verified step comes to the same state as one that is not, and leaves no memory in use',
  async () => {
    const ends: number[][] = []
    for (const every of [0, 1, 2]) {
      verifyCaptures(every)
      const { step, values, dispose } = shared()
      const run = capture(step)
      run()
      const { liveBuffers } = memory()
      const losses: number[] = []
      for (let i = 0; i < 4; i++) {
        losses.push(await run().loss.item())
        await run.verified
      }
      expect(memory().liveBuffers).toBe(liveBuffers)
      ends.push([...losses, ...(await values())])
      run.dispose()
      dispose()
    }
    verifyCaptures(0)
    expect(ends[1]).toEqual(ends[0])
    expect(ends[2]).toEqual(ends[0])
  },
)

describe('what has changed in the JavaScript of a step is found', () => {
  const x = (): G.Tensor => G.ones([2])
  const cases: [string, (turn: number, own: G.Tensor, other: G.Tensor) => unknown, RegExp][] = [
    [
      'a branch',
      (turn, own) => (turn ? G.mul(own, 2) : G.add(own, 2)),
      /^capture: the step is another than when it was recorded: launch 1 \(add\) is now mul of \[2\], \[2\], and was add of \[2\], \[2\]\. A recorded step does not run/,
    ],
    [
      'a number',
      (turn, own) => G.mul(own, turn + 1),
      /launch 1 \(mul\) is given another b: it was 1, and is 2\. /,
    ],
    [
      'a tensor',
      (turn, own, other) => G.mul(turn ? other : own, 3),
      /launch 1 \(mul\) uses another tensor for 'a'/,
    ],
    ['a shape', (turn) => G.ones([4 * turn + 4]), /launch 1 \(full\) is given another n: it was 1, and is 2/],
    ['more launches', (turn) => (turn ? G.neg(x()) : x()), /launch 2 \(neg\) is new/],
    ['fewer launches', (turn) => (turn ? x() : G.neg(x())), /launch 2 \(neg\) is not made any more/],
    [
      'what it gives back',
      (turn, own) => {
        const made = [G.neg(own), G.square(own)]
        return turn ? made : made[0]
      },
      /the step's result was \[2\] when it was recorded, and is \[2\], \[2\]/,
    ],
    [
      'a live value',
      (turn, own) =>
        G.mul(
          own,
          G.full([], () => turn),
        ),
      /launch 1 \(full\) is given other numbers\. /,
    ],
  ]
  for (const [name, step, message] of cases)
    verifiedTest(name, async () => {
      const [own, other] = [x(), x()]
      let turn = 0
      const run = capture(() => step(turn, own, other))
      run()
      turn = 1
      expect(run).toThrow(message)
      for (const each of [run, own, other]) each.dispose()
    })
})

describe('what only the GPU can tell comes with `verified`, and with the next step', () => {
  // A step that reads what its buffer happens to hold, which is another one each time that the step runs.
  const careless = (x: G.Tensor, target: G.Tensor) => () => {
    const junk = empty([1])
    const found = G.add(junk, 0)
    G.assign(junk, x)
    G.assign(target, found)
    return G.neg(found)
  }
  const cases: [string, (step: () => G.Tensor) => () => unknown, RegExp][] = [
    ['a result', (step) => step, /^capture: a replay differs from the step itself in result 1, \[1\]$/],
    [
      'a tensor that it writes',
      (step) => () => void step(),
      /in the tensor \[1\] that launch 3 \(assign\) writes first$/,
    ],
  ]
  for (const [name, taken, what] of cases)
    gpuTest(name, async () => {
      const [x, target] = [tensor([1]), tensor([0])]
      const run = capture(taken(careless(x, target)))
      run()
      const others = Array.from({ length: 6 }, () => G.full([1], 99)) // one of them will be the junk
      for (const other of others) other.dispose()
      run() // free memory is NaN in tests, and a replay puts something else in the step's own
      verifyCaptures(1)
      run()
      await expect(run.verified).rejects.toThrow(what)
      verifyCaptures(0)
      expect(run).toThrow(what)
      for (const each of [run, x, target]) each.dispose()
    })
})
