/** Every family in training, tiny: what it reports and shows, that its memory stays the same, that it resumes exactly. */
import { describe, expect, test } from 'vitest'
import {
  DeviceLostError,
  gpu,
  init,
  memory,
  randn,
  scope,
  type Tensor,
  verifyCaptures,
} from '../../src/engine/index.ts'
import { pointSet } from '../../src/models/data/dataSet.ts'
import { isPoints, shapeOf } from '../../src/models/data/fields.ts'
import type { Source } from '../../src/models/data/source.ts'
import { firstView, generatorOf, type View } from '../../src/models/family.ts'
import { families, fieldsFor, presetOf, sourceOf } from '../../src/models/index.ts'
import { LATTICE, type Snapshot, Trainer } from '../../src/models/training/trainer.ts'
import { POINTS, ROWS, SAMPLES, sheetOf } from '../../src/models/training/views.ts'
import { evaluate, gpuTest, unhandledIn } from '../harness.ts'
import { LAUNCHES } from './launches.ts'
import { advance, type Case, cases, configFor, isOfPoints, nameOf, noiseFor, noiseImages } from './tiny.ts'

const BATCH = 4

/** A test with a new trainer and data to train on. */
const trainerTest = (
  name: string,
  of: Case,
  body: (trainer: Trainer, source: Source) => Promise<void>,
): void =>
  gpuTest(name, async () => {
    const config = configFor(of, BATCH)
    const source = sourceOf(of.data, config)
    const trainer = new Trainer(config)
    try {
      await body(trainer, source)
    } finally {
      trainer.dispose()
      source.dispose()
    }
  })

const valuesIn = ({ shows }: View): number => shapeOf(shows).reduce((a, b) => a * b, 1)

/** All there is to see. */
const seen = (trainer: Trainer, source: Source): Promise<Snapshot[]> =>
  Promise.all(Object.keys(trainer.model.views).map((view) => trainer.snapshot({ view, source })))

/** Every family as it is, and with each of its switches turned. */
const all = cases(['bimodal', 'spiral']).flatMap((of): Case[] => [
  of,
  ...(isOfPoints(of.data)
    ? []
    : Object.entries(families[of.model].options)
        .filter(([, { kind }]) => kind === 'toggle')
        .map(([name, { value }]) => ({ ...of, options: { [name]: !value } }))),
])

test('families are found by their files', () => {
  for (const name of ['gan', 'dcgan', 'wgan', 'wgan-gp', 'sngan', 'stylegan-lite', 'stylegan2-lite', 'cgan'])
    expect(Object.keys(families)).toContain(name)
})

describe.each(all.map((of) => [nameOf(of), of] as const))('%s', (_, of) => {
  const ofPoints = isOfPoints(of.data)

  trainerTest('a step reports finite numbers by the declared names', of, async (trainer, source) => {
    const { model } = trainer
    const context = { ...trainer.context(), draw: () => source.draw(BATCH) }
    const names = scope(() => Object.keys(model.step(context)))
    expect(names.sort()).toEqual(Object.keys(model.metrics).sort())
    const [metrics] = await advance(trainer, source, 1)
    const norms = Object.keys(model.optimizers).map((name) => `gradient ${name}`)
    expect(trainer.metrics).toEqual([...Object.keys(model.metrics), ...norms])
    expect(Object.keys(trainer.kinds)).toEqual(trainer.metrics)
    expect(metrics.length).toBe(trainer.metrics.length)
    expect(metrics.every(Number.isFinite), `${metrics}`).toBe(true)
    expect(Math.min(...metrics.slice(-norms.length)), 'norms').toBeGreaterThan(0)
    trainer.metrics.forEach((name, i) => {
      if (trainer.kinds[name].startsWith('opinion')) expect(metrics[i], name).toBeGreaterThanOrEqual(0)
      if (trainer.kinds[name].startsWith('opinion')) expect(metrics[i], name).toBeLessThanOrEqual(1)
    })
  })

  trainerTest('what is shown is the same each time; images are in [-1, 1]', of, async (trainer, source) => {
    const shown = await seen(trainer, source)
    expect(await seen(trainer, source)).toEqual(shown)
    for (const [i, [name, view]] of Object.entries(trainer.model.views).entries()) {
      const { columns, plane } = shown[i]
      expect(columns.length, name).toBe(view.columns?.length ?? 1)
      for (const values of columns) {
        expect(values.length, name).toBe(sheetOf(view).count * valuesIn(view))
        const most = isPoints(view.shows) ? 100 : 1
        expect(
          values.every((v) => Math.abs(v) <= most),
          name,
        ).toBe(true)
      }
      expect(plane === undefined).toBe(!ofPoints)
      if (view.given?.length) continue
      const fresh = await trainer.sample(3, name)
      expect(fresh.length).toBe(3 * valuesIn(view))
      expect(fresh).not.toEqual(columns[0].slice(0, fresh.length))
    }
    const [{ columns }] = shown
    expect((await trainer.snapshot({ source })).columns, 'the first view, unnamed').toEqual(columns)
    const first = firstView(trainer.model)
    const generator = generatorOf(trainer.model)
    const isOfNoise = Object.values(first.latents).some(({ kind }) => kind === 'normal')
    expect(generator !== undefined).toBe(isOfNoise && !first.given?.length && !first.columns)
    if (generator)
      expect(scope(() => generator.images(randn([3, generator.size])).shape)).toEqual([
        3,
        ...shapeOf(first.shows),
      ])
    const hasClass = Object.values(first.latents).some(({ kind }) => kind === 'class')
    if (ofPoints) expect(sheetOf(first).count).toBe(POINTS)
    else if (!hasClass && !first.columns) expect(sheetOf(first)).toEqual({ count: SAMPLES, columns: ROWS })
    expect(() => trainer.view('nonsense')).toThrow(`${of.model} has no view 'nonsense'; it has `)
  })

  if (ofPoints)
    trainerTest('points come with real ones and what D says of the lattice', of, async (trainer) => {
      const { plane } = await trainer.snapshot()
      const dims = valuesIn(firstView(trainer.model))
      expect(plane?.real.length).toBe(POINTS * dims)
      expect(plane?.judged?.length).toBe(LATTICE[dims] ** dims)
      const isOpinion = Object.values(trainer.model.metrics).includes('opinion of real')
      expect(plane?.isOpinion).toBe(isOpinion)
      if (['gan', 'wgan', 'wgan-gp'].includes(of.model)) expect(isOpinion).toBe(of.model === 'gan')
      if (isOpinion) expect(plane?.judged?.every((p) => p >= 0 && p <= 1)).toBe(true)
    })

  trainerTest('memory stays the same once each kind of step is recorded', of, async (trainer, source) => {
    let readings: string[] = []
    let isRecorded = false
    const recorded: Record<string, number> = {}
    trainer.onRecord = (variant, launches) => {
      isRecorded = true
      recorded[variant] = launches
    }
    for (let step = 1; readings.length < 8; step++) {
      expect(step, 'it still records new kinds of steps').toBeLessThan(32)
      isRecorded = false
      await advance(trainer, source, 1)
      if (isRecorded || step <= 2) readings = []
      else readings.push(JSON.stringify(memory()))
    }
    expect(new Set(readings).size, [...new Set(readings)].join(' ')).toBe(1)
    expect(recorded, 'launches').toEqual(LAUNCHES[nameOf(of)] ?? recorded)
  })

  trainerTest('replayed steps give the bits of eager ones', of, async (trainer, source) => {
    const replayed = await advance(trainer, source, 4)
    const eager = new Trainer(configFor(of, BATCH))
    try {
      const names = Object.keys(eager.model.metrics)
      for (const metrics of replayed) {
        const context = { ...eager.context(), draw: () => source.draw(BATCH) }
        const named = await evaluate(() => {
          const step: Record<string, Tensor> = eager.model.step(context)
          return names.map((name) => step[name])
        })
        eager.step++
        expect(named.map((t) => t.data[0])).toEqual(metrics.slice(0, named.length))
      }
      expect(await seen(eager, source)).toEqual(await seen(trainer, source))
    } finally {
      eager.dispose()
    }
  })

  trainerTest(
    'verified steps: what is replayed is what the step would launch now',
    of,
    async (trainer, source) => {
      const courses = new Set<string>()
      trainer.onRecord = (course) => courses.add(course)
      verifyCaptures(1)
      try {
        await advance(trainer, source, 2)
        expect((await advance(trainer, source, courses.size)).flat().every(Number.isFinite)).toBe(true)
      } finally {
        verifyCaptures(0)
      }
    },
  )

  trainerTest('a checkpoint continues bit for bit', of, async (trainer, source) => {
    await advance(trainer, source, 3)
    const file = await trainer.checkpoint()
    const expected = { metrics: await advance(trainer, source, 2), seen: await seen(trainer, source) }
    const resumed = new Trainer(configFor(of, BATCH)) // starts from the seed again
    try {
      resumed.restore(file)
      expect(resumed.step).toBe(3)
      expect(await advance(resumed, source, 2)).toEqual(expected.metrics)
      expect(await seen(resumed, source)).toEqual(expected.seen)
    } finally {
      resumed.dispose()
    }
  })
})

describe('a device that is lost', () => {
  const cases = { snapshot: (t: Trainer) => t.snapshot(), checkpoint: (t: Trainer) => t.checkpoint() }
  for (const [name, read] of Object.entries(cases))
    test(`while a ${name} is read is one error, told to whoever waits`, async () => {
      await init()
      const trainer = new Trainer(configFor({ model: 'gan', data: pointSet('spiral') }, BATCH))
      const unhandled = await unhandledIn(async () => {
        const reading = read(trainer)
        gpu().device.destroy()
        await expect(reading).rejects.toThrow(DeviceLostError)
      })
      expect(unhandled).toEqual([])
      await init()
    })
})

gpuTest('another loss trains to other numbers', async () => {
  const losses = await Promise.all(
    ['minimax', 'hinge'].map(async (loss) => {
      const of: Case = { model: 'gan', data: noiseImages(), options: { loss } }
      const config = configFor(of, BATCH)
      const source = sourceOf(of.data, config)
      const trainer = new Trainer(config)
      const [[lossD]] = await advance(trainer, source, 1)
      trainer.dispose()
      source.dispose()
      return lossD
    }),
  )
  expect(losses[0]).not.toBe(losses[1])
})

gpuTest('data that a family cannot learn from are refused', () => {
  const ring = pointSet('ring')
  const points = { x: ring.columns.points.field }
  expect(() => fieldsFor('dcgan', ring)).toThrow('dcgan learns from images; ring has points (ring)')
  expect(() => presetOf('dcgan', points, true)).toThrow(
    /dcgan makes images, not points; on points train gan, wgan, wgan-gp/,
  )
  const config = { model: 'dcgan', options: {}, fields: points, batch: BATCH, seed: 7 }
  expect(() => new Trainer(config)).toThrow('dcgan learns from images; of these x is missing')
  expect(() => new Trainer({ ...config, fields: {} })).toThrow('of these x is missing')
  expect(() => new Trainer({ ...config, model: 'toString' })).toThrow(/no model 'toString'; there are cgan/)
})

gpuTest('a source of other data than the run is of is refused', () => {
  const config = configFor({ model: 'cgan', data: noiseFor('cgan') }, BATCH)
  expect(() => sourceOf(noiseImages(), config)).toThrow(
    'cgan learns from images and labels; noise has 8x8x1 images',
  )
  const larger = configFor({ model: 'dcgan', data: noiseImages(16) }, BATCH)
  expect(() => sourceOf(noiseImages(), larger)).toThrow(
    'noise has 8x8x1 images, but the run was trained on 16x16x1 images',
  )
})
