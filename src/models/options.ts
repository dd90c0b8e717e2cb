/** Hyperparameters: what kinds there are, their ranges, and reading them. Pure. */
import { DataError } from '../engine/index.ts'
import { kebab } from './kebab.ts'

export type OptionValue = number | string | boolean

/** One hyperparameter of a family. */
export interface Option<V extends OptionValue = OptionValue> {
  /** The paper's. */
  readonly value: V
  /** One line of help. */
  readonly about: string
  /** What values there are, in words. */
  readonly expected: string
  /** Whether a value, from a flag, a link or a file, is one of them. */
  readonly test: (value: unknown) => value is V
  /** The words to choose from, of an option that is one of some. */
  readonly words?: readonly string[]
}

export type Options = Readonly<Record<string, Option>>
/** The values of options, by name. */
export type Values<O extends Options> = {
  readonly [Name in keyof O]: O[Name] extends Option<infer V> ? V : never
}

const numeric =
  (expected: string, isIn: (value: number) => boolean) =>
  (value: number, about: string): Option<number> => ({
    value,
    about,
    expected,
    test: (x): x is number => typeof x === 'number' && Number.isFinite(x) && isIn(x),
  })

/** How many: of channels, of layers, of updates. */
export const count = numeric('a whole number, at least 1', (x) => Number.isSafeInteger(x) && x >= 1)
/** How many, or 0 for none. */
export const countOrNone = numeric('a whole number, 0 for none', (x) => Number.isSafeInteger(x) && x >= 0)
/** A rate, a weight. */
export const amount = numeric('a number that is not negative', (x) => x >= 0)
/** A probability, a share. */
export const fraction = numeric('a number from 0 to 1', (x) => x >= 0 && x <= 1)
/** The decay of a running mean, Adam's betas among them. */
export const decay = numeric('a number from 0 up to, but not including, 1', (x) => x >= 0 && x < 1)

/** Yes or no. */
export const toggle = (value: boolean, about: string): Option<boolean> => ({
  value,
  about,
  expected: 'yes or no',
  test: (x): x is boolean => typeof x === 'boolean',
})

/** One of some words; the first is the paper's. */
export const oneOf = <const W extends string>(words: readonly W[], about: string): Option<W> => ({
  value: words[0],
  about,
  expected: `one of ${words.map(kebab).join(', ')}`,
  test: (x): x is W => words.includes(x as W),
  words,
})

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
    if (!options[name].test(value))
      throw new DataError(`${who}: ${name}: expected ${options[name].expected}, got ${JSON.stringify(value)}`)
  }
  return { ...defaultsOf(options), ...given } as Values<O>
}

/** The value that a flag or a link says. Throws DataError naming the flag and what was expected. */
export function readOption(name: string, option: Option, text: string): OptionValue {
  const { value, words } = option
  const read =
    typeof value === 'number'
      ? text.trim() === ''
        ? Number.NaN
        : Number(text)
      : typeof value === 'boolean'
        ? (
            { true: true, yes: true, '1': true, false: false, no: false, '0': false } as Record<
              string,
              boolean
            >
          )[text]
        : words?.find((word) => kebab(word) === text)
  if (read !== undefined && option.test(read)) return read
  throw new DataError(`--${kebab(name)}: expected ${option.expected}, got '${text}'`)
}
