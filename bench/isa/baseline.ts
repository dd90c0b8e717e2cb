/** bench/isa-baseline.json: the figures of every variant that were accepted, and what differs from them. Pure. */
import { list, map, number, object, type TypeOf, text } from '../../src/engine/schema.ts'
import type { Stats } from './stats.ts'

const FORMAT = 'ganvas isa baseline 1'
const COLUMNS = [
  'vgprs',
  'spills',
  'scratch',
  'occupancy',
  'codeBytes',
  'inverseThroughput',
  'multiplyAddPercent',
] as const
type Figures = Record<(typeof COLUMNS)[number], number>

/** What the file has to be. */
export const baselineFile = object({
  format: text,
  driver: text,
  columns: list(text),
  /** Figures in the order of the columns, by chip, then by variant. */
  chips: map(map(list(number))),
})
export type Baseline = TypeOf<typeof baselineFile>

/** The part of a result that is compared. */
export interface Measured {
  chip: string
  id: string
  stats: Stats
}

export const spillsOf = (stats: Stats): number => stats.spilledVgprs + stats.spilledSgprs

const figuresOf = (stats: Stats): Figures => ({
  ...stats,
  spills: spillsOf(stats),
  multiplyAddPercent: Math.round(stats.multiplyAddShare * 100),
})

export function makeBaseline(driver: string, rows: readonly Measured[]): Baseline {
  const chips: Baseline['chips'] = {}
  for (const { chip, id, stats } of [...rows].sort((a, b) => (a.id < b.id ? -1 : 1))) {
    const figures = figuresOf(stats)
    chips[chip] ??= {}
    chips[chip][id] = COLUMNS.map((name) => figures[name])
  }
  return { format: FORMAT, driver, columns: [...COLUMNS], chips }
}

/** As JSON with a line per variant, so that a change reads as one in a diff. */
export function baselineText({ chips, columns, ...head }: Baseline): string {
  const block = (indent: string, entries: [string, string][]): string =>
    `{\n${entries.map(([name, text]) => `${indent}  ${JSON.stringify(name)}: ${text}`).join(',\n')}\n${indent}}`
  const chipText = (variants: Record<string, number[]>): string =>
    block(
      '    ',
      Object.entries(variants).map(([id, values]) => [id, `[${values.join(', ')}]`]),
    )
  return `${block('', [
    ...Object.entries(head).map(([name, value]): [string, string] => [name, JSON.stringify(value)]),
    ['columns', JSON.stringify(columns, undefined, 2).replaceAll('\n', '\n  ')],
    [
      'chips',
      block(
        '  ',
        Object.entries(chips).map(([chip, variants]) => [chip, chipText(variants)]),
      ),
    ],
  ])}\n`
}

export interface Comparison {
  /** Variants that spill, or use scratch memory, more than was accepted; one that is new may do neither. */
  worse: string[]
  /** Fewer waves at once, or over a tenth more cycles: told, not failed. */
  slower: string[]
  /** Variants that the baseline does not have. */
  added: number
  /** Chips that it does not have. */
  unknown: string[]
}

/** Throws an Error when the baseline is of another format. */
export function compare(rows: readonly Measured[], baseline: Baseline): Comparison {
  if (baseline.format !== FORMAT)
    throw new Error(`the baseline's format is '${baseline.format}', expected '${FORMAT}'`)
  const result: Comparison = { worse: [], slower: [], added: 0, unknown: [] }
  for (const { chip, id, stats } of rows) {
    const variants = baseline.chips[chip]
    if (!variants) {
      if (!result.unknown.includes(chip)) result.unknown.push(chip)
      continue
    }
    const accepted = variants[id] && named(variants[id], baseline.columns)
    const now = figuresOf(stats)
    const told = (name: keyof Figures): string =>
      `${chip} ${id}: ${name} ${accepted ? `${accepted[name]} -> ` : ''}${now[name]}`
    for (const name of ['spills', 'scratch'] as const)
      if (now[name] > (accepted?.[name] ?? 0)) result.worse.push(told(name))
    if (!accepted) {
      result.added++
      continue
    }
    if (now.occupancy < accepted.occupancy) result.slower.push(told('occupancy'))
    if (now.inverseThroughput > accepted.inverseThroughput * 1.1)
      result.slower.push(told('inverseThroughput'))
  }
  return result
}

const named = (values: number[], columns: readonly string[]): Figures =>
  Object.fromEntries(columns.map((name, i) => [name, values[i]])) as Figures
