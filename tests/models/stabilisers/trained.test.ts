/** Every model with everything that it takes, one at a time and together: finite steps, constant memory, exact resuming. */
import { describe, expect } from 'vitest'
import { memory } from '../../../src/engine/index.ts'
import { type Data, kindOf, type Table, tableOf } from '../../../src/models/data/data.ts'
import { models, ownOptions } from '../../../src/models/index.ts'
import { type Name, type Settings, stabilisers } from '../../../src/models/training/stabilisers/names.ts'
import { type Config, Trainer } from '../../../src/models/training/trainer.ts'
import { gpuTest, randomOf } from '../../harness.ts'

const BATCH = 8
const TINY = {
  width: 4,
  widthG: 4,
  nDis: 1,

  latent: 8,
  nCritic: 2,
  depth: 2,
  maxWidth: 8,
  r1Every: 2,
}
/** Where the usual value is not for tiny runs. */
const VALUES: Settings = { 'noise-steps': 4, stddev: 2, minibatch: 2, replay: 6, unroll: 2, clip: 0.05 }

function images(): Data {
  const random = randomOf('images')
  const bytes = Uint8Array.from({ length: 12 * 64 }, () => 256 * random())
  return { name: 'noise', count: 12, size: 8, channels: 1, bytes }
}

const configOf = (model: string, data: Data, aids?: Settings): Config => ({
  model,
  options: ownOptions(model, TINY),
  // Not every model's own loss has targets to smooth.
  ...(models[model].losses.length && { loss: 'nonSaturating' as const }),
  ...(aids && { aids }),
  data: kindOf(data),
  batch: BATCH,
  seed: 7,
})

async function advance(trainer: Trainer, data: Table, steps: number): Promise<number[][]> {
  const metrics: number[][] = []
  for (let step = 0; step < steps; step++) metrics.push([...(await trainer.advance(data))])
  return metrics
}

/** Trains, saves, goes on, and does so again from what was saved. Gives the metrics of the first steps. */
async function trainAndResume(config: Config, data: Data): Promise<number[][]> {
  const table = tableOf(data)
  const trainer = new Trainer(config)
  const resumed = new Trainer(config)
  try {
    const first = await advance(trainer, table, 3)
    expect(first.flat().every(Number.isFinite), `${first}`).toBe(true)
    expect(first[0].length).toBe(trainer.metrics.length)
    const file = await trainer.checkpoint()
    await trainer.snapshot()
    const inUse = JSON.stringify(memory())
    const metrics = await advance(trainer, table, 3)
    expect(JSON.stringify(memory()), 'memory').toBe(inUse)
    const expected = { metrics, seen: await trainer.snapshot() }
    expect((await trainer.snapshot()).samples).toEqual(expected.seen.samples)
    resumed.restore(file)
    expect(await advance(resumed, table, 3)).toEqual(expected.metrics)
    expect(await resumed.snapshot()).toEqual(expected.seen)
    return [...first, ...expected.metrics]
  } finally {
    trainer.dispose()
    resumed.dispose()
    table.dispose()
  }
}

const needed: Partial<Record<Name, Name>> = { 'noise-steps': 'noise', 'dragan-std': 'dragan' }
const settingsFor = (names: readonly Name[]): Settings =>
  Object.fromEntries(names.map((name) => [name, VALUES[name] ?? stabilisers[name].value]))

/** What goes together of everything there is. */
const TOGETHER: readonly (readonly Name[])[] = [
  ['gp', 'r1', 'weightnorm', 'ortho', 'smooth', 'flip', 'noise', 'noise-steps', 'replay', 'ttur'],
  [
    'dragan',
    'ortho-offdiag',
    'soft',
    'minibatch',
    'stddev',
    'dropout',
    'pack',
    'color',
    'translation',
    'cutout',
  ],
  ['r1', 'unroll', 'spectral', 'noise', 'noise-steps', 'pack', 'replay', 'minibatch'],
]

const cases = Object.entries(models).flatMap(([model, { presets }]) => [
  [`${model} on images`, model, images()] as const,
  ...(presets.points ? [[`${model} on points`, model, { toy: 'ring' } as Data] as const] : []),
])

describe.each(cases)('%s', (_, model, data) => {
  const isImages = !('toy' in data)
  const fitting = (name: Name): boolean =>
    models[model].fits.includes(name) && (isImages || !('imagesOnly' in stabilisers[name]))
  let plain: Promise<number[][]> | undefined

  for (const name of models[model].fits.filter(fitting)) {
    const settings = settingsFor([...(needed[name] ? [needed[name]] : []), name])
    gpuTest(name, async () => {
      plain ??= trainAndResume(configOf(model, data), data)
      const without = await plain
      const taken = await trainAndResume(configOf(model, data, settings), data)
      expect(taken.map((line) => line.slice(0, 2))).not.toEqual(without.map((line) => line.slice(0, 2)))
    })
  }

  for (const names of TOGETHER) {
    const own = names.filter(fitting)
    if (!own.length) continue
    gpuTest(own.join(' '), async () => {
      await trainAndResume(configOf(model, data, settingsFor(own)), data)
    })
  }
})

gpuTest('what does not fit is refused before anything is made', () => {
  expect(() => new Trainer(configOf('wgan', { toy: 'ring' }, { unroll: 5 }))).toThrow(
    /wgan does not take --trick unroll: it takes noise/,
  )
})
