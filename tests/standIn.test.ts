/** Running a function among other weights or in another mode: what was there comes back, whatever the function does. */
import { describe, expect } from 'vitest'
import * as G from '../src/engine/index.ts'
import { nn, optim, scope, tensor } from '../src/engine/index.ts'
import { gpuTest } from './harness.ts'

/** A network with a weight of 2, and ways to run something with others. */
function setUp() {
  const net = scope(() => ({ dense: new nn.Linear(1, 1, { bias: false }), norm: new nn.BatchNorm(1) }))
  const { weight } = net.dense
  weight.write([2])
  const ema = new optim.EMA([weight])
  weight.write([-3])
  const spectral = new nn.SpectralNorm(net)
  const other = tensor([7], [1, 1])
  const ways: Record<string, <T>(fn: () => T) => T> = {
    'EMA.averaged': (fn) => ema.averaged(fn),
    withTensors: (fn) => nn.withTensors(net, new Map([[weight, other]]), fn),
    'SpectralNorm.normalized': (fn) => scope(() => spectral.normalized(fn)),
    evaluating: (fn) => nn.evaluating(net, fn),
  }
  const seen = () => scope(() => [G.add(net.dense.weight, 0)])[0]
  const state = async () => {
    const copy = seen()
    const value = await copy.item()
    copy.dispose()
    return [value, net.norm.training, net.dense.weight === weight]
  }
  const dispose = () => {
    ema.dispose()
    for (const t of [other, ...Object.values(spectral.u), ...Object.values(nn.stateDict(net))]) t.dispose()
  }
  return { net, weight, ema, ways, seen, state, dispose }
}

const NAMES = ['EMA.averaged', 'withTensors', 'SpectralNorm.normalized', 'evaluating']
const OWN = [-3, true, true]

describe.each(NAMES)('%s', (name) => {
  gpuTest('stands in while the function runs, and no longer', async () => {
    const { net, ways, seen, state, dispose } = setUp()
    const [value, training] = ways[name](() => [seen(), net.norm.training] as const)
    const expected = { 'EMA.averaged': 2, withTensors: 7, 'SpectralNorm.normalized': -1, evaluating: -3 }[
      name
    ]
    expect([await value.item(), training]).toEqual([expected, name !== 'evaluating'])
    expect(await state()).toEqual(OWN)
    value.dispose()
    dispose()
  })

  gpuTest('ends with an error of the function', async () => {
    const { ways, state, dispose } = setUp()
    const fail = (): never => {
      throw new Error('stop')
    }
    expect(() => ways[name](fail)).toThrow('stop')
    expect(await state()).toEqual(OWN)
    dispose()
  })

  gpuTest('refuses an async function, with nothing left behind', async () => {
    const { ways, state, dispose } = setUp()
    const later = async (): Promise<void> => {
      await Promise.resolve()
      throw new Error('told to nobody')
    }
    expect(() => ways[name](later)).toThrow(`${name}: the function must not be async`)
    expect(await state()).toEqual(OWN)
    dispose()
  })
})

gpuTest('one inside the other: the inner one counts, then the outer one again', async () => {
  const { weight, ema, ways, seen, state, dispose } = setUp()
  const second = new optim.EMA([weight])
  const inner = ema.averaged(() => [second.averaged(seen), seen(), ema.averaged(seen), seen()])
  expect(await Promise.all(inner.map((t) => t.item()))).toEqual([-3, 2, 2, 2])
  const both = ways.withTensors(() => [seen(), ema.averaged(seen), seen()])
  expect(await Promise.all(both.map((t) => t.item()))).toEqual([7, 7, 7])
  expect(await state()).toEqual(OWN)
  for (const t of [...inner, ...both]) t.dispose()
  second.dispose()
  dispose()
})

gpuTest('a layer that was in evaluation before stays in it', () => {
  const layers = [new nn.Dropout(), new nn.Dropout()]
  nn.setTraining(layers[1], false)
  const modes = (): boolean[] => layers.map(({ training }) => training)
  expect(nn.evaluating(layers, modes)).toEqual([false, false])
  expect(modes()).toEqual([true, false])
})

gpuTest('a parameter that is disposed meanwhile stays disposed', () => {
  const p = tensor([1])
  const ema = new optim.EMA([p])
  ema.averaged(() => p.dispose())
  expect(p.disposed).toBe(true)
  expect(() => ema.averaged(() => 0)).toThrow(G.DisposedError)
  ema.dispose()
})

gpuTest('looking for numbers that are not finite refuses an async function, too', async () => {
  const later = async (): Promise<void> => {}
  await expect(G.firstNonFinite(later as () => void)).rejects.toThrow(
    /^firstNonFinite: the function must not be async/,
  )
})
