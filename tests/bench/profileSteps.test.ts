// The profiler on real steps: what every launch of a DCGAN step computes, counted by hand, its phases, and who holds memory.
import { expect } from 'vitest'
import { dcganStepFlops } from '../../bench/dcganFlops.ts'
import { runsOf } from '../../bench/profile/derive.ts'
import type { Measured } from '../../bench/profile/measured.ts'
import { phasesOf } from '../../bench/profile/phases.ts'
import { profileSteps } from '../../bench/profile/steps.ts'
import { watchLaunches } from '../../src/engine/gpu/watching.ts'
import {
  adain,
  avgPool2d,
  conv2d,
  gather,
  gpu,
  grad,
  leakyRelu,
  matmul,
  mean,
  optim,
  pad,
  permute,
  pixelNorm,
  profile,
  scope,
  square,
  sum,
  type Tensor,
  tensor,
  upsample2d,
  zeros,
} from '../../src/engine/index.ts'
import { Ledger } from '../../src/engine/profiling/ledger.ts'
import { shapesOf, workOf } from '../../src/engine/profiling/work.ts'
import { type DataSet, pointSet } from '../../src/models/data/dataSet.ts'
import { imageSet } from '../../src/models/data/open.ts'
import { fieldsFor, sourceOf } from '../../src/models/index.ts'
import { type Config, Trainer } from '../../src/models/training/trainer.ts'
import { gpuTest } from '../harness.ts'
import { withoutPoison } from '../poison.ts'

/** FLOPs of a step by op. */
function flopsByOp({ steps: [step], launches }: Measured): Record<string, number> {
  const totals: Record<string, number> = {}
  for (const [launch] of runsOf(step)) {
    const { op, flops } = launches[launch]
    totals[op] = (totals[op] ?? 0) + flops
  }
  return totals
}

const images = imageSet({
  name: 'noise',
  size: 8,
  channels: 1,
  count: 4,
  bytes: new Uint8Array(4 * 64).fill(99),
})
const config = {
  model: 'dcgan',
  options: { width: 2 },
  fields: fieldsFor('dcgan', images),
  batch: 1,
  seed: 0,
}

gpuTest('a step of DCGAN: FLOPs of every product, phases, times and memory', async () => {
  const measured = await profileSteps(gpu(), images, config, 2)
  // k4 s2 p1 between 8x8x1 and 4x4x2. Along 8 pixels, 4 outputs have 3 + 4 + 4 + 3 = 14 taps inside.
  const conv = 2 * 14 * 14 * 2
  const [biasD, biasG] = [4 * 4 * 2, 8 * 8]
  const out = 2 * 32 // 4 x 4 x 2 features to a logit
  const project = 2 * 100 * 32
  const flops = flopsByOp(measured)
  expect(flops).toMatchObject({
    conv2d: 3 * (conv + biasD) + conv, // D on real, generated, and again; the gradient of G's layer
    convTranspose2d: conv + biasG + conv, // G; the gradient of D's layer, down to the images
    conv2dWeightGrad: 3 * conv, // D on real and generated; G
    matmul: 2 * project + (3 + 2 + 3) * out, // G and its weights; D, its weights, its features
    Adam: 13 * (parametersOf(measured, 0) + parametersOf(measured, 1)),
  })
  const { conv2d, convTranspose2d, conv2dWeightGrad, matmul } = flops
  const products = conv2d + convTranspose2d + conv2dWeightGrad + matmul - 3 * biasD - biasG
  expect(products).toBe(dcganStepFlops({ size: 8, channels: 1, width: 2, batch: 1 }))

  const { steps, phases, plain, memory } = measured
  expect([steps.length, plain.length]).toEqual([2, 2])
  expect(phases).toEqual(['discriminator step', 'optimiser', 'generator step', 'metrics'])
  const [first, second] = steps
  expect(runsOf(second).map(([launch, phase]) => [launch, phase])).toEqual(
    runsOf(first).map(([launch, phase]) => [launch, phase]),
  )
  for (const { begin, recorded, done, end, submits } of steps) {
    expect(begin <= recorded && recorded <= done && done <= end).toBe(true)
    for (const submit of submits)
      expect(begin <= submit.begin && submit.begin <= submit.encoded && submit.encoded <= submit.end).toBe(
        true,
      )
  }
  expect(memory.holders.reduce((total, { bytes }) => total + bytes, 0)).toBe(memory.bytes)
  // Of each network: parameters, gradients, m and v.
  expect(memory.holders.find(({ op }) => op === 'Adam')?.buffers).toBe(8)
  expect([...gpu().pool.observers].some((observer) => observer instanceof Ledger)).toBe(false)
})

/** What the launches of a step are for, told by when the model calls its optimisers and averages: op and phase of each. */
async function phasesByCalls(data: DataSet, config: Config): Promise<[op: string, phase: string][]> {
  const source = sourceOf(data, config)
  const trainer = new Trainer(config)
  const launches: { op: string; phase?: string }[] = []
  const close = (phase: string): void => {
    for (const launch of launches) launch.phase ??= phase
  }
  let isOptimiser = false
  const during = (object: object, method: string, before: () => void): void => {
    const methods = object as Record<string, (...args: unknown[]) => unknown>
    const own = methods[method].bind(object)
    methods[method] = (...args) => {
      before()
      isOptimiser = true
      const result = own(...args)
      isOptimiser = false
      return result
    }
  }
  const { optimizers, averages = {} } = trainer.model
  for (const [name, optimizer] of Object.entries(optimizers))
    for (const method of ['step', 'clip']) during(optimizer, method, () => close(`${name} step`))
  for (const average of Object.values(averages)) during(average, 'update', () => {})
  let metrics: Promise<Float32Array> | undefined
  watchLaunches(
    (op) => launches.push({ op, ...(isOptimiser && { phase: 'optimiser' }) }),
    () => {
      metrics = trainer.advance(source)
    },
  )
  await metrics
  close('metrics')
  trainer.dispose()
  source.dispose()
  return launches.map(({ op, phase = '' }) => [op, phase])
}

const points = pointSet('ring')
gpuTest('phases: every launch of a replayed step is for the update that it came before', async () => {
  const gan: Config = {
    model: 'gan',
    options: { width: 4, latent: 2, k: 2, emaDecay: 0.9 },
    aids: { clip: 0.1 },
    fields: fieldsFor('gan', points),
    batch: 4,
    seed: 0,
  }
  const expected = await phasesByCalls(points, gan)
  expect(new Set(expected.map(([, phase]) => phase))).toEqual(
    new Set(['discriminator step', 'optimiser', 'generator step', 'metrics']),
  )
  // Gradients are copied and applied three times, D's weights clipped twice, G's averaged once.
  const ofOptimiser = expected.flatMap(([op, phase]) => (phase === 'optimiser' ? [op] : []))
  expect(ofOptimiser.filter((op, i) => op !== ofOptimiser[i - 1])).toEqual([
    ...['Adam', 'clip', 'Adam', 'clip', 'Adam', 'EMA'],
  ])
  const { steps, launches, phases } = await profileSteps(gpu(), points, gan, 1)
  const found = runsOf(steps[0]).map(([launch, phase]) => [launches[launch].op, phases[phase]])
  expect(found).toEqual(expected)
})

gpuTest('phases go by the names of the optimisers, however many there are', async () => {
  const weights = ['encoder', 'decoder', 'critic'].map((name) => {
    const w = tensor([1, 2], [2], { requiresGrad: true })
    return { name, w, optimizer: new optim.SGD([w], { lr: 0.1 }) }
  })
  const { passes } = await profile(
    gpu(),
    () =>
      scope(() => {
        for (const { w, optimizer } of weights) optimizer.step(grad(sum(square(w)), [w]))
      }),
    { each: true },
  )
  const names = new Map(weights.map(({ name, optimizer }) => [optimizer, name]))
  const phases = phasesOf(
    passes.map(({ dispatches: [only] }) => only),
    names,
  )
  expect(phases.filter((phase, i) => phase !== phases[i - 1])).toEqual([
    ...['encoder step', 'optimiser', 'decoder step', 'optimiser', 'critic step', 'optimiser'],
  ])
  for (const { w, optimizer } of weights) {
    optimizer.dispose()
    w.dispose()
  }
})

/** Padded, as the optimiser's buffers are. */
function parametersOf({ launches }: Measured, network: number): number {
  const updates = launches.filter(({ kernel }) => kernel === 'optim') // Adam also copies the gradients
  return Number(updates[network].shape.split(' ')[0])
}

/** What the dispatches of `body` computed. */
async function worksOf(body: () => unknown): Promise<[string, number, number][]> {
  const { passes } = await profile(gpu(), () => scope(() => void body()), { each: true })
  return passes.map(({ dispatches: [only] }) => {
    const { flops, bytes, counted } = workOf(only)
    expect(counted, only.kernel).toBe(true)
    return [`${only.kernel} ${shapesOf(only)}`, flops, bytes]
  })
}

/** Shapes of inputs, an op, and the launches that it makes: kernel and shapes, FLOPs, bytes. */
type Case = [
  name: string,
  shapes: number[][],
  body: (...inputs: Tensor[]) => unknown,
  ...[string, number, number][],
]

const CASES: Case[] = [
  [
    'matmul',
    [
      [2, 8],
      [8, 3],
    ],
    (a, b) => matmul(a, b),
    ['matmul 2x8, 8x3 → 2x3', 96, 4 * (16 + 24 + 6)],
  ],
  [
    'a transposed matmul',
    [
      [8, 2],
      [8, 3],
    ],
    (a, b) => matmul(a, b, { transposeA: true }),
    ['conv2d_weight 8x2, 8x3 → 2x3', 96, 4 * (16 + 24 + 6)],
  ],
  [
    'conv2d with padding on one side of a rectangle',
    [
      [1, 3, 2, 1],
      [2, 2, 1, 1],
    ],
    (x, w) => conv2d(x, w, { padding: [1, 0, 0, 0] }),
    // Few channels, so padded first: what is multiplied with the padding is not useful.
    ['pad 1x3x2x1 → 1x4x2x1', 0, 4 * (6 + 8)],
    // Down, 3 outputs with 1 + 2 + 2 taps inside; across, 1 with 2.
    ['conv2d 1x4x2x1, 2x2x1x1 → 1x3x1x1', 2 * 5 * 2, 4 * (8 + 4 + 3)],
  ],
  ['leakyRelu', [[2, 3]], (x) => leakyRelu(x), ['pointwise 2x3 → 2x3', 12, 48]],
  ['a copy', [[2, 3]], (x) => permute(x, [1, 0]), ['strided 2x3 → 3x2', 0, 48]],
  ['sum', [[3, 5]], (x) => sum(x, { axes: 0 }), ['reduce 3x5 → 1x1x5', 10, 4 * 20]],
  ['mean', [[3, 5]], (x) => mean(x, { axes: 0 }), ['reduce 3x5 → 1x1x5', 15, 4 * 20]],
  [
    'adain',
    [
      [1, 2, 2, 4],
      [1, 4],
      [1, 4],
    ],
    (x, scale, shift) => adain(x, scale, shift),
    ['norm_stats 1x2x2x4 → 2x4', 4 * 16, 4 * (16 + 8)],
    ['norm_apply 1x2x2x4, 2x4, 1x4, 1x4 → 1x2x2x4', 3 * 16, 4 * (16 + 8 + 4 + 4 + 16)],
  ],
  ['pixelNorm', [[2, 4]], (x) => pixelNorm(x), ['pixel_norm 2x4 → 2x4', 24, 64]],
  ['avgPool2d', [[1, 4, 4, 1]], (x) => avgPool2d(x, { kernel: 2 }), ['pool2d 1x4x4x1 → 1x2x2x1', 16, 80]],
  [
    'upsample2d',
    [[1, 2, 2, 1]],
    (x) => upsample2d(x, { scale: 2, mode: 'bilinear' }),
    ['upsample 1x2x2x1 → 1x4x4x1', 9 * 16, 80],
  ],
  [
    'a reflecting pad and its gradient',
    [[4], [7]],
    (x, gradOutput) => {
      x.requiresGrad = true
      return grad(pad(x, { padding: [[2, 1]], mode: 'reflect' }), [x], { gradOutput })
    },
    ['reflect_pad 4 → 7', 0, 4 * (4 + 7)],
    // Each of the three values that reflection repeated is added to the one that it was taken from.
    ['reflect_pad 7 → 4', 3, 4 * (7 + 4)],
  ],
  // Of the table, only the rows that are taken.
  ['gather', [[9, 5], [3]], (x, at) => gather(x, at), ['rows 9x5, 3 → 3x5', 0, 4 * (3 + 15 + 15)]],
]

for (const [name, shapes, body, ...expected] of CASES)
  gpuTest(`work of ${name}`, async () => {
    const inputs = shapes.map((shape) => zeros(shape))
    const works = await worksOf(() => body(...inputs))
    expect(works.map(([launched, ...rest]) => [sorted(launched), ...rest])).toEqual(
      expected.map(([launched, ...rest]) => [sorted(launched), ...rest]),
    )
    for (const t of inputs) t.dispose()
  })

/** Inputs in any order: it is the kernel's, not the op's. */
function sorted(launched: string): string {
  const [, kernel, reads, writes] = /^(\S+) (.*) → (.*)$/.exec(launched) ?? []
  return `${kernel} ${reads.split(', ').sort().join(', ')} → ${writes}`
}

gpuTest('a transposed conv does the FLOPs of the conv whose gradient it is', async () => {
  const x = zeros([2, 5, 4, 3], { requiresGrad: true })
  const w = tensor(new Float32Array(3 * 2 * 3 * 5), [3, 2, 3, 5], { requiresGrad: true })
  const works = await worksOf(() => {
    const y = conv2d(x, w, { stride: [2, 1], padding: 1 })
    return grad(sum(y), [x, w])
  })
  const flops = works.flatMap(([launched, work]) => (launched.startsWith('conv') ? [work] : []))
  // Down 5 pixels, 3 outputs with 2 + 3 + 2 taps; across 4, 5 outputs with 1 + 2 + 2 + 2 + 1.
  expect(flops).toEqual(Array(3).fill(2 * 2 * 7 * 8 * 3 * 5))
  x.dispose()
  w.dispose()
})

gpuTest('what is neither watched nor recorded is not described', async () => {
  const x = zeros([2])
  gpu().flush()
  const { passes } = await profile(gpu(), () => scope(() => void leakyRelu(x)))
  expect(passes[0].dispatches[0].about?.op).toBe('leakyRelu')
  gpu().flush()
  await withoutPoison(gpu(), async () => leakyRelu(x).dispose())
  // biome-ignore lint/complexity/useLiteralKeys: what is pending is nobody else's business
  expect(gpu().batches['pending'].map(({ about }) => about)).toEqual([undefined])
  x.dispose()
})
