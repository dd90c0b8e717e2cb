/** Every family with everything that it takes, one at a time and together: finite steps, constant memory, exact resuming. */
import { describe, expect } from 'vitest'
import { memory } from '../../../src/engine/index.ts'
import { pointSet } from '../../../src/models/data/dataSet.ts'
import { familyOf, sourceOf, stabilisersOf } from '../../../src/models/index.ts'
import { type Name, type Settings, stabilisers } from '../../../src/models/training/stabilisers/names.ts'
import { Trainer } from '../../../src/models/training/trainer.ts'
import { gpuTest } from '../../harness.ts'
import { advance, type Case, cases, configFor, isOfPoints, nameOf } from '../tiny.ts'

const BATCH = 8
/** Where the usual value is not for tiny runs. */
const VALUES: Settings = { 'noise-steps': 4, stddev: 2, minibatch: 2, replay: 6, unroll: 2, clip: 0.05 }

/** Not every family's own loss has targets to smooth. */
const options = (model: string) => ({
  nDis: 1,
  k: 1,
  ...('loss' in familyOf(model).options && { loss: 'nonSaturating' }),
})

/** Trains, saves, goes on, and does so again from what was saved. Gives the metrics of the first steps. */
async function trainAndResume(of: Case): Promise<number[][]> {
  const config = configFor({ ...of, options: options(of.model) }, BATCH)
  const source = sourceOf(of.data, config)
  const trainer = new Trainer(config)
  const resumed = new Trainer(config)
  try {
    const first = await advance(trainer, source, 3)
    expect(first.flat().every(Number.isFinite), `${first}`).toBe(true)
    expect(first[0].length).toBe(trainer.metrics.length)
    const file = await trainer.checkpoint()
    await trainer.snapshot()
    const inUse = JSON.stringify(memory())
    const metrics = await advance(trainer, source, 3)
    expect(JSON.stringify(memory()), 'memory').toBe(inUse)
    const expected = { metrics, seen: await trainer.snapshot() }
    expect((await trainer.snapshot()).columns).toEqual(expected.seen.columns)
    resumed.restore(file)
    expect(await advance(resumed, source, 3)).toEqual(expected.metrics)
    expect(await resumed.snapshot()).toEqual(expected.seen)
    return [...first, ...expected.metrics]
  } finally {
    trainer.dispose()
    resumed.dispose()
    source.dispose()
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

describe.each(cases(['ring']).map((of) => [nameOf(of), of] as const))('%s', (_, of) => {
  const takes = stabilisersOf(of.model, options(of.model))
  const fitting = (name: Name): boolean =>
    takes.includes(name) && (!isOfPoints(of.data) || !('imagesOnly' in stabilisers[name]))
  let plain: Promise<number[][]> | undefined

  gpuTest('nothing', async () => {
    plain ??= trainAndResume(of)
    await plain
  })

  for (const name of takes.filter(fitting)) {
    const aids = settingsFor([...(needed[name] ? [needed[name]] : []), name])
    gpuTest(name, async () => {
      plain ??= trainAndResume(of)
      const without = await plain
      const taken = await trainAndResume({ ...of, aids })
      expect(taken.map((line) => line.slice(0, 2))).not.toEqual(without.map((line) => line.slice(0, 2)))
    })
  }

  for (const names of TOGETHER) {
    const own = names.filter(fitting)
    if (!own.length) continue
    gpuTest(own.join(' '), async () => {
      await trainAndResume({ ...of, aids: settingsFor(own) })
    })
  }
})

gpuTest('what does not fit is refused before anything is made', () => {
  const config = configFor({ model: 'wgan', data: pointSet('ring'), aids: { unroll: 5 } }, BATCH)
  expect(() => new Trainer(config)).toThrow(/wgan does not take --trick unroll: it takes noise/)
})
