/** Parameters that several optimisers and averages have in common: each does its own, wherever they lie. */
import { describe, expect } from 'vitest'
import * as G from '../src/engine/index.ts'
import { gpu, optim, profile, scope, tensor } from '../src/engine/index.ts'
import { leave, spansOf } from '../src/engine/ops/flat.ts'
import { expectClose, gpuTest, normalFrom, randomOf } from './harness.ts'
import * as R from './ref/index.ts'

const random = randomOf('shared')
const normals = (size: number): Float64Array =>
  Float64Array.from({ length: size }, () => Math.fround(normalFrom(random)))

/** A parameter with its twin in float64. */
interface Twin {
  p: G.Tensor
  own: Float64Array
}

const SIZES = [5, 67, 3, 130]
const twins = (sizes = SIZES): Twin[] =>
  sizes.map((size) => {
    const own = normals(size)
    return { p: tensor(own, [size], { requiresGrad: true }), own }
  })

const paramsOf = (of: readonly Twin[]): G.Tensor[] => of.map(({ p }) => p)

async function expectTwins(of: readonly Twin[]): Promise<void> {
  for (const [i, { p, own }] of of.entries()) expectClose(await p.data(), own, 2e-6, `of parameter ${i}`)
}

/** One step of Adam on tensors, the same numbers given to the twins. */
function adamTwin(of: readonly Twin[], lr: number) {
  const adam = new optim.Adam(paramsOf(of), { lr })
  const state = of.map(({ own }) => ({ m: own.slice().fill(0), v: own.slice().fill(0) }))
  const step = (): void => {
    const grads = of.map(({ own }) => normals(own.length))
    scope(() => adam.step(grads.map((g) => tensor(g))))
    of.forEach(({ own }, i) => {
      R.adam(own, grads[i], state[i].m, state[i].v, { lr, step: adam.t })
    })
  }
  return { adam, step, state }
}

function sgdTwin(of: readonly Twin[], lr: number) {
  const sgd = new optim.SGD(paramsOf(of), { lr, momentum: 0.9 })
  const v = of.map(({ own }) => own.slice().fill(0))
  const step = (): void => {
    const grads = of.map(({ own }) => normals(own.length))
    scope(() => sgd.step(grads.map((g) => tensor(g))))
    of.forEach(({ own }, i) => {
      R.sgd(own, grads[i], v[i], { lr, momentum: 0.9 })
    })
  }
  return { sgd, step }
}

const launchesOf = async (body: () => void): Promise<string[]> => {
  const { passes } = await profile(gpu(), body)
  return passes.flatMap(({ dispatches }) => dispatches.map(({ kernel }) => kernel))
}
const free = (...all: { dispose(): void }[]): void => {
  for (const each of all) each.dispose()
}

describe('two optimisers', () => {
  gpuTest('over lists that overlap, one of them with parameters that are new', async () => {
    const [a, b, c, d] = twins()
    const first = adamTwin([a, b, c], 0.01)
    const second = sgdTwin([d, b, c], 0.1)
    for (let round = 0; round < 3; round++) {
      first.step()
      second.step()
      first.step()
    }
    expect([first.adam.t, second.sgd.t]).toEqual([6, 3])
    await expectTwins([a, b, c, d])
    const norm = second.sgd.gradNorm()
    const views = second.sgd.stateDict()
    expect(Object.entries(views).map(([name, t]) => [name, t.size])).toEqual([
      ['v.0', 130],
      ['v.1', 67],
      ['v.2', 3],
    ])
    expect(await norm.item()).toBeGreaterThan(0)
    free(norm, ...Object.values(views), first.adam, second.sgd, ...paramsOf([a, b, c, d]))
  })

  gpuTest('on one parameter, each with a count and averages of its own', async () => {
    const [a] = twins([67])
    const [first, second] = [adamTwin([a], 0.01), adamTwin([a], 0.1)]
    first.step()
    second.step()
    second.step()
    expect([first.adam.t, second.adam.t]).toEqual([1, 2])
    await expectTwins([a])
    for (const { adam, state } of [first, second]) {
      const views = adam.stateDict()
      expectClose(await views['m.0'].data(), state[0].m, 2e-6)
      free(...Object.values(views), adam)
    }
    free(a.p)
  })

  gpuTest('of which one goes before the other', async () => {
    const all = twins()
    const [first, second] = [adamTwin(all, 0.01), sgdTwin(all.slice(1), 0.1)]
    second.step()
    first.adam.dispose()
    second.step()
    const third = adamTwin([all[0], all[2]], 0.02)
    third.step()
    await expectTwins(all)
    free(second.sgd, third.adam, ...paramsOf(all))
  })
})

gpuTest('one optimiser over two networks that have averages of their own', async () => {
  const all = twins()
  const [G1, G2] = [all.slice(0, 2), all.slice(2)]
  const averages = [G1, G2].map((of) => new optim.EMA(paramsOf(of), { decay: 0.5 }))
  const expected = all.map(({ own }) => own.slice())
  const both = adamTwin([...G1, ...G2], 0.05)
  for (let round = 0; round < 3; round++) {
    both.step()
    for (const average of averages) average.update()
    all.forEach(({ own }, i) => {
      own.forEach((value, k) => {
        expected[i][k] = 0.5 * expected[i][k] + 0.5 * value
      })
    })
  }
  await expectTwins(all)
  const means = averages.flatMap((average) => Object.values(average.stateDict()))
  for (const [i, mean] of means.entries()) expectClose(await mean.data(), expected[i], 2e-6)
  free(...means, ...averages, both.adam, ...paramsOf(all))
})

gpuTest('an average of some of the parameters stands in for these alone', async () => {
  const all = twins()
  const { adam, step } = adamTwin(all, 0.05)
  const ema = new optim.EMA([all[2].p, all[0].p], { decay: 0.25 })
  const start = all.map(({ own }) => own.slice())
  step()
  ema.update()
  const seen = ema.averaged(() => scope(() => all.map(({ p }) => G.add(p, 0))))
  for (const [i, { own }] of all.entries()) {
    const isAveraged = i === 0 || i === 2
    const expected = own.map((value, k) => (isAveraged ? 0.25 * start[i][k] + 0.75 * value : value))
    expectClose(await seen[i].data(), expected, 2e-6, `of parameter ${i}`)
  }
  const views = ema.stateDict()
  expect(Object.values(views).map(({ size }) => size)).toEqual([3, 5])
  expect(await views['1'].data()).toEqual(await seen[0].data())
  await expectTwins(all)
  free(...seen, ...Object.values(views), ema, adam, ...paramsOf(all))
})

gpuTest('the same bits, wherever the parameters lie and however they are listed', async () => {
  const start = SIZES.map(normals)
  const grads = [0, 1, 2].map(() => SIZES.map(normals))
  const run = async (order: number[], before: (params: G.Tensor[]) => { dispose(): void }[]) => {
    const params = start.map((values) => tensor(values))
    const others = before(params)
    const adam = new optim.Adam(order.map((i) => params[i]))
    for (const g of grads) scope(() => adam.step(order.map((i) => tensor(g[i]))))
    adam.clip(1.5)
    const values = await Promise.all(params.map((p) => p.data()))
    free(adam, ...others, ...params)
    return values
  }
  const alone = await run([0, 1, 2, 3], () => [])
  expect(await run([3, 1, 0, 2], () => [])).toEqual(alone)
  expect(await run([0, 1, 2, 3], (params) => params.map((p) => new optim.EMA([p])))).toEqual(alone)
  expect(await run([2, 0, 3, 1], ([, b, , d]) => [new optim.SGD([d, b], { lr: 1 })])).toEqual(alone)
})

gpuTest('parameters next to each other are updated in one launch, by later lists, too', async () => {
  const all = twins()
  const params = paramsOf(all)
  const whole = adamTwin(all, 0.1)
  const [part, gap] = [sgdTwin(all.slice(1, 3), 0.1), sgdTwin([all[0], all[2], all[3]], 0.1)]
  const updates = async (body: () => void) =>
    (await launchesOf(body)).filter((kernel) => kernel === 'optim').length
  expect(await updates(whole.step)).toBe(1)
  expect(await updates(part.step)).toBe(1)
  expect(await updates(gap.step)).toBe(2)
  await expectTwins(all)
  free(whole.adam, part.sgd, gap.sgd, ...params)
})

gpuTest('parameters that one buffer cannot hold have several', async () => {
  const params = [60, 3, 64, 100].map((size) => tensor(normals(size)))
  const values = await Promise.all(params.map((p) => p.data()))
  const spans = spansOf(params, 'test', 512)
  expect(spans.map(({ bytes, members }) => [bytes, members.map(({ index }) => index)])).toEqual([
    [512, [0, 1]],
    [256, [2]],
    [512, [3]],
  ])
  expect(new Set(spans.map(({ home }) => home)).size).toBe(3)
  expect(await Promise.all(params.map((p) => p.data()))).toEqual(values)
  const adam = new optim.Adam(params)
  scope(() => adam.step(params.map((p) => G.ones(p.shape))))
  expect(adam.t).toBe(1)
  leave(spans)
  free(adam, ...params)
})

gpuTest('the same parameter twice in a list is refused, as itself or by another name', () => {
  const p = tensor([1, 2], [2])
  const other = G.reshape(p, [2, 1])
  expect(() => new optim.SGD([p, p], { lr: 1 })).toThrow(/^SGD: a parameter is listed twice$/)
  expect(() => new optim.SGD([p, other], { lr: 1 })).toThrow(/^SGD: a parameter is listed twice$/)
  expect(() => new optim.EMA([])).toThrow(/^EMA: expected at least one parameter$/)
  free(p, other)
})

describe('settings that PyTorch refuses, or that make NaN, are refused', () => {
  const { NaN: nan, POSITIVE_INFINITY: infinity } = Number
  const cases: [string, (p: G.Tensor[]) => { dispose(): void }][] = [
    ['SGD: lr must be a number of at least 0 and finite, got NaN', (p) => new optim.SGD(p, { lr: nan })],
    ['SGD: lr must be a number of at least 0 and finite, got -1', (p) => new optim.SGD(p, { lr: -1 })],
    [
      'SGD: momentum must be a number of at least 0 and finite, got Infinity',
      (p) => new optim.SGD(p, { lr: 1, momentum: infinity }),
    ],
    [
      'RMSprop: alpha must be a number of at least 0 and at most 1, got 2',
      (p) => new optim.RMSprop(p, { alpha: 2 }),
    ],
    [
      'RMSprop: eps must be a number of at least 0 and finite, got -1',
      (p) => new optim.RMSprop(p, { eps: -1 }),
    ],
    [
      'Adam: lr must be a number of at least 0 and finite, got Infinity',
      (p) => new optim.Adam(p, { lr: infinity }),
    ],
    [
      'Adam: betas[0] must be a number of at least 0 and below 1, got 5',
      (p) => new optim.Adam(p, { betas: [5, 0.9] }),
    ],
    [
      'Adam: betas[1] must be a number of at least 0 and below 1, got 1',
      (p) => new optim.Adam(p, { betas: [0, 1] }),
    ],
    ['Adam: eps must be a number of at least 0 and finite, got NaN', (p) => new optim.Adam(p, { eps: nan })],
    ['EMA: decay must be a number of at least 0 and at most 1, got 5', (p) => new optim.EMA(p, { decay: 5 })],
  ]
  for (const [message, make] of cases)
    gpuTest(message, () => {
      const p = tensor([1])
      expect(() => make([p])).toThrow(new G.ShapeError(message))
      p.dispose()
    })

  gpuTest('a rate given by hand or by a schedule, and the limit of clip, too', () => {
    const p = tensor([1])
    const sgd = new optim.SGD([p], { lr: (steps) => (steps === 0 ? 1 : nan) })
    const step = () => scope(() => sgd.step([G.ones([1])]))
    step()
    expect(step).toThrow(/^SGD: lr must be a number of at least 0 and finite, got NaN$/)
    sgd.lr = -1
    expect(step).toThrow(/^SGD: lr must be a number of at least 0 and finite, got -1$/)
    expect(() => sgd.clip(nan)).toThrow(
      /^SGD: clip's limit must be a number of at least 0 and finite, got NaN$/,
    )
    free(sgd, p)
  })
})
