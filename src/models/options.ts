/** Hyperparameters: what kinds there are, their ranges, and reading them. Pure. */
import { DataError } from '../engine/errors.ts'
import { kebab } from './kebab.ts'
import {
  positive as above0,
  decay as decays,
  from,
  notNegative,
  type Range,
  readNumber,
  wholes,
} from './ranges.ts'

export type OptionValue = number | string | boolean

/** What numbers of a kind may be. */
const NUMBERS = {
  count: wholes(1),
  countOrNone: { ...wholes(0), words: 'a whole number, 0 for none' },
  /** A rate, a weight. */
  amount: notNegative,
  positive: above0,
  /** A probability, a share. */
  fraction: from(0, 1),
  /** Of a running mean, Adam's betas among them. */
  decay: decays,
} as const satisfies Record<string, Range>

export type OptionKind = keyof typeof NUMBERS | 'toggle' | 'oneOf'

/** One hyperparameter of a family. Plain data, so that a page can be told of it. */
export interface Option<V extends OptionValue = OptionValue> {
  readonly kind: OptionKind
  /** The paper's. */
  readonly value: V
  /** One line of help. */
  readonly about: string
  /** The words to choose from, of an option that is one of some. */
  readonly words?: readonly (V & string)[]
}

export type Options = Readonly<Record<string, Option>>
/** The values of options, by name. */
export type Values<O extends Options> = {
  readonly [Name in keyof O]: O[Name] extends Option<infer V> ? V : never
}

const numeric =
  (kind: keyof typeof NUMBERS) =>
  (value: number, about: string): Option<number> => ({ kind, value, about })

export const count = numeric('count')
export const countOrNone = numeric('countOrNone')
export const amount = numeric('amount')
export const positive = numeric('positive')
export const fraction = numeric('fraction')
export const decay = numeric('decay')

/** Yes or no. */
export const toggle = (value: boolean, about: string): Option<boolean> => ({ kind: 'toggle', value, about })

/** One of some words; the first is the paper's. */
export const oneOf = <const W extends string>(words: readonly W[], about: string): Option<W> => ({
  kind: 'oneOf',
  value: words[0],
  about,
  words,
})

/** What values an option has, in words. */
export function expected({ kind, words = [] }: Option): string {
  if (kind === 'toggle') return 'yes or no'
  return kind === 'oneOf' ? `one of ${words.map(kebab).join(', ')}` : NUMBERS[kind].words
}

/** Whether a value, from a flag, a link or a file, is one of the option's. */
export function accepts({ kind, words }: Option, value: unknown): value is OptionValue {
  if (kind === 'toggle') return typeof value === 'boolean'
  if (kind === 'oneOf') return (words as readonly unknown[]).includes(value)
  return typeof value === 'number' && NUMBERS[kind].has(value)
}

/** The paper's values. */
export const defaultsOf = <O extends Options>(options: O): Values<O> =>
  Object.fromEntries(Object.entries(options).map(([name, { value }]) => [name, value])) as Values<O>

/** The part of `values` that `options` have and that are not the paper's. */
export const changed = (
  options: Options,
  values: Readonly<Record<string, OptionValue>>,
): Record<string, OptionValue> =>
  Object.fromEntries(
    Object.entries(values).filter(
      ([name, value]) => Object.hasOwn(options, name) && options[name].value !== value,
    ),
  )

/** All values, from those that differ from the paper's. Throws DataError naming an unknown option or a wrong value. */
export function valuesOf<O extends Options>(
  who: string,
  options: O,
  given: Readonly<Record<string, unknown>>,
): Values<O> {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(options, name))
      throw new DataError(
        `${who} has no option '${name}'; it has ${Object.keys(options).join(', ') || 'none'}`,
      )
    if (!accepts(options[name], value))
      throw new DataError(
        `${who}: ${name}: expected ${expected(options[name])}, got ${JSON.stringify(value) ?? value}`,
      )
  }
  return { ...defaultsOf(options), ...given } as Values<O>
}

const SWITCHES: ReadonlyMap<string, boolean> = new Map([
  ['yes', true],
  ['no', false],
  ['true', true],
  ['false', false],
  ['1', true],
  ['0', false],
])

/** The value that a flag, a field or a link says; undefined when it is none of the option's. */
export function optionOf(option: Option, text: string): OptionValue | undefined {
  const { kind, words = [] } = option
  if (kind === 'toggle') return SWITCHES.get(text)
  if (kind === 'oneOf') return words.find((word) => kebab(word) === text)
  return readNumber(NUMBERS[kind], text)
}

/** How a flag, a field or a link says a value. */
export const optionText = (value: OptionValue): string =>
  typeof value === 'boolean'
    ? value
      ? 'yes'
      : 'no'
    : typeof value === 'string'
      ? kebab(value)
      : String(value)

/** The value that a flag says. Throws DataError naming the flag and what was expected. */
export function readOption(name: string, option: Option, text: string): OptionValue {
  const value = optionOf(option, text)
  if (value !== undefined) return value
  throw new DataError(`--${kebab(name)}: expected ${expected(option)}, got '${text}'`)
}
