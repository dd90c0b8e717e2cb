/** The page's settings as a training configuration, and back. In the worker only: it brings the engine along. */
import { type DataKind, isToy } from '../models/data/data.ts'
import { toys } from '../models/data/toys.ts'
import { checkAids, models, ownOptions, type Preset, presetFor } from '../models/index.ts'
import { parse, textOf } from '../models/training/stabilisers/names.ts'
import type { Config } from '../models/training/trainer.ts'
import { type Choices, IMAGES, POINTS, type Settings, STACKED } from './state.ts'

/** Throws DataError for regularisers and tricks that do not fit. */
export function configFrom(
  { model, data: _, seed, batch, reg, trick, ...options }: Settings,
  data: DataKind,
  isSoftware: boolean,
): Config {
  // What the page has no field for is as in the model's preset.
  const all = { ...models[model].presets[presetFor(data, isSoftware)]?.options, ...options }
  const aids = { ...(reg && parse('reg', reg)), ...(trick && parse('trick', trick)) }
  const config = { model, options: ownOptions(model, all), data, batch, seed }
  checkAids(aids, config)
  return reg || trick ? { ...config, aids } : config
}

export function settingsOf({ model, data, seed, batch, options, aids = {} }: Config): Settings {
  const { width, lr } = { ...models[model]?.defaults, ...options }
  return {
    model,
    data: isToy(data) ? data.toy : data.stacked ? STACKED : IMAGES,
    seed,
    width,
    batch,
    lr,
    reg: textOf('reg', aids),
    trick: textOf('trick', aids),
  }
}

/** What is trained in reasonable time, for each model; the one to begin with first. */
export function choicesFor(isSoftware: boolean): Choices {
  const settings = Object.entries(models).flatMap(([model, { presets, defaults }]) => {
    const own = (data: string, { options, batch }: Preset): Settings => {
      const { width, lr } = { ...defaults, ...options }
      return { model, data, seed: 0, batch, width, lr, reg: '', trick: '' }
    }
    const { points } = presets
    const images = own(IMAGES, presets[isSoftware ? 'software' : 'gpu'])
    return points ? [images, own(POINTS, points)] : [images]
  })
  settings.sort((a, b) => Number(b.model === FIRST) - Number(a.model === FIRST))
  return { settings, points: Object.keys(toys) }
}

/** The model that a visitor sees first. */
const FIRST = 'dcgan'
