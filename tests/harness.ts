/** What every GPU test needs: a device with NaN in its free memory, a wrapper that fails on GPU errors and leaked buffers, and seeded numbers. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { gpu, init, memory, scope, type Tensor } from '../src/engine/index.ts'
import { poison } from './poison.ts'
import { relativeError } from './ref/index.ts'

poison(await init())

/** A test that also fails on any GPU error, and when it leaves more or fewer buffers in use than it found. */
export const gpuTest = (name: string, body: () => unknown): void => test(name, () => guarded(body))

async function guarded(body: () => unknown): Promise<void> {
  const g = await init()
  poison(g)
  const before = memory().liveBuffers
  g.device.pushErrorScope('validation')
  let error: GPUError | null = null
  try {
    await body()
    await g.settle()
  } finally {
    error = await g.device.popErrorScope()
  }
  if (error) throw error
  expect(memory().liveBuffers - before, 'buffers still in use after the test').toBe(0)
}

/** Rejections that nobody handles while `body` runs and shortly after. In a page as under Node. */
export async function unhandledIn(body: () => Promise<void>): Promise<unknown[]> {
  const found: unknown[] = []
  const isPage = typeof window !== 'undefined'
  const inPage = ({ reason }: PromiseRejectionEvent): void => void found.push(reason)
  const underNode = (reason: unknown): void => void found.push(reason)
  if (isPage) addEventListener('unhandledrejection', inPage)
  else process.on('unhandledRejection', underNode)
  try {
    await body()
    await new Promise((resolve) => setTimeout(resolve, 50))
  } finally {
    if (isPage) removeEventListener('unhandledrejection', inPage)
    else process.off('unhandledRejection', underNode)
  }
  return found
}

/** A tensor's values, brought to the CPU. */
export interface Values {
  shape: readonly number[]
  data: Float32Array
}

/** Runs `fn` in a scope, reads the tensors it returns, and frees them. */
export async function evaluate(fn: () => readonly Tensor[]): Promise<Values[]> {
  const tensors = scope(fn)
  const values = await Promise.all(tensors.map(async (t) => ({ shape: t.shape, data: await t.data() })))
  for (const t of tensors) t.dispose()
  return values
}

/** The values of the one tensor that `fn` returns. */
export const valuesOf = async (fn: () => Tensor): Promise<Float32Array> =>
  (await evaluate(() => [fn()]))[0].data

/** Relative error, as a norm, at most `tolerance`. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what = '',
): void {
  expect(relativeError(actual, expected), `relative error ${what}`).toBeLessThanOrEqual(tolerance)
}

/** Numbers in [0, 1), the same for the same name (mulberry32). */
export function randomOf(name: string): () => number {
  let state = [...name].reduce((h, c) => Math.imul(h ^ c.charCodeAt(0), 16777619), 2166136261)
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

/** A standard normal number (Box and Muller). */
export const normalFrom = (random: () => number): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random())

/**
 * Registers `tests` once per way in which kernels are chosen: quad swaps, as on SwiftShader, and a GPU's way, with other
 * tiles, larger workgroups and more splitting of sums. Other CPU-run adapters differ by their tall tiles: `tall` tests.
 */
export function onEachPath(tests: () => void, tall: () => void): void {
  const { hasQuads, isSoftware } = gpu()
  const on = (name: string, path: object, register: () => void) =>
    describe(name, () => {
      beforeAll(() => void Object.assign(gpu(), path))
      afterAll(() => void Object.assign(gpu(), { hasQuads, isSoftware }))
      register()
    })
  on('with quads', { hasQuads }, tests)
  on('as on a GPU', { hasQuads: false, isSoftware: false }, tests)
  on('without quads', { hasQuads: false }, tall)
}
