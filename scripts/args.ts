// Flags of the commands: declared once, read with errors that name flag, value and what was expected.
import { parseArgs } from 'node:util'
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

/**
 * Reads `argv`: `flags`, at most `maxPositionals` other arguments, and `numbers`, flags whose names are not known
 * here. Throws an Error for an unknown flag, a value that is missing or wrong, or too many arguments.
 */
export function readArgs<const F extends Record<string, Flag>>(
  argv: string[],
  flags: F,
  maxPositionals: number,
  numbers: Record<string, Flag<Range>> = {},
): { values: Values<F>; numbers: Record<string, number>; positionals: string[] } {
  const all: Record<string, Flag> = { ...numbers, ...flags }
  const { tokens } = parseArgs({
    args: argv,
    options: Object.fromEntries(
      Object.entries(all).map(([name, { kind }]) => [
        name,
        { type: kind === 'switch' ? 'boolean' : 'string' } as const,
      ]),
    ),
    strict: false, // its errors do not say what was expected
    tokens: true,
  })
  const values: Record<string, unknown> = {}
  const more: Record<string, unknown> = {}
  const positionals: string[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value)
    if (token.kind !== 'option') continue
    if (!Object.hasOwn(all, token.name)) throw new Error(`unknown flag ${token.rawName}; --help lists them`)
    const target = Object.hasOwn(flags, token.name) ? values : more
    target[token.name] = readValue(token.rawName, token.value, all[token.name].kind)
  }
  if (positionals.length > maxPositionals)
    throw new Error(`unexpected argument '${positionals[maxPositionals]}'; --help shows what is`)
  return { values: values as Values<F>, numbers: more as Record<string, number>, positionals }
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
