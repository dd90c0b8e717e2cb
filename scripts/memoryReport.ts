/** From looks at a training's memory to what grew, and whether it may. Pure. */
import { type Line, lineThrough } from './slope.ts'

/** What there was while the training was at a step. */
export interface Look {
  step: number
  /** Resident bytes. */
  processes: readonly { kind: string; rss: number }[]
  /** Bytes by name. */
  files: Readonly<Record<string, number>>
}

/** Bytes that the engine held after a step, by its own count: in tensors, and in buffers that wait for reuse. */
export interface Held {
  step: number
  used: number
  kept: number
}

export interface Seen {
  looks: Look[]
  held: Held[]
}

const MB = 1e6
/** Steps that growth is given for. */
const PER = 1000
/** MB per 1,000 steps that a process may grow by in the second half of a run. */
const LIMIT = 0.25
/** Growth counts when it is this many times its standard error. */
const SURE = 3

const kindsOf = (looks: readonly Look[]): string[] => [
  ...new Set(looks.flatMap(({ processes }) => processes.map(({ kind }) => kind))),
]

/** Looks while processes of all kinds were there: at the end, Chrome has gone before Node has. */
function whole(looks: readonly Look[]): Look[] {
  const kinds = kindsOf(looks)
  return looks.filter(({ processes }) => kinds.every((kind) => processes.some((each) => each.kind === kind)))
}

const secondHalf = <T extends { step: number }>(list: readonly T[]): T[] =>
  list.filter(({ step }) => step >= (list.at(-1)?.step ?? 0) / 2)

/** Of all processes of a kind together: which of two renderers does the work is Chrome's affair. */
const rssOf = ({ processes }: Look, kind: string): number =>
  processes.reduce((sum, process) => (process.kind === kind ? sum + process.rss : sum), 0)

/** MB per 1,000 steps. */
const growth = (looks: readonly Look[], of: (look: Look) => number): Line =>
  lineThrough(looks.map((look) => [look.step / PER, of(look) / MB] as const))

const heldText = ({ used, kept }: Held): string => `${used} bytes in tensors, ${kept} kept for reuse`

/** What the engine held after its first samples: each different state once. */
const statesOf = (held: readonly Held[]): string[] => [...new Set(held.slice(1).map(heldText))]

/** A table of processes and files, and what the engine held. Throws an Error when there was not time for three looks. */
export function linesOf({ looks: all, held }: Seen): string[] {
  const looks = whole(all)
  const half = secondHalf(looks)
  if (half.length < 3) throw new Error(`the run was looked at ${looks.length} times only: give more --steps`)
  const shown = [looks[0], half[0], looks[looks.length - 1]]
  const row = (name: string, of: (look: Look) => number): string => {
    const { slope, error } = growth(half, of)
    const cells = shown.map((look) => (of(look) / MB).toFixed(2).padStart(10))
    return `${name.padEnd(24)}${cells.join('')}   ${slope.toFixed(3).padStart(7)} ± ${error.toFixed(3)}`
  }
  return [
    `${'MB after step'.padEnd(24)}${shown.map(({ step }) => String(step).padStart(10)).join('')}   per 1,000 steps of the second half`,
    ...kindsOf(looks).map((kind) => row(kind, (look) => rssOf(look, kind))),
    ...Object.keys(shown[2].files).map((name) => row(name, ({ files }) => files[name] ?? 0)),
    `engine: ${statesOf(held).join('; then ') || 'said nothing'}`,
  ]
}

/** What grew that should not; nothing if all is well. Files are what the run is for, and may grow. */
export function verdictOf({ looks, held }: Seen): string[] {
  const half = secondHalf(whole(looks))
  const grown = kindsOf(half).flatMap((kind) => {
    const { slope, error } = growth(half, (look) => rssOf(look, kind))
    return slope - SURE * error > LIMIT
      ? [`${kind} grew by ${slope.toFixed(2)} ± ${error.toFixed(2)} MB per 1,000 steps, more than ${LIMIT}`]
      : []
  })
  const states = statesOf(held)
  return states.length === 1
    ? grown
    : [...grown, `the engine's memory was not constant: ${states.join('; then ') || 'it said nothing'}`]
}
