/**
 * What is saved of a run, as it has to be: what a checkpoint says besides its tensors, and run.json. The one place that says
 * so; whoever reads either, a command or the page, has it checked by this first.
 */
import { type RandomState, schema, tunedTable } from '../../engine/index.ts'
import { type Field, type Fields, isPoints } from '../data/fields.ts'
import { toys } from '../data/toys.ts'
import { families } from '../index.ts'
import type { OptionValue } from '../options.ts'
import type { Settings } from './stabilisers/names.ts'

const { also, count, either, flag, kind, list, map, number, object, oneOf, optional, text, whole } = schema
type Schema<T> = schema.Schema<T>

/** All that determines a run, besides the data: the same configuration gives the same bits on the same adapter. */
export interface Config {
  model: string
  /** The options that differ from the paper's. */
  options: Record<string, OptionValue>
  /** Regularisers and tricks, if there are any. */
  aids?: Settings
  /** The fields that it learns from, by the family's names. */
  fields: Fields
  batch: number
  seed: number
}

const wordOf = <W extends string>(words: object): Schema<W> =>
  kind(`one of ${Object.keys(words).join(', ')}`, (v) => typeof v === 'string' && Object.hasOwn(words, v))

const FIELDS: Readonly<Record<Field['kind'], Schema<Field>>> = {
  image: object({
    kind: oneOf('image'),
    size: count,
    channels: count,
    stacked: optional(kind<true>('true', (v) => v === true)),
  }),
  points: object({ kind: oneOf('points'), dims: count, unit: number, toy: wordOf<string>(toys) }),
  label: object({ kind: oneOf('label'), classes: list(text) }),
}
const unknownField: Schema<Field> = object({ kind: oneOf('image', 'points', 'label') }) as Schema<Field>
const field = either<Field>((value) => FIELDS[(value as Field | null)?.kind as Field['kind']] ?? unknownField)

const seed = kind<number>(
  'a whole number from 0 to 4294967295',
  (v) => Number.isInteger(v) && (v as number) >= 0 && (v as number) < 2 ** 32,
)

const isOptionValue = (v: unknown): boolean =>
  Number.isFinite(v) || typeof v === 'string' || typeof v === 'boolean'

/** Kinds and ranges; what a model has and takes is for `checkConfig`. */
export const config: Schema<Config> = object({
  model: wordOf<string>(families),
  options: map(kind<OptionValue>('a number, a word, or true or false', isOptionValue)),
  aids: optional(map(number)),
  fields: map(field),
  batch: count,
  seed,
})

/** What a checkpoint says besides its tensors. */
export interface State {
  config: Config
  /** Steps taken. */
  step: number
  /** Of each optimiser, by its name: a critic has more updates than there were steps. */
  updates: Record<string, number>
  random: RandomState
}

export const updates: Schema<State['updates']> = map(whole)
export const random: Schema<RandomState> = object({ seed, block: whole })

export const state: Schema<State> = object({ config, step: whole, updates, random })

const ADAPTERS = ['default', 'software', 'high-performance', 'low-power'] as const

/** What a run was made with. */
export const environmentFields = {
  adapter: object({
    name: text,
    software: flag,
    vendor: text,
    architecture: text,
    device: text,
    description: text,
  }),
  /** As asked for by --adapter. */
  adapterChoice: oneOf(...ADAPTERS),
  browser: text,
  chromeFlags: list(text),
  node: text,
  os: text,
  /** "cores x model" */
  cpu: text,
  versions: map(text),
  /** Of Ganvas' sources; '+' at the end: with changes. Missing where they are no git checkout. */
  commit: optional(text),
}
const environment = object(environmentFields)

const hash = optional(kind<string>('64 hexadecimal digits', (v) => /^[\da-f]{64}$/.test(String(v))))

/** run.json. */
const fields = object({
  config,
  /** Train until this step. */
  steps: count,
  /** Steps between lines of the log, sample pictures, checkpoints, and scorings of samples if there are any. */
  every: object({ log: count, sample: count, checkpoint: count, metrics: optional(count) }),
  /** As --data takes it, and of images what tells them from others. */
  data: object({
    name: text,
    count: optional(count),
    sha256: hash,
    /** Of labels, where they were read, too. */
    labels: hash,
  }),
  started: text,
  environment,
  /** The variants of kernels that it is computed with where these are not the usual ones: its bits depend on them. */
  tuned: optional(tunedTable),
  /** Each time the run was continued. */
  resumed: list(object({ step: whole, started: text, environment })),
})
export type RunRecord = schema.TypeOf<typeof fields>
export type Environment = RunRecord['environment']

export const runRecord: Schema<RunRecord> = also(fields, ({ config, data: { sha256 } }, at) =>
  sha256 || Object.values(config.fields).some(isPoints)
    ? []
    : [`${at ? `${at}.` : ''}data.sha256: expected 64 hexadecimal digits, got nothing`],
)
