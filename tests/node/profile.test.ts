// Results, tables, traces and phases of a profile, from made-up measurements.
import { expect, test } from 'vitest'
import { toCsv } from '../../bench/profile/csv.ts'
import { deriveProfile } from '../../bench/profile/derive.ts'
import { reportOf } from '../../bench/profile/report.ts'
import { faultsOf, type Profile, VERSION } from '../../bench/profile/result.ts'
import { summaryOf } from '../../bench/profile/table.ts'
import { traceOf } from '../../bench/profile/trace.ts'
import type { PoolBuffer } from '../../src/engine/gpu/pool.ts'
import { kernelLines, kernelRows } from '../../src/engine/profiling/launches.ts'
import { type Holder, Ledger } from '../../src/engine/profiling/ledger.ts'
import { operationsIn } from '../../src/engine/profiling/work.ts'
import { result, roofs } from './benchResult.ts'
import { measured } from './profileMeasured.ts'
import { kernelsOf, readTrace } from './traceFile.ts'

const profile: Profile = {
  schema: 'ganvas-profile',
  version: VERSION,
  environment: result.environment,
  roofs,
  run: { model: 'dcgan', options: { width: '2' }, data: 'mnist', batch: 1, seed: 0, steps: 2 },
  ...deriveProfile(measured, roofs, 1),
}

test('a profile is what its schema says', () => {
  expect(faultsOf(profile)).toEqual([])
  expect(faultsOf({ ...profile, version: 99, extra: 1 })).toEqual([
    'profile.extra: not part of the schema',
    'profile.version: expected 2, got 99',
  ])
})

test('kernels: calls and shares by the median, rates of one call, the roof that bounds it', () => {
  const [conv, ...rest] = profile.kernels
  // 2 ms and 4 ms; of two samples the later is the median
  expect(conv).toMatchObject({ op: 'conv2d', calls: 1, total: 4, ms: { p10: 2, median: 4, p90: 4 } })
  expect(conv).toMatchObject({ gflops: 1, gbs: 0.025, intensity: 40, bound: 'compute', percent: 1 })
  expect(rest.map(({ op, total }) => [op, total])).toEqual([
    ['matmul', 2],
    ['Adam', 2],
  ])
  // 1 MB moves at 5 GB/s at best: 0.2 of 2 ms
  expect(rest[0]).toMatchObject({ bound: 'memory', share: 0.25 })
  expect(rest[0].percent).toBeCloseTo(10)
  expect(profile.phases).toEqual([
    { name: 'discriminator step', total: 6, share: 0.75, dispatches: 2 },
    { name: 'optimiser', total: 2, share: 0.25, dispatches: 1 },
  ])
})

test('steps: where their time went, and what measuring cost', () => {
  const { step, cost } = profile
  expect(step).toMatchObject({ dispatches: 3, submits: 3 })
  expect(step.wall).toMatchObject({ p10: 11, median: 21 })
  expect(step.record.median).toBe(3)
  expect(step.encode.median).toBeCloseTo(1)
  expect(step.submit.median).toBeCloseTo(0.75)
  expect([step.gpuBusy.p10, step.gaps.p10, step.readback.p10]).toEqual([4, 1, 1])
  expect(cost.ratio).toBe(21 / 8)
})

test('as a table and for spreadsheets', () => {
  const lines = summaryOf(profile)
  expect(lines.every((line) => line.length <= 120)).toBe(true)
  expect(lines.join('\n')).toMatch(/^matmul \(conv2d_weight\) +1.00 +2.00 +25.0% .* 10% 2x3, 2x5 → 3x5$/m)
  const [head, first] = toCsv(profile).split('\n')
  expect(head).toMatch(/^op,kernel,shape,calls\/step,ms\/step,share,ms\/call,/)
  expect(first).toMatch(/^conv2d,conv2d,"1x4x4x1, 2x2x1x1 → 1x3x3x1",1,4,0.5,4,2,4,4000000,100000,1,/)
})

test('a kernel that nothing counts is marked, not taken for one without FLOPs', () => {
  const [conv, ...others] = measured.launches
  const launches = [{ ...conv, op: 'fast', kernel: 'mine', flops: 0, counted: false }, ...others]
  const unknown: Profile = { ...profile, ...deriveProfile({ ...measured, launches }, roofs, 1) }
  expect(faultsOf(unknown)).toEqual([])
  const lines = summaryOf(unknown)
  expect(lines.join('\n')).toMatch(/^fast \(mine\) .* \? 0\.0250 /m)
  const warned = /FLOPs of mine: they stand as 0/
  expect(lines.filter((line) => warned.test(line))).toHaveLength(1)
  expect(lines.every((line) => line.length <= 120)).toBe(true)
  expect(summaryOf(profile).join('\n')).not.toMatch(warned)
  expect(toCsv(unknown).split('\n')[1]).toMatch(/^fast,mine,"[^"]*",1,4,0\.5,4,2,4,,100000,,/)
  const report = reportOf(unknown, { ...measured, launches })
  expect(report).toMatch(warned)
  expect(report).toContain('<i class="other"></i>other')
  expect(reportOf(profile, measured)).not.toContain('<i class="other">')
  const [phase] = readTrace(JSON.stringify(traceOf({ ...measured, launches }))).get('GPU/kernels') ?? []
  expect(phase.inside[0].args).toMatchObject({ kernel: 'mine', flops: '?' })
})

test('the trace: steps on the CPU, phases and kernels on the GPU, one within the other', () => {
  const tracks = readTrace(JSON.stringify(traceOf(measured)))
  expect([...tracks.keys()]).toEqual(['CPU/JavaScript', 'GPU/kernels'])
  const [first, second] = tracks.get('CPU/JavaScript') ?? []
  expect([first.name, second.name, second.begin]).toEqual(['step 1', 'step 2', 100_000])
  const [record, ...after] = first.inside
  expect(after.map(({ name }) => name)).toEqual(['wait for the GPU', 'readback'])
  expect(record.inside.slice(0, 4).map(({ name }) => name)).toEqual(['encode', 'submit', 'encode', 'submit'])

  const phases = tracks.get('GPU/kernels') ?? []
  expect(phases.map(({ name }) => name)).toEqual([
    'discriminator step',
    'optimiser',
    'discriminator step',
    'optimiser',
  ])
  const [conv, matmul] = phases[0].inside
  expect([conv.name, matmul.name]).toEqual(['conv2d', 'matmul'])
  expect(matmul.args).toEqual({ kernel: 'conv2d_weight', shape: '2x3, 2x5 → 3x5', flops: 1e6, bytes: 1e6 })
  // No kernel before its submit, and the first as early as that allows.
  expect(conv.begin).toBeCloseTo(1500)
  expect(phases[1].begin).toBeGreaterThanOrEqual(2500)
})

test('the trace: a kernel that begins before the last has ended is drawn after it', () => {
  const [step] = structuredClone(measured.steps)
  step.submits[0].runs[1] = [1, 0, 1e6, 4e6]
  const [phase] = readTrace(JSON.stringify(traceOf({ ...measured, steps: [step] }))).get('GPU/kernels') ?? []
  expect(phase.inside.map(({ begin, end }) => end - begin)).toEqual([2000, 2000])
})

test('the trace: what took no time on the CPU is left out, kernels are all there', () => {
  const [step] = structuredClone(measured.steps)
  step.done = step.end
  const [run] = step.submits[0].runs
  run[3] = run[2]
  const tracks = readTrace(JSON.stringify(traceOf({ ...measured, steps: [step] })))
  expect(tracks.get('CPU/JavaScript')?.map(({ name }) => name)).toEqual(['step 1'])
  expect(kernelsOf(tracks)).toHaveLength(step.submits.flatMap(({ runs }) => runs).length)
})

test('the ledger: who held what at the worst moment', () => {
  const ledger = new Ledger()
  const buffer = (bytes: number) => ({ bytes }) as PoolBuffer
  const [a, b, c] = [buffer(100), buffer(50), buffer(70)]
  ledger.take(a, 'matmul: a tensor of shape [25]')
  ledger.take(b, 'Adam: the state of all parameters')
  ledger.giveBack(a)
  ledger.take(c, 'matmul: another')
  ledger.giveBack(b)
  const worst = { bytes: 150, holders: [holder('matmul', 100), holder('Adam', 50)] }
  expect(ledger.holders()).toEqual(worst)
  ledger.giveBack(buffer(1)) // taken before it was there
  expect(ledger.holders()).toEqual(worst)
  ledger.take(a, 'sum: x')
  expect(ledger.holders()).toEqual({ bytes: 170, holders: [holder('sum', 100), holder('matmul', 70)] })
})

const holder = (op: string, bytes: number): Holder => ({ op, bytes, buffers: 1 })

test('operations of an expression', () => {
  expect(operationsIn('a')).toBe(0)
  expect(operationsIn('a * b + c')).toBe(2)
  expect(operationsIn('select(a * params.p, a, a > T(0.0))')).toBe(2)
  expect(operationsIn('tanh_(a)')).toBe(1)
  expect(operationsIn('select(T(0.0), T(1.0), a == b)')).toBe(1)
})

test('DEBUG=2: a line for each kernel and shape, the slowest first', () => {
  const about = {
    op: 'square',
    defines: { EXPR: 'a * a' },
    params: {},
    buffers: {
      a: { shape: [500, 1000], writes: false },
      y: { shape: [500, 1000], writes: true },
    },
  }
  const pass = (kernel: string, ms: number) => ({
    dispatches: [
      { kernel, about, params: undefined, grid: [1, 1] as const, pipeline: {}, bindGroup: {} } as never,
    ],
    begin: 5e6,
    end: 5e6 + ms * 1e6,
  })
  const lines = kernelLines(kernelRows([pass('pointwise', 1), pass('mine', 6), pass('pointwise', 1)]))
  expect(lines.slice(1)).toEqual([
    '    1    6.000  75.0%        ?    0.67  square (mine) 500x1000 → 500x1000',
    '    2    2.000  25.0%     0.50    4.00  square (pointwise) 500x1000 → 500x1000',
    expect.stringMatching(/^ {4}3 {4}8\.000 +in all$/),
    expect.stringMatching(/^\? .* counts the FLOPs of mine: they stand as 0$/),
  ])
})
