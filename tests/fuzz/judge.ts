/** What a reader of damaged input may do: give a value, or refuse in one line of ours. Nothing else. */
import * as errors from '../../src/engine/errors.ts'

/** One input, and what is done with it. */
export interface Case {
  /** The input, for whoever has to repeat it. */
  input: string
  /** Reads it; throws where it refuses, and an `Unsound` where what it gave cannot be. */
  run(): unknown
  /** Whether to read it without a word is a fault, too: something in the format tells that it was damaged. */
  mustRefuse?: boolean
  /** Whether these are the person's own words, which may be repeated as they are, line breaks and all. */
  isOwn?: boolean
}

/** Thrown by a case that looked at what was read. */
export class Unsound extends Error {}

/** Throws Unsound. */
export function sound(condition: boolean, otherwise: string): void {
  if (!condition) throw new Unsound(otherwise)
}

const LIMIT = { ms: 10_000, bytes: 1e9, letters: 2000 }

const OURS = Object.values(errors) as (new (message: string) => Error)[]

/** What is wrong with how a case went; undefined if nothing is. */
export function faultOf({ run, mustRefuse, isOwn }: Case, limit = LIMIT): string | undefined {
  const before = mostMemory()
  const started = performance.now()
  let fault: string | undefined
  try {
    run()
    if (mustRefuse) fault = 'was read without a word'
  } catch (error) {
    fault = faultOfError(error, isOwn)
  }
  const ms = performance.now() - started
  const taken = mostMemory() - before
  if (ms > limit.ms) return `took ${Math.round(ms / 1000)} s`
  return taken > limit.bytes ? `took ${Math.round(taken / 1e6)} MB` : fault
}

/** The most that this process ever had in memory, bytes. */
const mostMemory = (): number => process.resourceUsage().maxRSS * 1024

/** What is wrong with an error that a person would see. */
export function faultOfError(error: unknown, isOwn = false): string | undefined {
  if (!(error instanceof Error)) return `threw ${String(error)}, which is no Error`
  const { message } = error
  if (error instanceof Unsound) return message
  const told = `${error.name}: ${message}`
  // A plain Error is ours where a command throws it; those of Node have a code.
  if (!OURS.some((own) => error instanceof own) && (error.constructor !== Error || 'code' in error))
    return `threw ${told}${placeOf(error)}`
  if (!message.trim()) return `threw an empty ${error.name}`
  // What else a terminal obeys is taken out where commands print (scripts/run.mjs).
  if (message.includes('\n') && !isOwn)
    return `says more than a line: ${JSON.stringify(told)}${placeOf(error)}`
  if (message.length > LIMIT.letters) return `says ${message.length} letters: ${told.slice(0, 200)}`
  // What came may be just that, and a person may write it; anywhere else it is a name that was not found.
  if (
    !isOwn &&
    /(?<!got )\b(undefined|NaN)\b|\[object /.test(message.replace(/'[^']*'|"(?:[^"\\]|\\.)*"/g, ''))
  )
    return `says what means nothing: ${told}`
  return undefined
}

/** Where it was thrown, in our files. */
const placeOf = ({ stack = '' }: Error): string =>
  / at .*?((?:src|scripts|bench)\/[^\s)]*)/.exec(stack)?.[1]?.replace(/^/, ' at ') ?? ''
