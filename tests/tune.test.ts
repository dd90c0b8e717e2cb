/** The registry of variants, and the timed search that fills it. */
import { afterEach, expect, test } from 'vitest'
import * as G from '../src/engine/index.ts'
import {
  capture,
  forceVariant,
  gpu,
  isTunedTable,
  memory,
  profile,
  setTuned,
  tune,
  tuned,
} from '../src/engine/index.ts'
import { chooseVariant } from '../src/engine/ops/products/tuned.ts'
import { type Rival, winner } from '../src/engine/tuning/search.ts'
import { expectClose, gpuTest, valuesOf } from './harness.ts'

afterEach(() => {
  forceVariant()
  setTuned({ ...tuned(), found: {} })
})

const problem = 'test 1x2x3'
const choose = (): string =>
  chooseVariant({
    problem,
    variants: ['a', 'b'],
    usual: () => 'a',
    again: () => ({ operands: {}, launch: () => {} }),
  })
const install = (variant: string): number =>
  setTuned({ ...tuned(), found: { [problem]: { variant, usual: 'a', ratio: 0.5 } } })

gpuTest('what was found is used until it is cleared; a forced variant comes first', () => {
  expect(choose()).toBe('a')
  expect(install('b')).toBe(1)
  expect(choose()).toBe('b')
  expect(tuned().found).toEqual({ [problem]: { variant: 'b', usual: 'a', ratio: 0.5 } })
  forceVariant('a')
  expect(choose()).toBe('a')
  forceVariant('no-such')
  expect(choose()).toBe('b')
  forceVariant('usual')
  expect(choose()).toBe('a')
  forceVariant()
  setTuned({ ...tuned(), found: {} })
  expect(choose()).toBe('a')
  expect(tuned().found).toEqual({})
})

gpuTest('what cannot be run here, or was found elsewhere, is ignored', () => {
  install('c')
  expect(choose()).toBe('a')
  install('b')
  const found = { [problem]: { variant: 'a', usual: 'a', ratio: 1 } }
  expect(setTuned({ ...tuned(), adapter: 'another', found })).toBe(0)
  expect(setTuned({ ...tuned(), kernels: 'others', found })).toBe(0)
  expect(choose()).toBe('b')
})

test('only what has the form of a table is one', () => {
  const table = { adapter: 'a', kernels: 'k', found: { p: { variant: 'x', usual: 'y', ratio: 0.5 } } }
  expect(isTunedTable(table)).toBe(true)
  for (const wrong of [
    undefined,
    'table',
    [],
    { ...table, kernels: 1 },
    { ...table, found: { p: 'x' } },
    { ...table, found: { p: { variant: 'x', usual: 'y' } } },
  ])
    expect(isTunedTable(wrong), JSON.stringify(wrong)).toBe(false)
})

const rival = (name: string, ...times: number[]): Rival => ({ name, times })
test('only what is faster by more than the noise wins', () => {
  const usual = rival('u', 10, 10, 10, 10, 10)
  expect(winner([usual, rival('x', 5, 5, 5, 5, 20), rival('y', 8, 8, 8, 8, 8)])).toEqual({
    variant: 'x',
    usual: 'u',
    ratio: 0.5,
  })
  const same = { variant: 'u', usual: 'u', ratio: 1 }
  expect(winner([usual])).toEqual(same)
  expect(winner([usual, rival('x', 9.6, 9.6, 9.6, 9.6, 9.6)])).toEqual(same)
  expect(winner([usual, rival('x', 5, 5, 5, 20, 20)])).toEqual(same)
  expect(winner([usual, rival('x', 5)])).toEqual(same) // no longer timed after the first round
})

/** A product, a conv and their gradients. */
function work(): G.Tensor {
  const x = G.full([16, 16], 0.5, { requiresGrad: true })
  const image = G.reshape(x, [1, 8, 8, 4])
  const y = G.conv2d(image, G.full([3, 3, 4, 8], 0.25), { padding: 1 })
  const z = G.add(G.sum(G.matmul(x, x)), G.sum(G.square(y)))
  return G.grad(z, [x])[0]
}

gpuTest('a search finds something for every problem, and results stay what they are', async () => {
  const expected = await valuesOf(work)
  const progress: [number, number][] = []
  const body = () => void work()
  const result = await tune(body, { onProgress: ({ done, total }) => void progress.push([done, total]) })
  const { found } = tuned()
  expect(result).toEqual({ found, known: 0, left: 0 })
  const kernels = Object.keys(found).map((name) => name.split(' ')[0])
  expect(new Set(kernels)).toEqual(new Set(['matmul', 'conv2d', 'conv2d_transpose', 'conv2d_weight']))
  expect(progress.at(-1)).toEqual([kernels.length, kernels.length])
  expect(isTunedTable(JSON.parse(JSON.stringify(tuned())))).toBe(true)
  expectClose(await valuesOf(work), expected, 1e-6)

  const before = memory().liveBytes
  expect(await tune(body)).toEqual({ found: {}, known: kernels.length, left: 0 })
  expect(await tune(body, { force: true, seconds: 0 })).toMatchObject({ found: {}, left: kernels.length })
  expect(tuned().found).toEqual(found)
  expect(memory().liveBytes).toBe(before)
})

gpuTest(
  'a step that was recorded keeps its variants; another is recorded with what is known then',
  async () => {
    const step = () => G.matmul(G.full([16, 16], 0.5), G.full([16, 16], 2))
    const pipelines = async (run: () => unknown): Promise<GPUComputePipeline[]> => {
      const { passes } = await profile(gpu(), () => void run())
      return passes.flatMap(({ dispatches }) => dispatches.map(({ pipeline }) => pipeline))
    }
    const use = (variant: string): void => {
      const found = { 'matmul 1x16x16x1x16': { variant, usual: 'rows4', ratio: 0.5 } }
      setTuned({ ...tuned(), found })
    }
    use('rows4')
    const old = capture(step)
    old()
    const before = await pipelines(old)
    use('rows8')
    expect(await pipelines(old)).toEqual(before)
    const other = capture(step)
    other()
    const after = await pipelines(other)
    expect(after).toHaveLength(before.length)
    expect(after.filter((pipeline, i) => pipeline !== before[i])).toHaveLength(1)
    old.dispose()
    other.dispose()
  },
)

gpuTest(
  'a search of an async function, or of one that fails, says so and leaves nothing behind',
  async () => {
    await expect(tune(async () => {})).rejects.toThrow('tune: the function must not be async')
    await expect(
      tune(() => {
        G.ones([4])
        throw new Error('no such step')
      }),
    ).rejects.toThrow('no such step')
    expect(choose()).toBe('a')
  },
)
