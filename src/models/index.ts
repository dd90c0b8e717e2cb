/** The families of models, found by themselves: every file in families/ that declares one, by its name. */
import { DataError } from '../engine/index.ts'
import { type DataSet, fieldsOf, sameField } from './data/dataSet.ts'
import {
  type Fields,
  fieldWords,
  fits as fitsFields,
  isImage,
  isPoints,
  matchFields,
  takenWords,
} from './data/fields.ts'
import { Source } from './data/source.ts'
import { type Family, isFamily, type Preset } from './family.ts'
import { kebab } from './kebab.ts'
import { defaultsOf, type Options, type OptionValue, valuesOf } from './options.ts'
import { count, seeds } from './ranges.ts'
import { targetLosses } from './training/losses.ts'
import { check, type Name, type Settings } from './training/stabilisers/names.ts'

const files = import.meta.glob<{ default?: unknown }>('./families/*.ts', { eager: true })

/** By the name of its file: wganGp.ts declares `wgan-gp`. */
export const families: Readonly<Record<string, Family>> = Object.fromEntries(
  Object.entries(files)
    .map(([path, module]) => [nameOf(path), module.default] as const)
    .filter((entry): entry is [string, Family] => isFamily(entry[1])),
)

function nameOf(path: string): string {
  return kebab(path.replace(/^.*\//, '').replace(/\.ts$/, ''))
}

/** Throws DataError naming the families when there is none called so. */
export function familyOf(name: string): Family {
  if (Object.hasOwn(families, name)) return families[name]
  throw new DataError(`no model '${name}'; there are ${Object.keys(families).join(', ')}`)
}

/** Why a preset is as it is, to be said before a run. */
export const WHY = {
  points: 'small networks, as the data are points',
  software: 'sized for minutes on a CPU, as the adapter is a software one; the rate is raised to get there',
  gpu: "the paper's rates at full width, as there is a GPU",
}
export type PresetName = keyof Family['presets']

/** The name of the preset for such data on such an adapter. */
export const presetFor = (fields: Fields, isSoftware: boolean): PresetName =>
  Object.values(fields).some(isPoints) ? 'points' : isSoftware ? 'software' : 'gpu'

/** A family's preset for such data. Throws DataError where it cannot learn from them. */
export function presetOf(name: string, fields: Fields, isSoftware: boolean): Preset {
  const preset = familyOf(name).presets[presetFor(fields, isSoftware)]
  if (preset) return preset
  throw new DataError(`${name} makes images, not points; on points train ${pointFamilies().join(', ')}`)
}

/** Names of the families that can learn from points. */
export const pointFamilies = (): string[] =>
  Object.keys(families).filter((name) => families[name].presets.points)

/** Names of the families that can learn from such data. */
export const familiesFor = (fields: Fields): string[] =>
  Object.keys(families).filter((name) => {
    const { takes, presets } = families[name]
    return fitsFields(takes, fields) && (presets.points || !Object.values(fields).some(isPoints))
  })

/** The stabilisers that a family takes with such options. */
export function stabilisersOf(
  name: string,
  options: Readonly<Record<string, OptionValue>> = {},
): readonly Name[] {
  const { stabilisers = [], options: own } = familyOf(name)
  return typeof stabilisers === 'function'
    ? stabilisers({ ...defaultsOf(own as Options), ...options })
    : stabilisers
}

/** What stabilisers have to fit. */
interface Setting {
  model: string
  fields: Fields
  batch: number
  options: Readonly<Record<string, OptionValue>>
}

/** Throws DataError naming what of a configuration its model does not have, or what it cannot be. */
export function checkConfig(config: Setting & { seed: number; aids?: Settings }): void {
  const { model, fields, options, aids, batch, seed } = config
  const { takes, options: own } = familyOf(model)
  const missing = Object.keys(takes).filter((name) => !takes[name].kinds.includes(fields[name]?.kind))
  if (missing.length)
    throw new DataError(
      `${model} learns from ${takenWords(takes)}; of these ${missing.join(', ')} is missing`,
    )
  valuesOf(model, own, options)
  const numbers = [
    ['batch', count, batch],
    ['seed', seeds, seed],
  ] as const
  for (const [name, range, value] of numbers)
    if (!range.has(value)) throw new DataError(`${name} of ${model}: expected ${range.words}, got ${value}`)
  if (aids) checkAids(aids, config)
}

/** Throws DataError when `aids` do not fit each other, the model, its data, batch or loss; named as the flags are. */
export function checkAids(aids: Settings, { model, fields, batch, options }: Setting): void {
  const loss = { ...defaultsOf(familyOf(model).options), ...options }.loss
  check(aids, {
    model,
    fits: stabilisersOf(model, options),
    where: (name) => Object.keys(families).filter((other) => stabilisersOf(other).includes(name)),
    isImages: Object.values(fields).some(isImage),
    batch,
    loss: typeof loss === 'string' ? loss : 'its own',
    targetLosses,
  })
}

/**
 * The fields that a family takes of a data set, by the family's names. Throws DataError naming what is missing, and the
 * families that can learn from the set.
 */
export function fieldsFor(model: string, set: DataSet): Fields {
  const own = fieldsOf(set)
  try {
    const matched = matchFields(familyOf(model).takes, own, model, set.name)
    return Object.fromEntries(Object.entries(matched).map(([name, column]) => [name, own[column]]))
  } catch (error) {
    const others = familiesFor(own)
    if (!(error instanceof DataError) || !Object.hasOwn(families, model) || !others.length) throw error
    throw new DataError(`${error.message}: on these train ${others.join(', ')}`)
  }
}

/** The data of a run on the GPU. Throws DataError when the set is another than the run's. */
export function sourceOf(set: DataSet, { model, fields }: { model: string; fields: Fields }): Source {
  const { takes, apart } = familyOf(model)
  const own = fieldsOf(set)
  const matched = matchFields(takes, own, model, set.name)
  for (const [name, field] of Object.entries(fields))
    if (!sameField(field, own[matched[name]]))
      throw new DataError(
        `${set.name} has ${fieldWords(own[matched[name]])}, but the run was trained on ${fieldWords(field)}`,
      )
  return new Source(set, matched, apart)
}
