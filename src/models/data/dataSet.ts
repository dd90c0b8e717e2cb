/** Data sets in memory: a column of values for each field, and where they came from. Pure. */
import { DataError } from '../../engine/index.ts'
import type { Field, Fields, ImageField, LabelField, PointField } from './fields.ts'
import { pointField, toyOf } from './toys.ts'

/** Images as bytes, [count, size, size, channels]; of stacked ones, the grey images that are stacked. */
export interface ImageColumn {
  field: ImageField
  bytes: Uint8Array
}

/** The index of each sample's class. */
export interface LabelColumn {
  field: LabelField
  values: Uint8Array
}

/** Points are drawn anew for every step. */
export interface PointColumn {
  field: PointField
}

export type Column = ImageColumn | LabelColumn | PointColumn

export interface DataSet {
  /** What it is called, for messages. */
  name: string
  /** Samples; 0 where they are drawn from a distribution. */
  count: number
  /** The values of each field, by its name. */
  columns: Readonly<Record<string, Column>>
}

/** What a sample of it consists of. */
export const fieldsOf = ({ columns }: Pick<DataSet, 'columns'>): Fields =>
  Object.fromEntries(Object.entries(columns).map(([name, { field }]) => [name, field]))

export const isImageColumn = (column: Column): column is ImageColumn => column.field.kind === 'image'
export const isLabelColumn = (column: Column): column is LabelColumn => column.field.kind === 'label'
export const isPointColumn = (column: Column): column is PointColumn => column.field.kind === 'points'

/** The first column of images. Throws DataError when there is none. */
export function imagesOf({ name, columns }: DataSet): ImageColumn {
  const column = Object.values(columns).find(isImageColumn)
  if (!column) throw new DataError(`${name}: holds no images`)
  return column
}

/** The distribution of points called so, as a data set. Throws DataError for an unknown name. */
export const pointSet = (name: string): DataSet => ({
  name,
  count: 0,
  columns: { points: { field: pointField(name, toyOf(name)) } },
})

/** Channels of a stacked image. */
export const STACKED = 3

/**
 * Colour images whose channels are three of the set's grey images, drawn at random one by one: of ten digits, a thousand
 * modes (Metz et al. 2016, arXiv:1611.02163). Labels would be of one channel alone, so they are left out. Throws
 * DataError unless the images are grey.
 */
export function stack(set: DataSet): DataSet {
  const { field, bytes } = imagesOf(set)
  if (field.channels !== 1)
    throw new DataError(`${set.name}: only grey images can be stacked, these have ${field.channels} channels`)
  return { ...set, columns: { image: { field: { ...field, channels: STACKED, stacked: true }, bytes } } }
}

/** Images looked at to tell how much they vary. */
const LOOKED_AT = 256

/** Standard deviation of a column over its samples, averaged over their values: how much the data vary. */
export function spreadOf(column: Column): number {
  if (isLabelColumn(column)) return 0
  if (isPointColumn(column)) {
    const { centres, std } = toyOf(column.field.toy)
    const between = spread(Float32Array.from(centres.flat()), centres.length)
    return Math.hypot(between, std)
  }
  const { field, bytes } = column
  const values = field.size * field.size * (field.stacked ? 1 : field.channels)
  const count = Math.min(bytes.length / values, LOOKED_AT)
  return spread(Float32Array.from(bytes.subarray(0, values * count)), count) * (2 / 255)
}

/** Standard deviation over `count` samples, averaged over their values. */
export function spread(samples: Float32Array, count: number): number {
  const values = samples.length / count
  let total = 0
  for (let i = 0; i < values; i++) {
    let [sum, squares] = [0, 0]
    for (let n = 0; n < count; n++) {
      const x = samples[n * values + i]
      sum += x
      squares += x * x
    }
    total += Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2))
  }
  return total / values
}

/** Whether two descriptions say the same. */
export const sameField = (a: Field, b: Field): boolean => JSON.stringify(a) === JSON.stringify(b)
