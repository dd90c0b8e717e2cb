// What is made of measurements: quantiles, roofs, the schema, the table, the CSV file, the comparison with a baseline.
import { expect, test } from 'vitest'
import { brokenRows, compareWith } from '../../bench/baseline.ts'
import { gpuTime, spanOf } from '../../bench/clock.ts'
import { toCsv } from '../../bench/csv.ts'
import { joinRoofs, withFigures, withRates } from '../../bench/derive.ts'
import { faultsOf, type KernelResult, type Result } from '../../bench/result.ts'
import { bandwidthFor, differ, figures, quantiles, quantumOf } from '../../bench/stats.ts'
import { short, tableOf, WIDTH } from '../../bench/table.ts'
import { kernel, result, roofs, step } from './benchResult.ts'

test('quantiles are samples', () => {
  expect(quantiles([5, 1, 4, 2, 3])).toEqual({ p10: 1, median: 3, p90: 5 })
  expect(quantiles([7])).toEqual({ p10: 7, median: 7, p90: 7 })
})

test('runs that differ by over 15% of the smaller are noise', () => {
  expect([differ(100, 115), differ(116, 100), differ(100, 116)]).toEqual([false, true, true])
})

test('the quantum is what all steps of a clock are multiples of', () => {
  expect(quantumOf([0, 300, 300, 1200])).toBe(300)
  expect(quantumOf([10, 17, 20])).toBe(1)
  expect(quantumOf([131072, 0, 65536])).toBe(65536)
})

test('fine stamps count passes alone, coarse ones the span', () => {
  const passes = [
    { dispatches: [], begin: 1e6, end: 3e6 },
    { dispatches: [], begin: 8e6, end: 9e6 },
  ]
  expect(gpuTime(passes, 1)).toBe(3)
  expect(gpuTime(passes, 65536)).toBe(8)
  expect(spanOf(passes)).toBe(8)
})

test('the roof over memory is that of the size at hand', () => {
  expect(bandwidthFor(roofs, 2000)).toBe(20)
  expect(bandwidthFor(roofs, 2001)).toBe(5)
  expect(bandwidthFor(roofs, 1e12)).toBe(5) // larger than what was measured
})

test('figures: rates, intensity, and the share of the lower roof', () => {
  // 1e8 FLOPs in 2 ms are 50 GFLOP/s, half of the 100 that multiply-adds reach
  const busy = figures({ flops: 1e8, bytes: 1e6 }, 2, roofs)
  expect(busy).toEqual({ gflops: 50, gbs: 0.5, intensity: 100, percent: 50, bound: 'compute' })
  // 1e7 bytes take 2 ms at 5 GB/s
  const moving = figures({ flops: 1e6, bytes: 1e7 }, 8, roofs)
  expect(moving).toEqual({ gflops: 0.125, gbs: 1.25, intensity: 0.1, percent: 25, bound: 'memory' })
  expect(figures({ flops: 0, bytes: 1e7 }, 2, roofs).percent).toBe(100)
})

test('rows without a time get no figures', () => {
  const wrong: KernelResult = { ...kernel, status: 'wrong', warm: undefined, percent: undefined }
  expect(withFigures(wrong, roofs)).toEqual(wrong)
  expect(withFigures({ ...kernel, flops: 1e8, bytes: 1e3 }, roofs).percent).toBeCloseTo(50)
  expect(withRates({ ...step, ms: { p10: 10, median: 10, p90: 10 } }, roofs).percent).toBeCloseTo(100)
  expect(withRates({ ...step, ms: undefined, percent: undefined }, roofs).percent).toBeUndefined()
})

test('roofs are the higher of two runs, and noisy when these differ', () => {
  const { dispatchGpu, dispatchCpu, emptySubmit, readback } = roofs
  const run = (best: number, accumulators: number) => ({
    multiplyAdd: { best, accumulators, workgroup: 64, fused: false },
    bandwidth: [{ bytes: 1000, copy: best, read: 10, write: 10 }],
    dispatchGpu,
    dispatchCpu,
    emptySubmit,
    readback,
  })
  const joined = joinRoofs(run(100, 4), run(120, 8))
  expect(joined.multiplyAdd).toEqual({
    best: 120,
    runs: [100, 120],
    noisy: true,
    accumulators: 8,
    workgroup: 64,
    fused: false,
  })
  expect(joined.bandwidth[0].read).toEqual({ best: 10, runs: [10, 10], noisy: false })
})

test('the schema accepts a result, also after a round trip through JSON', () => {
  expect(faultsOf(JSON.parse(JSON.stringify(result)))).toEqual([])
})

test.each([
  ['a version of the future', { version: 2 }, 'result.version: expected 1, got 2'],
  ['a field that is none of its', { extra: 1 }, 'result.extra: not part of the schema'],
  [
    'a time that is no number',
    { kernels: [{ ...kernel, cold: 'long' }] },
    'result.kernels[0].cold: expected a number of at least 0, got "long"',
  ],
  [
    'a status that is none',
    { steps: [{ ...step, status: 'fine' }] },
    'result.steps[0].status: expected "ok" or "failed", got "fine"',
  ],
  ['a missing part', { roofs: undefined }, 'result.roofs: expected an object, got nothing'],
  [
    'a missing quantile',
    { kernels: [{ ...kernel, warm: { median: 1 } }] },
    'result.kernels[0].warm.p10: expected a number of at least 0, got nothing',
  ],
  [
    'limits that are no numbers',
    { environment: { ...result.environment, limits: { a: null } } },
    'result.environment.limits.a: expected a number of at least 0, got null',
  ],
])('the schema refuses %s', (_, change, fault) => {
  expect(faultsOf({ ...result, ...change })[0]).toBe(fault)
})

/** The result with its kernel at this percentage of the roof. */
const at = (percent: number, more: Partial<KernelResult> = {}): Result => ({
  ...result,
  kernels: [{ ...kernel, percent, ...more }],
})

test('the baseline catches a row that fell by more than the margin, and no other', () => {
  expect(compareWith(at(40), at(31), 20)).toEqual({
    compared: 2,
    fallen: ['slower: matmul 2x3 3x5 (rows) is at 31.0% of its roof, was at 40.0%'],
  })
  expect(compareWith(at(40), at(33), 20).fallen).toEqual([])
  expect(compareWith(at(40), at(90), 20).fallen).toEqual([])
})

test('the baseline judges steps, too', () => {
  const slow = { ...result, steps: [{ ...step, percent: 1 }] }
  expect(compareWith(result, slow, 20).fallen).toEqual([
    'slower: DCGAN 28x28x1 width 16 batch 32 is at 1.00% of its roof, was at 3.30%',
  ])
})

test('noise counts in favour of a row, but does not hide everything', () => {
  // times from 0.9 to 1.1 of the median
  expect(compareWith(at(40), at(30, { noisy: true }), 20).fallen).toEqual([])
  expect(compareWith(at(40, { noisy: true }), at(30), 20).fallen).toEqual([])
  expect(compareWith(at(40, { noisy: true }), at(10, { noisy: true }), 20).fallen).toHaveLength(1)
})

test('the baseline judges rows that both have', () => {
  expect(compareWith(at(40), at(10, { variant: 'other' }), 20)).toEqual({ compared: 1, fallen: [] })
})

test('rows without a time are named', () => {
  const wrong: KernelResult = { ...kernel, status: 'wrong', error: 'differs', warm: undefined }
  expect(brokenRows({ ...result, kernels: [kernel, wrong] })).toEqual([
    'wrong: matmul 2x3 3x5 (rows): differs',
  ])
})

test('a baseline of another adapter is refused', () => {
  const { environment } = result
  const other = { ...result, environment: { ...environment, adapter: { ...environment.adapter, name: 'x' } } }
  expect(() => compareWith(other, result, 20)).toThrow(
    'the baseline was measured on another adapter: x, not maker',
  )
})

const long: KernelResult = {
  ...kernel,
  op: 'an op whose name is much too long',
  shape: 'a shape that is even longer than that',
  status: 'wrong',
  error:
    'differs from its CPU twin by a lot, and this goes on and on until it is wider than any terminal\nand on',
  warm: undefined,
}
const peers = [
  {
    engine: 'Other 1.2',
    cold: 6,
    oursCold: 2,
    dispatches: 12345,
    warm: kernel.warm,
    ours: kernel.warm,
    ratio: { p10: 1, median: 2, p90: 3 },
  },
  { engine: 'Third 0.1', error: 'no such function' },
]

test('the table fits 120 columns, whatever is in it', () => {
  const lines = tableOf({ ...result, kernels: [{ ...kernel, peers }, long], steps: [{ ...step, peers }] })
  for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(WIDTH)
  const text = lines.join('\n')
  for (const part of ['WRONG: differs', 'failed: no such function', 'GPU timestamps'])
    expect(text).toContain(part)
  expect(text).toMatch(/2\.00 +3\.00 +12345 \(1\.00-3\.00\)/)
})

test.each([
  [0.01234, '0.0123'],
  [1.234, '1.23'],
  [123.4, '123'],
  [12345, '12345'],
  [0, '0'],
  [undefined, '-'],
])('%s is shown as %s', (x, text) => expect(short(x)).toBe(text))

test('the CSV file has a line a row and quotes what needs it', () => {
  const lines = toCsv({
    ...result,
    kernels: [
      { ...kernel, peers },
      { ...long, error: 'a "b", c' },
    ],
  }).split('\n')
  const columns = lines[0].split(',')
  expect(columns.slice(0, 4)).toEqual(['kind', 'name', 'shape', 'variant'])
  expect(lines).toHaveLength(5) // and the end of the last
  expect(lines[1].split(',')[columns.indexOf('Other 1.2 time ratio')]).toBe('2')
  expect(lines[2]).toContain('"a ""b"", c"')
})
