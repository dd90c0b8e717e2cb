/** Any family, tiny: options that make it small, and made-up data that it can learn from. */
import { type Column, type DataSet, pointSet } from '../../src/models/data/dataSet.ts'
import type { Need } from '../../src/models/data/fields.ts'
import type { Source } from '../../src/models/data/source.ts'
import { families, familyOf, fieldsFor } from '../../src/models/index.ts'
import { changed, type OptionValue } from '../../src/models/options.ts'
import type { Settings } from '../../src/models/training/stabilisers/names.ts'
import type { Config, Trainer } from '../../src/models/training/trainer.ts'
import { randomOf } from '../harness.ts'

/** Each family takes those that it has. */
const TINY: Readonly<Record<string, OptionValue>> = {
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
/** No other number of channels, layers or updates is larger than this. */
const MOST = 8

export const SIZE = 8
export const COUNT = 12
export const CLASSES = ['a', 'b', 'c']

/** The options that differ from the paper's, for a model that is tiny otherwise. */
export function tinyOptions(
  model: string,
  options: Readonly<Record<string, OptionValue>> = {},
): Record<string, OptionValue> {
  const own = familyOf(model).options
  const capped = Object.entries(own)
    .filter(([, { kind, value }]) => kind === 'count' && (value as number) > MOST)
    .map(([name]) => [name, MOST] as const)
  return changed(own, { ...Object.fromEntries(capped), ...TINY, ...options })
}

/** Images of noise, as bytes. */
export function noise(name = 'images', { size = SIZE, channels = 1, count = COUNT } = {}): Uint8Array {
  const random = randomOf(name)
  return Uint8Array.from({ length: count * size * size * channels }, () => 256 * random())
}

export const noiseImages = (size = SIZE): DataSet => ({
  name: 'noise',
  count: COUNT,
  columns: { image: imageColumn('images', size) },
})

const imageColumn = (name: string, size = SIZE): Column => ({
  field: { kind: 'image', size, channels: 1 },
  bytes: noise(name, { size }),
})
const labelColumn = (): Column => ({
  field: { kind: 'label', classes: CLASSES },
  values: Uint8Array.from({ length: COUNT }, (_, i) => i % CLASSES.length),
})

/** Noise for all that a family takes: images, and labels. */
export function noiseFor(model: string): DataSet {
  const columnFor = ({ kinds }: Need, name: string): Column =>
    kinds.includes('image') ? imageColumn(name) : labelColumn()
  const takes = Object.entries(familyOf(model).takes)
  return {
    name: 'noise',
    count: COUNT,
    columns: Object.fromEntries(takes.map(([name, need], i) => [name, columnFor(need, i ? name : 'images')])),
  }
}

/** What a model learns from here. */
export interface Case {
  model: string
  data: DataSet
  options?: Readonly<Record<string, OptionValue>>
  aids?: Settings
}

export const configFor = ({ model, data, options, aids }: Case, batch: number): Config => ({
  model,
  options: tinyOptions(model, options),
  ...(aids && { aids }),
  fields: fieldsFor(model, data),
  batch,
  seed: 7,
})

/** Every family on images; and on points where it has a preset for them. */
export const cases = (points: readonly string[]): Case[] =>
  Object.entries(families).flatMap(([model, { presets }]) => [
    { model, data: noiseFor(model) },
    ...(presets.points ? points.map((name) => ({ model, data: pointSet(name) })) : []),
  ])

/** Whether it is of points. */
export const isOfPoints = ({ columns }: DataSet): boolean =>
  Object.values(columns).some(({ field }) => field.kind === 'points')

export const nameOf = ({ model, data, options = {} }: Case): string =>
  [model, ...Object.keys(options), 'on', isOfPoints(data) ? data.name : 'images'].join(' ')

/** The metrics of so many steps. */
export async function advance(trainer: Trainer, source: Source, steps: number): Promise<number[][]> {
  const metrics: number[][] = []
  for (let step = 0; step < steps; step++) metrics.push([...(await trainer.advance(source))])
  return metrics
}
