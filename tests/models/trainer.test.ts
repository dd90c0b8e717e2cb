/** Every model in training, tiny: what it reports and shows, that its memory stays the same, that it resumes exactly. */
import { describe, expect } from 'vitest'
import { memory, randn, scope } from '../../src/engine/index.ts'
import { ImageTable } from '../../src/models/data.ts'
import { models, ownOptions } from '../../src/models/index.ts'
import { type Config, SAMPLES, Trainer } from '../../src/models/trainer.ts'
import { gpuTest, randomOf } from '../harness.ts'

const IMAGE = { size: 8, channels: 1 }
const BATCH = 4
/** What makes any model tiny; each takes the options that it has. */
const TINY = { width: 4, latent: 8, nCritic: 2, k: 2, depth: 2, maxWidth: 8, r1Every: 2 }

const configOf = (model: string): Config => ({
  model,
  options: ownOptions(model, TINY),
  image: IMAGE,
  batch: BATCH,
  seed: 7,
})

/** Images of noise. */
function images(): ImageTable {
  const random = randomOf('images')
  const count = 12
  const bytes = Uint8Array.from({ length: count * IMAGE.size ** 2 }, () => 256 * random())
  return new ImageTable({ name: 'noise', count, ...IMAGE, bytes })
}

/** A test with a new trainer of `model` and images to train on. */
const trainerTest = (
  name: string,
  model: string,
  body: (trainer: Trainer, data: ImageTable) => Promise<void>,
): void =>
  gpuTest(name, async () => {
    const data = images()
    const trainer = new Trainer(configOf(model))
    try {
      await body(trainer, data)
    } finally {
      trainer.dispose()
      data.dispose()
    }
  })

async function advance(trainer: Trainer, data: ImageTable, steps: number): Promise<number[][]> {
  const metrics: number[][] = []
  for (let step = 0; step < steps; step++) metrics.push([...(await trainer.advance(data))])
  return metrics
}

describe.each(Object.keys(models))('%s', (model) => {
  trainerTest('a step reports finite numbers by the declared names', model, async (trainer, data) => {
    const names = scope(() => Object.keys(trainer.model.step(() => data.batch(BATCH))))
    expect(names.sort()).toEqual([...trainer.model.metrics].sort())
    const [metrics] = await advance(trainer, data, 1)
    expect(metrics.length).toBe(trainer.model.metrics.length)
    expect(metrics.every(Number.isFinite), `${metrics}`).toBe(true)
  })

  trainerTest('samples are images in [-1, 1], the fixed ones the same each time', model, async (trainer) => {
    const pixels = IMAGE.size ** 2 * IMAGE.channels
    const fixed = await trainer.samples()
    expect(fixed.length).toBe(SAMPLES * pixels)
    expect(fixed.every((v) => Math.abs(v) <= 1)).toBe(true)
    expect(await trainer.samples()).toEqual(fixed)
    const { model: net } = trainer
    expect(scope(() => net.sample(randn([3, net.latent])).shape)).toEqual([3, IMAGE.size, IMAGE.size, 1])
    const fresh = await trainer.sample(3)
    expect(fresh.length).toBe(3 * pixels)
    expect(fresh).not.toEqual(fixed.slice(0, fresh.length))
  })

  trainerTest('memory is the same from the third step on', model, async (trainer, data) => {
    await advance(trainer, data, 2)
    const readings: string[] = []
    for (let step = 3; step <= 10; step++) {
      await advance(trainer, data, 1)
      readings.push(JSON.stringify(memory()))
    }
    expect(new Set(readings).size, [...new Set(readings)].join(' ')).toBe(1)
  })

  trainerTest('a checkpoint continues bit for bit', model, async (trainer, data) => {
    await advance(trainer, data, 3)
    const file = await trainer.checkpoint()
    const expected = { metrics: await advance(trainer, data, 2), images: await trainer.samples() }
    const resumed = new Trainer(configOf(model)) // starts from the seed again
    try {
      resumed.restore(file)
      expect(resumed.step).toBe(3)
      expect(await advance(resumed, data, 2)).toEqual(expected.metrics)
      expect(await resumed.samples()).toEqual(expected.images)
    } finally {
      resumed.dispose()
    }
  })
})
