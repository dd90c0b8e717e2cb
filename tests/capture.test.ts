/** Recorded steps: the bits of eager ones, what may change between replays, what is refused, what is freed. */
import { describe, expect } from 'vitest'
import * as G from '../src/engine/index.ts'
import { capture, gpu, memory, optim, profile, scope, seed, tensor } from '../src/engine/index.ts'
import { gpuTest } from './harness.ts'

/** A small regression that draws its own data: two parameters, Adam. */
function regression(lr: optim.Rate = 0.1) {
  seed(3)
  const w = tensor([0.5, -1, 2], [3, 1], { requiresGrad: true })
  const b = tensor([0], [1], { requiresGrad: true })
  const adam = new optim.Adam([w, b], { lr })
  const step = () => {
    const x = G.randn([5, 3])
    const loss = G.mean(G.square(G.sub(G.linear(x, w, b), G.uniform([5, 1]))))
    adam.step(G.grad(loss, [w, b]))
    return loss
  }
  const dispose = () => {
    adam.dispose()
    w.dispose()
    b.dispose()
  }
  return { w, adam, step, dispose }
}

async function losses(take: () => G.Tensor, steps: number): Promise<number[]> {
  const values: number[] = []
  for (let i = 0; i < steps; i++) values.push(await take().item())
  return values
}

gpuTest('replays give the bits of eager steps, with other work in between', async () => {
  const eager = regression()
  const expected: number[] = []
  for (let i = 0; i < 6; i++) {
    const loss = scope(eager.step)
    expected.push(await loss.item())
    loss.dispose()
  }
  const weights = await eager.w.data()
  eager.dispose()

  const { w, step, dispose } = regression()
  const run = capture(step)
  const taken = await losses(run, 2)
  const state = G.randomState()
  const noise = scope(() => G.tanh(G.matmul(G.randn([64, 64]), G.ones([64, 64])))) // takes buffers, if any are free
  G.setRandomState(state)
  taken.push(...(await losses(run, 4)))
  expect(taken).toEqual(expected)
  expect(await w.data()).toEqual(weights)
  expect(Math.max(...(await noise.data()).map(Math.abs))).toBeLessThanOrEqual(1)
  noise.dispose()
  run.dispose()
  dispose()
})

gpuTest('a rate may change between replays, by hand or by a schedule', async () => {
  const byHand = regression(0.1)
  const hand = capture(byHand.step)
  const a = await losses(hand, 3)
  byHand.adam.lr = 0.01
  a.push(...(await losses(hand, 3)))
  hand.dispose()
  byHand.dispose()
  const scheduled = regression((steps) => (steps < 3 ? 0.1 : 0.01))
  const run = capture(scheduled.step)
  expect(await losses(run, 6)).toEqual(a)
  run.dispose()
  scheduled.dispose()
  const constant = regression(0.1)
  const other = capture(constant.step)
  expect((await losses(other, 6)).slice(4)).not.toEqual(a.slice(4))
  other.dispose()
  constant.dispose()
})

gpuTest('each course is recorded when it first comes up', async () => {
  const x = tensor([1], [1])
  let [course, runs] = [0, 0]
  const recorded: [string, number][] = []
  const run = capture(
    () => {
      runs++
      return course === 0 ? G.add(x, 1) : G.mul(x, 10)
    },
    () => String(course),
    (...told) => recorded.push(told),
  )
  const taken: number[] = []
  for (course of [0, 0, 1, 0, 1]) {
    taken.push(await run().item())
    x.write([taken.length])
  }
  expect(taken).toEqual([2, 2, 20, 4, 40])
  expect(runs).toBe(2)
  expect(recorded).toEqual([
    ['0', 1],
    ['1', 1],
  ])
  run.dispose()
  x.dispose()
})

gpuTest('memory is constant while replaying, and free after dispose', async () => {
  const { step, dispose } = regression()
  const run = capture(step)
  await losses(run, 2)
  const before = JSON.stringify(memory())
  await losses(run, 3)
  expect(JSON.stringify(memory())).toBe(before)
  const { liveBuffers } = memory()
  run.dispose()
  expect(memory().liveBuffers).toBeLessThan(liveBuffers)
  dispose()
})

gpuTest('recorded buffers are in use until the step is disposed', async () => {
  const x = tensor([2])
  gpu().trim()
  const before = memory()
  // Intermediate results of sizes that nothing else has.
  const run = capture(() => G.sum(G.square(G.add(G.broadcastTo(x, [9999]), G.ones([8888]).mean()))))
  const values = [await run().item(), await run().item()]
  const recorded = memory()
  expect(recorded.liveBytes - before.liveBytes).toBeGreaterThanOrEqual(4 * (9999 + 8888))
  expect(recorded.peakBytes).toBeGreaterThanOrEqual(recorded.liveBytes)
  gpu().trim()
  expect(memory()).toEqual({ ...recorded, pooledBytes: 0, pooledBuffers: 0, readbackBytes: 0 })
  values.push(await run().item())
  expect(values).toEqual(Array(3).fill(9 * 9999))
  run.dispose()
  const { liveBytes, liveBuffers, pooledBytes, pooledBuffers } = memory()
  expect([liveBytes, liveBuffers]).toEqual([before.liveBytes, before.liveBuffers])
  expect(pooledBytes).toBe(recorded.liveBytes - before.liveBytes)
  expect(pooledBuffers).toBe(recorded.liveBuffers - before.liveBuffers)
  gpu().trim()
  expect([memory().pooledBytes, memory().pooledBuffers]).toEqual([0, 0])
  x.dispose()
})

gpuTest('what a step uses stays there for its replays', async () => {
  const x = tensor([3])
  const run = capture(() => G.mul(x, 2))
  expect(await run().item()).toBe(6)
  x.dispose()
  const others = scope(() => Array.from({ length: 4 }, () => G.full([1], 99))) // would take x's place
  expect(await run().item()).toBe(6)
  for (const t of others) t.dispose()
  run.dispose()
})

gpuTest('a replay and the readback of its result are one submit', async () => {
  const { step, dispose } = regression()
  const run = capture(step)
  await losses(run, 1)
  const { passes, submits } = await profile(gpu(), async () => void (await losses(run, 3)))
  expect([passes.length, submits.length]).toEqual([3, 3])
  run.dispose()
  dispose()
})

gpuTest('a replay waits to be submitted, but what comes after it comes after it', async () => {
  const x = tensor([3])
  const run = capture(() => G.mul(x, 2))
  const first = run()
  const launched = scope(() => G.add(first, 1))
  expect(await launched.item()).toBe(7)
  launched.dispose()
  run()
  x.write([5])
  expect(await first.item()).toBe(6)
  const [a, b] = [run().item(), run().item()]
  expect([await a, await b]).toEqual([10, 10])
  const [w, u] = [tensor([2], [1, 1]), tensor([1])]
  x.write([7])
  run()
  const normal = scope(() => G.spectralNorm([w], [u])) // a kernel without params
  expect([await first.item(), await normal[0].item()]).toEqual([14, 1])
  for (const t of [w, u, ...normal]) t.dispose()
  run()
  run.dispose() // frees buffers that the waiting replay uses
  expect(await x.item()).toBe(7)
  x.dispose()
})

gpuTest('a write after a replay and a launch comes after both', async () => {
  const x = tensor([1])
  const step = capture(() => G.add(x, 1))
  // The first launch after a replay, by a kernel without params and by one with them.
  const launches: [string, (a: G.Tensor) => G.Tensor][] = [
    ['matmul', (a) => G.matmul(a, a)],
    ['mul', (a) => G.mul(a, a)],
  ]
  for (const [name, launch] of launches) {
    const a = tensor([3], [1, 1])
    const before = launch(a) // compiled, its buffers in use
    step()
    step()
    const y = launch(a)
    a.write([5])
    expect([await before.item(), await y.item()], name).toEqual([9, 9])
    for (const t of [a, before, y]) t.dispose()
  }
  step.dispose()
  x.dispose()
})

gpuTest('a buffer is destroyed after a replay and a launch that use it', async () => {
  const x = tensor([1])
  const step = capture(() => G.add(x, 1))
  step()
  gpu().trim()
  const a = G.ones([8, 16]) // the only free buffer of its size, below
  step()
  const y = G.matmul(a, a, { transposeB: true })
  a.dispose()
  gpu().trim()
  expect(Math.min(...(await y.data()))).toBe(16)
  y.dispose()
  step.dispose()
  x.dispose()
})

describe('a step that cannot be replayed is refused, and says why', () => {
  const x = () => G.ones([2])
  const cases: [string, () => unknown, RegExp][] = [
    ['a readback', () => x().data(), /values are read back \(data, item\)/],
    [
      'a readback whose error is caught',
      () =>
        void x()
          .data()
          .catch(() => {}),
      /values are read back/,
    ],
    ['values from JavaScript', () => tensor([1]), /values come from JavaScript \(tensor, write\)/],
    ['a seed', () => seed(1), /seed says where random numbers go on; call it before the step/],
    [
      'a state of random numbers',
      () => G.setRandomState(G.randomState()),
      /setRandomState says where random/,
    ],
  ]
  for (const [name, step, message] of cases)
    gpuTest(name, () => {
      const run = capture(() => {
        const result = step()
        if (result instanceof Promise) result.catch(() => {})
      })
      expect(run).toThrow(message)
      run.dispose()
    })

  for (const isRecorded of [false, true])
    gpuTest(`a captured step, recorded ${isRecorded ? 'before' : 'for the first time'}`, async () => {
      const w = tensor([1])
      const inner = capture(() => G.mul(w, 2))
      if (isRecorded) inner()
      const outer = capture(() => G.add(inner(), 1))
      expect(outer).toThrow(
        /^capture: .* another captured step is taken in it: call what that one captures instead$/,
      )
      const caught = capture(() => {
        try {
          inner()
        } catch {}
      })
      expect(caught).toThrow(/another captured step/)
      w.write([3])
      expect(await inner().item()).toBe(6)
      for (const each of [inner, outer, caught, w]) each.dispose()
    })

  gpuTest('and an error of its own passes through', () => {
    const run = capture(() => G.matmul(G.ones([2, 3]), G.ones([2, 3])))
    expect(run).toThrow(/matmul/)
    run.dispose()
  })
})
