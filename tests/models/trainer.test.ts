/** Every model in training, tiny: what it reports and shows, that its memory stays the same, that it resumes exactly. */
import { describe, expect } from 'vitest'
import { memory, randn, scope, verifyCaptures } from '../../src/engine/index.ts'
import {
  type Data,
  type DataKind,
  kindOf,
  sampleSize,
  type Table,
  tableOf,
} from '../../src/models/data/data.ts'
import { models, ownOptions } from '../../src/models/index.ts'
import { shapeOf } from '../../src/models/model.ts'
import { type Config, LATTICE, POINTS, SAMPLES, Trainer } from '../../src/models/training/trainer.ts'
import { evaluate, gpuTest, randomOf } from '../harness.ts'

const IMAGE = { size: 8, channels: 1 }
const BATCH = 4
/** What makes any model tiny; each takes the options that it has. */
const TINY = {
  width: 4,
  widthG: 4,
  latent: 8,
  nCritic: 2,
  nDis: 2,
  k: 2,
  depth: 2,
  maxWidth: 8,
  r1Every: 2,
  pathEvery: 2,
}

/** What a model learns from here. */
interface Case {
  model: string
  data: Data
  options?: Record<string, number>
}

/** Images of noise. */
function images(): Data {
  const random = randomOf('images')
  const count = 12
  const bytes = Uint8Array.from({ length: count * IMAGE.size ** 2 }, () => 256 * random())
  return { name: 'noise', count, ...IMAGE, bytes }
}

const configOf = ({ model, data, options }: Case): Config => ({
  model,
  options: ownOptions(model, { ...TINY, ...options }),
  data: kindOf(data),
  batch: BATCH,
  seed: 7,
})

/** A test with a new trainer and data to train on. */
const trainerTest = (name: string, of: Case, body: (trainer: Trainer, table: Table) => Promise<void>): void =>
  gpuTest(name, async () => {
    const table = tableOf(of.data)
    const trainer = new Trainer(configOf(of))
    try {
      await body(trainer, table)
    } finally {
      trainer.dispose()
      table.dispose()
    }
  })

async function advance(trainer: Trainer, data: Table, steps: number): Promise<number[][]> {
  const metrics: number[][] = []
  for (let step = 0; step < steps; step++) metrics.push([...(await trainer.advance(data))])
  return metrics
}

const valuesOf = (kind: DataKind): number => shapeOf(sampleSize(kind)).reduce((a, b) => a * b)

const onImages: Case[] = Object.keys(models).map((model) => ({ model, data: images() }))
onImages.push({ model: 'wgan-gp', data: images(), options: { residual: 1 } })
const onPoints = Object.keys(models)
  .filter((model) => models[model].presets.points)
  .flatMap((model) => (['bimodal', 'spiral'] as const).map((toy) => ({ model, data: { toy } })))
const nameOf = ({ model, data, options = {} }: Case): string =>
  [model, ...Object.keys(options), 'on', 'toy' in data ? data.toy : 'images'].join(' ')

describe.each([...onImages, ...onPoints].map((of) => [nameOf(of), of] as const))('%s', (_, of) => {
  const kind = kindOf(of.data)
  const isPoints = 'toy' in kind

  trainerTest('a step reports finite numbers by the declared names', of, async (trainer, data) => {
    const names = scope(() => Object.keys(trainer.model.step(() => data.batch(BATCH))))
    expect(names.sort()).toEqual([...trainer.model.metrics].sort())
    const [metrics] = await advance(trainer, data, 1)
    expect(trainer.metrics).toEqual([...trainer.model.metrics, 'gradD', 'gradG'])
    expect(metrics.length).toBe(trainer.metrics.length)
    expect(metrics.every(Number.isFinite), `${metrics}`).toBe(true)
    expect(Math.min(...metrics.slice(-2)), 'norms').toBeGreaterThan(0)
  })

  trainerTest('the fixed samples are the same each time; images are in [-1, 1]', of, async (trainer) => {
    const { samples, plane } = await trainer.snapshot()
    expect(trainer.shown).toBe(isPoints ? POINTS : SAMPLES)
    expect(samples.length).toBe(trainer.shown * valuesOf(kind))
    expect(samples.every((v) => Math.abs(v) <= (isPoints ? 100 : 1))).toBe(true)
    expect((await trainer.snapshot()).samples).toEqual(samples)
    const { model: net } = trainer
    expect(scope(() => net.sample(randn([3, net.latent])).shape)).toEqual([3, ...shapeOf(sampleSize(kind))])
    const fresh = await trainer.sample(3)
    expect(fresh.length).toBe(3 * valuesOf(kind))
    expect(fresh).not.toEqual(samples.slice(0, fresh.length))
    expect(plane === undefined).toBe(!isPoints)
  })

  if (isPoints)
    trainerTest('points come with real ones and what D says of the lattice', of, async (trainer) => {
      const { plane } = await trainer.snapshot()
      const dims = valuesOf(kind) as 1 | 2
      expect(plane?.real.length).toBe(POINTS * dims)
      expect(plane?.judged?.length).toBe(LATTICE[dims] ** dims)
      expect(plane?.isOpinion).toBe(of.model === 'gan')
      if (plane?.isOpinion) expect(plane.judged?.every((p) => p >= 0 && p <= 1)).toBe(true)
    })

  trainerTest('memory is the same from the third step on', of, async (trainer, data) => {
    await advance(trainer, data, 2)
    const readings: string[] = []
    for (let step = 3; step <= 10; step++) {
      await advance(trainer, data, 1)
      readings.push(JSON.stringify(memory()))
    }
    expect(new Set(readings).size, [...new Set(readings)].join(' ')).toBe(1)
  })

  trainerTest('replayed steps give the bits of eager ones', of, async (trainer, data) => {
    const replayed = await advance(trainer, data, 4)
    const eager = new Trainer(configOf(of))
    for (const metrics of replayed) {
      const named = await evaluate(() => {
        const step = eager.model.step(() => data.batch(BATCH))
        return eager.model.metrics.map((name) => step[name])
      })
      expect(named.map((t) => t.data[0])).toEqual(metrics.slice(0, named.length))
    }
    expect((await eager.snapshot()).samples).toEqual((await trainer.snapshot()).samples)
    eager.dispose()
  })

  trainerTest(
    'verified steps: what is replayed is what the step would launch now',
    of,
    async (trainer, data) => {
      const courses = new Set<string>()
      trainer.onRecord = (course) => courses.add(course)
      verifyCaptures(1)
      try {
        await advance(trainer, data, 2)
        expect((await advance(trainer, data, courses.size)).flat().every(Number.isFinite)).toBe(true)
      } finally {
        verifyCaptures(0)
      }
    },
  )

  trainerTest('a checkpoint continues bit for bit', of, async (trainer, data) => {
    await advance(trainer, data, 3)
    const file = await trainer.checkpoint()
    const expected = { metrics: await advance(trainer, data, 2), seen: await trainer.snapshot() }
    const resumed = new Trainer(configOf(of)) // starts from the seed again
    try {
      resumed.restore(file)
      expect(resumed.step).toBe(3)
      expect(await advance(resumed, data, 2)).toEqual(expected.metrics)
      expect(await resumed.snapshot()).toEqual(expected.seen)
    } finally {
      resumed.dispose()
    }
  })
})

gpuTest('another loss trains to other numbers; one that makes images refuses points', async () => {
  const of: Case = { model: 'gan', data: images() }
  const losses = await Promise.all(
    (['minimax', 'hinge'] as const).map(async (loss) => {
      const table = tableOf(of.data)
      const trainer = new Trainer({ ...configOf(of), loss })
      const [[lossD]] = await advance(trainer, table, 1)
      trainer.dispose()
      table.dispose()
      return lossD
    }),
  )
  expect(losses[0]).not.toBe(losses[1])
  expect(() => new Trainer({ ...configOf({ model: 'dcgan', data: { toy: 'ring' } }), options: {} })).toThrow(
    /dcgan makes images, not points; on points train gan, wgan, wgan-gp/,
  )
})
