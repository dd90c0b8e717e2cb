/** Fields: what a sample of a data set consists of, and what a family of models takes of it. Pure. */
import { DataError } from '../../engine/index.ts'

/** A square picture, [size, size, channels] in [-1, 1]. */
export interface ImageField {
  kind: 'image'
  size: number
  channels: number
  /** Each channel is a grey image of its own, drawn at random (see dataSet.ts). */
  stacked?: true
}

/** A point on a line or in a plane, [dims]. */
export interface PointField {
  kind: 'points'
  dims: number
  /** About the largest coordinate. */
  unit: number
  /** The distribution that it is drawn from (see toys.ts). */
  toy: string
}

/** One of some named classes, as its index. */
export interface LabelField {
  kind: 'label'
  classes: readonly string[]
}

export type Field = ImageField | PointField | LabelField
/** Fields by name. */
export type Fields = Readonly<Record<string, Field>>
/** What can be generated and judged. */
export type SampleField = ImageField | PointField

export const isImage = (field: Field): field is ImageField => field.kind === 'image'
export const isPoints = (field: Field): field is PointField => field.kind === 'points'

/** The shape of one sample of a field. */
export function shapeOf(field: Field): number[] {
  if (isImage(field)) return [field.size, field.size, field.channels]
  return isPoints(field) ? [field.dims] : []
}

/** The first field that can be generated: what a run makes. */
export const sampleOf = (fields: Fields): SampleField | undefined =>
  Object.values(fields).find((field): field is SampleField => isImage(field) || isPoints(field))

/** A field that a family takes: any of these kinds. */
export interface Need<F extends Field = Field> {
  readonly kinds: readonly F['kind'][]
  /** In words, for errors and lists. */
  readonly words: string
}
/** The fields that a family takes, by its own names. */
export type Takes = Readonly<Record<string, Need>>
/** The fields that it is given. */
export type Taken<T extends Takes> = { readonly [Name in keyof T]: T[Name] extends Need<infer F> ? F : never }

export const image = (): Need<ImageField> => ({ kinds: ['image'], words: 'images' })
/** Images or points. */
export const sample = (): Need<SampleField> => ({ kinds: ['image', 'points'], words: 'images or points' })
export const label = (): Need<LabelField> => ({ kinds: ['label'], words: 'labels' })

/**
 * Which field of a data set each need is met by: of those of its kind, the first that is not taken yet. Throws DataError
 * naming what is missing.
 */
export function matchFields(takes: Takes, fields: Fields, who: string, set: string): Record<string, string> {
  const free = new Set(Object.keys(fields))
  const matched: Record<string, string> = {}
  for (const [name, { kinds }] of Object.entries(takes)) {
    const found = [...free].find((field) => kinds.includes(fields[field].kind))
    if (found === undefined)
      throw new DataError(
        `${who} learns from ${takenWords(takes)}; ${set} has ${Object.values(fields).map(fieldWords).join(' and ') || 'nothing'}`,
      )
    free.delete(found)
    matched[name] = found
  }
  return matched
}

/** "images and labels" */
export const takenWords = (takes: Takes): string =>
  Object.values(takes)
    .map(({ words }) => words)
    .join(' and ')

/** "28x28x1 images", "labels of 10 classes" */
export function fieldWords(field: Field): string {
  if (isImage(field)) return `${field.size}x${field.size}x${field.channels} images`
  return isPoints(field) ? `points (${field.toy})` : `labels of ${field.classes.length} classes`
}

/** Whether a family that takes these can learn from a data set of these fields. */
export function fits(takes: Takes, fields: Fields): boolean {
  try {
    matchFields(takes, fields, '', '')
    return true
  } catch {
    return false
  }
}
