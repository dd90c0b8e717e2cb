/** What a recorded step holds by its place, or by the mode it was recorded in, when that changes afterwards. */
import { describe, expect } from 'vitest'
import * as G from '../src/engine/index.ts'
import { capture, nn, optim, scope, tensor } from '../src/engine/index.ts'
import { gpuTest } from './harness.ts'

const free = (...all: { dispose(): void }[]): void => {
  for (const each of all) each.dispose()
}
/** A captured step, and how often it was recorded. */
function counted<T>(step: () => T) {
  const recorded: string[] = []
  const run = capture(step, undefined, (course) => recorded.push(course))
  return { run, recorded }
}

describe('parameters that move into the buffer of an optimiser after a step was recorded', () => {
  for (const [name, make] of [
    ['SGD', (p: G.Tensor[]) => new optim.SGD(p, { lr: 1 })],
    ['EMA', (p: G.Tensor[]) => new optim.EMA(p)],
  ] as const)
    gpuTest(name, async () => {
      const w = tensor([1, 2], [2], { requiresGrad: true })
      const { run, recorded } = counted(() => G.mul(G.reshape(w, [2, 1]), 10))
      expect([...(await run().data())]).toEqual([10, 20])
      const user = make([w])
      w.write([3, 4])
      expect([...(await run().data())]).toEqual([30, 40])
      w.write([5, 6])
      expect([...(await run().data())]).toEqual([50, 60])
      expect(recorded.length).toBe(2)
      const later = new optim.SGD([w], { lr: 1 }) // the parameter stays where it is
      run()
      expect(recorded.length).toBe(2)
      free(run, user, later, w)
    })

  gpuTest('and a step that trains them goes on training them', async () => {
    const w = tensor([8], [1], { requiresGrad: true })
    const sgd = new optim.SGD([w], { lr: 0.25 })
    const { run, recorded } = counted(() => sgd.step(G.grad(G.square(w), [w]))) // halves w
    run()
    const ema = new optim.EMA([w], { decay: 0.5 })
    run()
    ema.update()
    expect([await w.item(), recorded.length]).toEqual([2, 1])
    sgd.dispose()
    expect(run).toThrow(/^SGD: used after dispose/)
    free(run, ema, w)
  })
})

gpuTest('a step taken among averages is recorded for these, and the other stays what it was', async () => {
  const w = tensor([1], [1])
  const [a, b] = [0, 0.5].map((decay) => new optim.EMA([w], { decay }))
  w.write([3])
  b.update()
  const { run, recorded } = counted(() => G.mul(w, 10))
  const taken: number[] = []
  for (let round = 0; round < 2; round++) {
    taken.push(await run().item())
    for (const ema of [a, b]) taken.push(await ema.averaged(run).item())
  }
  expect(taken).toEqual([30, 10, 20, 30, 10, 20])
  expect(recorded.length).toBe(3)
  expect(await w.item()).toBe(3)
  free(run, a, b, w)
})

gpuTest('a step recorded in one mode is recorded anew in the other', async () => {
  const norm = new nn.BatchNorm(1)
  const x = tensor([1, 3], [2, 1])
  const { run, recorded } = counted(() => norm.forward(x))
  const trained = [...(await run().data())]
  expect(trained[0]).toBeCloseTo(-1, 3)
  nn.setTraining(norm, false)
  const evaluated = [...(await run().data())]
  expect(evaluated[0]).toBeGreaterThan(0.5) // by the running statistics, which have hardly moved
  nn.setTraining(norm, true)
  expect([...(await run().data())]).toEqual(trained)
  expect(recorded.length).toBe(2)
  const inside = nn.evaluating(norm, () => run())
  expect((await inside.data())[0]).not.toBe(trained[0])
  expect(recorded.length).toBe(2)
  free(run, x, ...Object.values(nn.stateDict(norm)))
})

describe('a captured step among weights that are others every time is refused', () => {
  gpuTest('withTensors', async () => {
    const net = scope(() => new nn.Linear(1, 1, { bias: false }))
    const [x, other] = [tensor([2], [1, 1]), tensor([5], [1, 1])]
    const { run } = counted(() => net.forward(x))
    run()
    const take = () => nn.withTensors(net, new Map([[net.weight, other]]), run)
    expect(take).toThrow(
      /^capture: a captured step cannot be taken inside withTensors, .* call withTensors in the step$/,
    )
    const inside = capture(() => nn.withTensors(net, new Map([[net.weight, other]]), () => net.forward(x)))
    expect([await inside().item(), await inside().item()]).toEqual([10, 10])
    free(run, inside, x, other, net.weight)
  })

  gpuTest('SpectralNorm.normalized', async () => {
    const net = scope(() => new nn.Linear(1, 1, { bias: false }))
    const spectral = new nn.SpectralNorm(net)
    const x = tensor([2], [1, 1])
    const { run } = counted(() => net.forward(x))
    expect(() => scope(() => spectral.normalized(run))).toThrow(/^capture: .* inside SpectralNorm.normalized/)
    const y = scope(() => net.forward(x))
    expect(await y.item()).toBe(2 * (await net.weight.item()))
    free(run, x, y, ...Object.values(spectral.u), net.weight)
  })
})

gpuTest('an optimiser or average is made neither in a recorded step nor among averages', () => {
  const w = tensor([1], [1])
  const ema = new optim.EMA([w])
  const makers: (() => { dispose(): void })[] = [() => new optim.Adam([w]), () => new optim.EMA([w])]
  for (const make of makers) {
    const run = capture(() => make().dispose())
    expect(run).toThrow(
      /^capture: .*(Adam|EMA) is made, with new averages every time: make it before the step$/,
    )
    expect(() => ema.averaged(make)).toThrow(
      /^(Adam|EMA): cannot be made inside EMA.averaged: make it before$/,
    )
    run.dispose()
  }
  free(ema, w)
})
