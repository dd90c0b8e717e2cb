/** From looks at a training's memory to what grew, and whether it may. Pure. */
import type { Process } from './processes.ts'
import { type Line, lineThrough } from './slope.ts'

/** What there was while the training was at a step. */
export interface Look {
  step: number
  processes: readonly Process[]
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
/** Looks that a slope is told from, at least. */
const ENOUGH = 3

/** MB per 1,000 steps. */
const growth = (looks: readonly Look[], of: (look: Look) => number): Line =>
  lineThrough(looks.map((look) => [look.step / PER, of(look) / MB] as const))

/** A process over the second half of a run. */
interface Life {
  name: string
  rss(look: Look): number
  /** Undefined for one that began or ended meanwhile. */
  growth?: Line
}

interface Halved {
  /** Of the whole run, up to where Chrome had gone before Node had. */
  looks: Look[]
  half: Look[]
  lives: Life[]
}

/** Throws an Error when there was not time for a few looks. */
function halved(all: readonly Look[]): Halved {
  const usual = all[all.length >> 1]?.processes ?? []
  const isWhole = ({ processes }: Look): boolean =>
    usual.every(({ kind }) => processes.some((each) => each.kind === kind))
  const looks = all.slice(0, all.findLastIndex(isWhole) + 1)
  const end = looks.at(-1)?.step ?? 0
  const half = looks.filter(({ step }) => step >= end / 2)
  if (half.length < ENOUGH)
    throw new Error(`the run was looked at ${looks.length} times only: give more --steps`)
  const first = new Map(looks.flatMap(({ processes }) => processes).map(({ pid, kind }) => [pid, kind]))
  const lives = [...first].map(([pid, kind]): Life => {
    const own = [...first].filter(([, other]) => other === kind).map(([id]) => id)
    const rss = ({ processes }: Look): number => processes.find((each) => each.pid === pid)?.rss ?? 0
    return {
      name: own.length > 1 ? `${kind} ${own.indexOf(pid) + 1}` : kind,
      rss,
      ...(half.every((look) => rss(look) > 0) && { growth: growth(half, rss) }),
    }
  })
  return { looks, half, lives }
}

const heldText = ({ used, kept }: Held): string => `${used} bytes in tensors, ${kept} kept for reuse`

/** What the engine held after its first samples: each different state once. */
const statesOf = (held: readonly Held[]): string[] => [...new Set(held.slice(1).map(heldText))]

/** A table of processes and files, and what the engine held. Throws an Error when there was not time for a few looks. */
export function linesOf({ looks: all, held }: Seen): string[] {
  const { looks, half, lives } = halved(all)
  const shown = [looks[0], half[0], looks[looks.length - 1]]
  const row = (name: string, of: (look: Look) => number, line: Line | undefined): string => {
    const cells = shown.map((look) => (of(look) / MB).toFixed(2).padStart(10))
    const grown = line ? `${line.slope.toFixed(3).padStart(7)} ± ${line.error.toFixed(3)}` : '  not all of it'
    return `${name.padEnd(24)}${cells.join('')}   ${grown}`
  }
  const names = Object.keys(shown[2].files)
  const sizeOf =
    (name: string) =>
    ({ files }: Look): number =>
      files[name] ?? 0
  return [
    `${'MB after step'.padEnd(24)}${shown.map(({ step }) => String(step).padStart(10)).join('')}   per 1,000 steps of the second half`,
    ...lives.map(({ name, rss, growth: line }) => row(name, rss, line)),
    ...names.map((name) => row(name, sizeOf(name), growth(half, sizeOf(name)))),
    `engine: ${statesOf(held).join('; then ') || 'said nothing'}`,
  ]
}

/** What grew that should not; nothing if all is well. Files are what the run is for, and may grow. */
export function verdictOf({ looks, held }: Seen): string[] {
  const grown = halved(looks).lives.flatMap(({ name, growth: line }) =>
    line && line.slope - SURE * line.error > LIMIT
      ? [
          `${name} grew by ${line.slope.toFixed(2)} ± ${line.error.toFixed(2)} MB per 1,000 steps, more than ${LIMIT}`,
        ]
      : [],
  )
  const states = statesOf(held)
  return states.length === 1
    ? grown
    : [...grown, `the engine's memory was not constant: ${states.join('; then ') || 'it said nothing'}`]
}
