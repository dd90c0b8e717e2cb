/** The page's settings as a training configuration, and back. In the worker only: it brings the engine along. */
import type { DataSet } from '../models/data/dataSet.ts'
import { isPoints } from '../models/data/fields.ts'
import { toys } from '../models/data/toys.ts'
import type { Preset } from '../models/family.ts'
import { checkAids, families, familyOf, fieldsFor } from '../models/index.ts'
import { changed, defaultsOf } from '../models/options.ts'
import { parse, textOf } from '../models/training/stabilisers/names.ts'
import type { Config } from '../models/training/trainer.ts'
import { type Choices, IMAGES, type ModelChoice, type Settings, STACKED } from './state.ts'

/** Throws DataError for data that do not fit the model, and for regularisers and tricks that do not. */
export function configFrom({ model, seed, batch, options, reg, trick }: Settings, data: DataSet): Config {
  const aids = { ...(reg && parse('reg', reg)), ...(trick && parse('trick', trick)) }
  const fields = fieldsFor(model, data)
  const config = { model, options: changed(familyOf(model).options, options), fields, batch, seed }
  checkAids(aids, config)
  return reg || trick ? { ...config, aids } : config
}

export function settingsOf({ model, fields, seed, batch, options, aids = {} }: Config): Settings {
  const [first] = Object.values(fields)
  return {
    model,
    data: isPoints(first) ? first.toy : first.kind === 'image' && first.stacked ? STACKED : IMAGES,
    seed,
    batch,
    options: { ...defaultsOf(familyOf(model).options), ...options },
    reg: textOf('reg', aids),
    trick: textOf('trick', aids),
  }
}

/** The model that a visitor sees first. */
const FIRST = 'dcgan'

/** What is trained in reasonable time, for each model; the one to begin with first. */
export function choicesFor(isSoftware: boolean): Choices {
  const models = Object.entries(families).map(([name, { about, options, presets }]): ModelChoice => {
    const own = ({ options: changes, batch }: Preset) => ({
      batch,
      options: { ...defaultsOf(options), ...changes } as Settings['options'],
    })
    const { points } = presets
    const main = new Set(Object.values(presets).flatMap((preset) => Object.keys(preset.options)))
    return {
      name,
      about,
      options,
      main: Object.keys(options).filter((option) => main.has(option)),
      own: {
        images: own(presets[isSoftware ? 'software' : 'gpu']),
        ...(points && { points: own(points) }),
      },
    }
  })
  models.sort((a, b) => Number(b.name === FIRST) - Number(a.name === FIRST))
  return { models, points: Object.keys(toys) }
}
