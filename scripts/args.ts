// Flags of the commands: declared once, read with errors that name flag, value and what was expected.
import { parseArgs } from 'node:util'
import { kebab } from '../src/models/kebab.ts'
import { expected, type Option, type Options, type OptionValue, readOption } from '../src/models/options.ts'
import { count, notNegative, type Range, readNumber, seeds } from '../src/models/ranges.ts'

/** Numbers in a range, some of which have names; a list: one of its words. */
type Kind = keyof typeof RANGES | Range | 'text' | 'switch' | readonly string[]
const RANGES = { count, seed: seeds, number: notNegative }

export interface Flag<K extends Kind = Kind> {
  kind: K
  /** What --help shows as the value, unless the kind says it. */
  value?: string
  about: string
}

type Value<K> = K extends keyof typeof RANGES | Range
  ? number
  : K extends 'switch'
    ? boolean
    : K extends readonly (infer Word)[]
      ? Word
      : string

export type Values<F extends Record<string, Flag>> = { [Name in keyof F]?: Value<F[Name]['kind']> }

/** What is asked for by flags that belong to a family of models. */
export interface OptionFlags {
  options: Options
  /** What is wrong with a flag that is none of them; undefined where there is no more to say. */
  explain?(flag: string): string | undefined
}

/**
 * Reads `argv`: `flags`, at most `maxPositionals` other arguments, and the options of a family by their names. Throws an
 * Error for an unknown flag, a value that is missing or wrong, or too many arguments.
 */
export function readArgs<const F extends Record<string, Flag>>(
  argv: string[],
  flags: F,
  maxPositionals: number,
  { options, explain }: OptionFlags = { options: {} },
): { values: Values<F>; options: Record<string, OptionValue>; positionals: string[] } {
  const own = new Map(Object.keys(options).map((name) => [kebab(name), name]))
  const { tokens } = parseArgs({
    args: argv,
    options: Object.fromEntries([
      ...[...own].map(([flag, name]) => [flag, typeOf(options[name].kind === 'toggle')] as const),
      ...Object.entries(flags).map(([name, { kind }]) => [name, typeOf(kind === 'switch')] as const),
    ]),
    strict: false, // its errors do not say what was expected
    tokens: true,
  })
  const values: Record<string, unknown> = {}
  const chosen: Record<string, OptionValue> = {}
  const positionals: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value)
    if (token.kind !== 'option') continue
    const option = own.get(token.name)
    if (Object.hasOwn(flags, token.name))
      values[token.name] = readValue(token.rawName, token.value, flags[token.name].kind)
    else if (option === undefined)
      throw new Error(explain?.(token.name) ?? `unknown flag ${token.rawName}; --help lists them`)
    else chosen[option] = readFlag(option, options[option], token.value)
  }
  if (positionals.length > maxPositionals)
    throw new Error(`unexpected argument '${positionals[maxPositionals]}'; --help shows what is`)
  return { values: values as Values<F>, options: chosen, positionals }
}

const typeOf = (isSwitch: boolean) => ({ type: isSwitch ? 'boolean' : 'string' }) as const

function readFlag(name: string, option: Option, text: string | undefined): OptionValue {
  if (text !== undefined) return readOption(name, option, text)
  if (option.kind === 'toggle') return true
  throw new Error(`--${kebab(name)} needs a value: ${expected(option)}`)
}

function readValue(flag: string, text: string | undefined, kind: Kind): unknown {
  const fail = (expected: string) => {
    throw new Error(
      text === undefined
        ? `${flag} needs a value: ${expected}`
        : `${flag}: expected ${expected}, got '${text}'`,
    )
  }
  if (kind === 'switch') return text === undefined ? true : fail('no value')
  if (kind === 'text') return text || fail('some text')
  if (isWords(kind)) return text && kind.includes(text) ? text : fail(`one of ${kind.join(', ')}`)
  const range = rangeOf(kind)
  return readNumber(range, text ?? '') ?? fail(range.words)
}

const isWords = (kind: Kind): kind is readonly string[] => Array.isArray(kind)
const rangeOf = (kind: keyof typeof RANGES | Range): Range => (typeof kind === 'string' ? RANGES[kind] : kind)

/** A line per flag, for --help. */
export function helpLines(flags: Record<string, Flag>): string[] {
  const heads = Object.entries(flags).map(([name, { kind, value }]) => `--${name} ${value ?? shown(kind)}`)
  const width = Math.max(...heads.map((head) => head.length))
  return Object.values(flags).map(({ about }, i) => `  ${heads[i].padEnd(width)}  ${about}`)
}

function shown(kind: Kind): string {
  if (isWords(kind)) return kind.join('|')
  if (kind === 'text') return 'TEXT'
  if (kind === 'switch') return ''
  return rangeOf(kind).isWhole ? 'N' : 'X'
}

/** Values of --host. */
export const HOSTS = ['chrome', 'node'] as const
export type Host = (typeof HOSTS)[number]

/** Values of --adapter; under Node also a part of an adapter's name. */
export const ADAPTERS = ['default', 'software', 'high-performance', 'low-power'] as const
export type AdapterChoice = (typeof ADAPTERS)[number]

/** The flag --adapter of commands that have --host. */
export const ADAPTER_FLAG = {
  kind: 'text',
  value: 'NAME',
  about: `${ADAPTERS.join(', ')}; under Node also a part of its name`,
} as const

/** What --adapter means for the engine and, under Node, for Dawn. Throws an Error for a name where a word is expected. */
export function readAdapter(text: string | undefined, host: Host): { choice?: AdapterChoice; name?: string } {
  if (host === 'node' && text === 'software') return { name: 'llvmpipe' } // Dawn knows of no fallback adapter there
  const choice = ADAPTERS.find((word) => word === text)
  if (choice || text === undefined) return { choice }
  if (host === 'node') return { name: text }
  throw new Error(`--adapter: expected one of ${ADAPTERS.join(', ')}, got '${text}'`)
}
