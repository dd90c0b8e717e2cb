import { expect } from 'vitest'
import { assign, gpu, memory, scope, square, tensor, zeros } from '../../src/engine/index.ts'
import { profile } from '../../src/engine/profiling/profile.ts'
import { gpuTest } from '../harness.ts'

/** Dispatches `count` kernels. */
const launch = (count: number): void =>
  scope(() => {
    const x = zeros([1000]) // one of them
    for (let i = 1; i < count; i++) square(x)
  })

gpuTest('a profile counts submits and dispatches, and times each pass', async () => {
  const { passes, submits } = await profile(gpu(), () => launch(100))
  expect(submits).toHaveLength(3) // 48 + 48 + 4
  expect(passes.map(({ dispatches }) => dispatches.length)).toEqual([48, 48, 4])
  expect(passes[0].dispatches[0].kernel).toBe('pointwise')
  for (const { begin, encoded, end } of submits) {
    expect(encoded).toBeGreaterThanOrEqual(begin)
    expect(end).toBeGreaterThanOrEqual(encoded)
  }
  expect(gpu().device.features.has('timestamp-query'), 'no timestamps here: nothing more to test').toBe(true)
  let last = 0
  for (const { begin = Number.NaN, end = Number.NaN } of passes) {
    expect(begin).toBeGreaterThanOrEqual(last)
    expect(end).toBeGreaterThan(begin)
    last = end
  }
})

gpuTest('a profile of each dispatch has a pass for each, also beyond one buffer of stamps', async () => {
  const body = () => {
    for (let i = 0; i < 260; i++) {
      launch(2)
      gpu().flush()
    }
  }
  const { passes, submits } = await profile(gpu(), body, { each: true })
  expect(submits).toHaveLength(260)
  expect(passes).toHaveLength(520)
  for (const { dispatches, begin = Number.NaN, end = Number.NaN } of passes) {
    expect(dispatches).toHaveLength(1)
    expect(end).toBeGreaterThan(begin)
  }
})

gpuTest('work before and after a profile is not in it, and results are the same', async () => {
  launch(5)
  const x = tensor([1, 2, 3])
  const y = zeros([3])
  const { passes } = await profile(gpu(), () => {
    const squares = square(x)
    assign(y, squares)
    squares.dispose()
  })
  launch(5)
  expect(passes.flatMap(({ dispatches }) => dispatches)).toHaveLength(2)
  expect([...(await y.data())]).toEqual([1, 4, 9])
  expect(gpu().watch).toBeUndefined()
  x.dispose()
  y.dispose()
})

gpuTest('a profile of nothing is empty', async () => {
  const { passes, submits } = await profile(gpu(), () => {})
  expect([passes, submits]).toEqual([[], []])
})

gpuTest('what fails is watched no longer', async () => {
  const failing = profile(gpu(), () => {
    throw new Error('no luck')
  })
  await expect(failing).rejects.toThrow('no luck')
  expect(gpu().watch).toBeUndefined()
})

gpuTest('the most memory in use at once is known', () => {
  const before = memory()
  scope(() => [zeros([100_000]), zeros([100_000])].length)
  const { liveBytes, peakBytes } = memory()
  expect(liveBytes).toBe(before.liveBytes)
  expect(peakBytes).toBeGreaterThanOrEqual(before.liveBytes + 800_000)
})
