import { describe, expect } from 'vitest'
import * as G from '../src/engine/index.ts'
import { optim, scope, tensor } from '../src/engine/index.ts'
import { expectClose, gpuTest, normalFrom, randomOf } from './harness.ts'
import * as R from './ref/index.ts'

type State = { p: Float64Array; m: Float64Array; v: Float64Array }
type Rule = [
  name: string,
  make: (params: G.Tensor[]) => optim.SGD | optim.RMSprop | optim.Adam,
  twin: (s: State, g: Float64Array, step: number) => void,
]
const RULES: Rule[] = [
  ['SGD', (p) => new optim.SGD(p, { lr: 0.1 }), ({ p, v }, g) => R.sgd(p, g, v, { lr: 0.1 })],
  [
    'momentum',
    (p) => new optim.SGD(p, { lr: 0.1, momentum: 0.9 }),
    ({ p, v }, g) => R.sgd(p, g, v, { lr: 0.1, momentum: 0.9 }),
  ],
  ['RMSprop', (p) => new optim.RMSprop(p), ({ p, v }, g) => R.rmsprop(p, g, v, { lr: 0.01 })],
  [
    'RMSprop, other numbers',
    (p) => new optim.RMSprop(p, { lr: 0.05, alpha: 0.9, eps: 0.1 }),
    ({ p, v }, g) => R.rmsprop(p, g, v, { lr: 0.05, alpha: 0.9, eps: 0.1 }),
  ],
  ['Adam', (p) => new optim.Adam(p), ({ p, m, v }, g, step) => R.adam(p, g, m, v, { lr: 0.001, step })],
  [
    'Adam, other numbers',
    (p) => new optim.Adam(p, { lr: 0.02, betas: [0.5, 0.9], eps: 0.1 }),
    ({ p, m, v }, g, step) => R.adam(p, g, m, v, { lr: 0.02, beta1: 0.5, beta2: 0.9, eps: 0.1, step }),
  ],
]
const SHAPES = [[3, 5], [67], []]

const random = randomOf('optim')
const normals = (shape: number[]) =>
  Float64Array.from({ length: R.size(shape) }, () => Math.fround(normalFrom(random)))

describe('five steps on odd sizes', () => {
  for (const [name, make, twin] of RULES)
    gpuTest(name, async () => {
      const states = SHAPES.map((s) => ({ p: normals(s), m: normals(s).fill(0), v: normals(s).fill(0) }))
      const params = states.map(({ p }, i) => tensor(p, SHAPES[i]))
      const optimizer = make(params)
      for (let step = 1; step <= 5; step++) {
        const grads = SHAPES.map(normals)
        states.forEach((s, i) => {
          twin(s, grads[i], step)
        })
        scope(() => optimizer.step(grads.map((g, i) => tensor(g, SHAPES[i]))))
      }
      for (const [i, t] of params.entries())
        expectClose(await t.data(), states[i].p, 2e-6, `of parameter ${i}`)
      const saved = optimizer.stateDict()
      const names = name.startsWith('Adam') ? ['m', 'v'] : ['v']
      expect(Object.keys(saved)).toEqual(names.flatMap((n) => [0, 1, 2].map((i) => `${n}.${i}`)))
      expect(saved['v.0'].shape).toEqual([3, 5])
      for (const [i, { v }] of states.entries())
        expectClose(await saved[`v.${i}`].data(), v, 2e-6, `of v.${i}`)
      optimizer.dispose()
      optimizer.dispose()
      for (const t of [...params, ...Object.values(saved)]) t.dispose()
    })
})

gpuTest('a saved state continues bit for bit', async () => {
  const grads = [1, 2, 3].map(() => normals([7]))
  const start = normals([7])
  const run = async (interrupted: boolean) => {
    const p = tensor(start)
    let adam = new optim.Adam([p])
    for (const [i, g] of grads.entries()) {
      if (interrupted && i === 2) {
        const old = adam.stateDict()
        const saved = await Promise.all(Object.values(old).map((t) => t.data()))
        const next = new optim.Adam([p])
        next.t = adam.t
        const fresh = next.stateDict()
        Object.values(fresh).forEach((t, k) => {
          t.write(saved[k])
        })
        for (const t of [...Object.values(old), ...Object.values(fresh)]) t.dispose()
        adam.dispose()
        adam = next
      }
      scope(() => adam.step([tensor(g)]))
    }
    const result = await p.data()
    adam.dispose()
    p.dispose()
    return result
  }
  expect(await run(true)).toEqual(await run(false))
})

gpuTest('the learning rate may change, and parameters stay leaves that ops can use', async () => {
  const p = tensor([1, 2, 3], [3], { requiresGrad: true })
  const sgd = new optim.SGD([p], { lr: 1 })
  for (const lr of [0.5, 0.25]) {
    sgd.lr = lr
    scope(() => sgd.step(G.grad(G.square(p), [p])))
  }
  expect([...(await p.data())]).toEqual([0, 0, 0])
  sgd.dispose()
  expect([...(await p.data())]).toEqual([0, 0, 0])
  p.dispose()
})

gpuTest('clip brings every parameter within the limit, and touches no running average', async () => {
  const limit = 0.75
  const values = SHAPES.map(normals)
  values[0].set([limit, -limit, 0, 1e9, -1e9])
  const params = values.map((v, i) => tensor(v, SHAPES[i]))
  const optimizer = new optim.RMSprop(params, { lr: 0 })
  scope(() => optimizer.step(values.map((v, i) => tensor(v, SHAPES[i]))))
  const state = optimizer.stateDict()
  const averages = await Promise.all(Object.values(state).map((t) => t.data()))
  optimizer.clip(limit)
  for (const [i, t] of params.entries())
    expect([...(await t.data())]).toEqual([...values[i]].map((v) => Math.min(limit, Math.max(-limit, v))))
  for (const [i, t] of Object.values(state).entries()) expect(await t.data()).toEqual(averages[i])
  expect(optimizer.t).toBe(1)
  optimizer.dispose()
  expect(() => optimizer.clip(limit)).toThrow(G.DisposedError)
  for (const t of [...params, ...Object.values(state)]) t.dispose()
})

gpuTest('EMA follows, and stands in for the parameters', async () => {
  const params = [tensor([1, 2, 3]), tensor([10])]
  const sgd = new optim.SGD(params, { lr: 1 })
  const ema = new optim.EMA(params, { decay: 0.75 })
  const expected = [1, 2, 3, 10]
  const values = [...expected]
  for (let step = 0; step < 3; step++) {
    scope(() => sgd.step([tensor([1, -1, 2]), tensor([4])]))
    ;[1, -1, 2, 4].forEach((g, i) => {
      values[i] -= g
      expected[i] = 0.75 * expected[i] + 0.25 * values[i]
    })
    ema.update()
  }
  const read = async () => (await Promise.all(params.map((p) => p.data()))).flatMap((d) => [...d])
  const averages = ema.averaged(() => scope(() => params.map((p) => G.add(p, 0))))
  const views = ema.stateDict()
  const flat = async (ts: G.Tensor[]) => (await Promise.all(ts.map((t) => t.data()))).flatMap((d) => [...d])
  expectClose(await flat(averages), expected, 1e-6)
  expectClose(await flat(Object.values(views)), expected, 1e-6)
  expect(await read()).toEqual(values)
  expect(() =>
    ema.averaged(() => {
      throw new Error('stop')
    }),
  ).toThrow('stop')
  expect(await read()).toEqual(values)
  ema.dispose()
  ema.dispose()
  expect(() => ema.update()).toThrow(G.DisposedError)
  scope(() => sgd.step([tensor([1, 1, 1]), tensor([1])]))
  expect(await read()).toEqual(values.map((v) => v - 1))
  sgd.dispose()
  for (const t of [...params, ...averages, ...Object.values(views)]) t.dispose()
})

gpuTest('the norm is that of all gradients of the last step, whatever the buffers held before', async () => {
  // What a pooled buffer holds behind a tensor's end must not count.
  for (const poison of [tensor(new Float32Array(64).fill(Number.NaN)), tensor([Number.NaN])]) poison.dispose()
  const params = SHAPES.map((shape) => tensor(normals(shape), shape, { requiresGrad: true }))
  const optimizer = new optim.Adam(params)
  const norm = async (): Promise<number> => {
    const t = optimizer.gradNorm()
    const value = await t.item()
    t.dispose()
    return value
  }
  expect(await norm()).toBe(0)
  for (let step = 0; step < 2; step++) {
    const grads = SHAPES.map(normals)
    const tensors = grads.map((g, i) => tensor(g, SHAPES[i]))
    optimizer.step(tensors)
    for (const t of tensors) t.dispose()
    const expected = Math.hypot(...grads.flatMap((g) => [...g]))
    expect(Math.abs((await norm()) / expected - 1)).toBeLessThan(1e-6)
  }
  optimizer.dispose()
  for (const p of params) p.dispose()
})
