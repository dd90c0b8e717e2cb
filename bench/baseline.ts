/** What is wrong with a run: rows without a time, and rows slower than in an earlier run. Pure. */
import type { KernelResult, Quantiles, Result, StepResult } from './result.ts'
import { short } from './table.ts'

interface Judged {
  name: string
  status: string
  error?: string
  /** Percentage of the roof at the median time; undefined without one. */
  percent?: number
  times?: Quantiles
  noisy?: boolean
}

const ofKernel = (k: KernelResult): Judged => ({
  ...k,
  name: `${k.op} ${k.shape} (${k.variant})`,
  times: k.warm,
})
const ofStep = (s: StepResult): Judged => ({ ...s, name: `${s.model} ${s.shape}`, times: s.ms })
const judged = ({ kernels, steps }: Result): Judged[] => [...kernels.map(ofKernel), ...steps.map(ofStep)]

/** A line for each row without a time. */
export const brokenRows = (result: Result): string[] =>
  judged(result)
    .filter(({ status }) => status !== 'ok')
    .map(({ name, status, error }) => `${status}: ${name}: ${error}`)

/** The percentage at another time than the median, where the row is noisy. */
const percentAt = ({ percent, times, noisy }: Judged, end: 'p10' | 'p90'): number | undefined =>
  percent !== undefined && noisy && times ? (percent * times.median) / times[end] : percent

export interface Comparison {
  compared: number
  /** A line for each row whose percentage of the roof fell by more than the margin. */
  fallen: string[]
}

/**
 * Judges rows by their percentage of the roof, so that a machine that is slower as a whole is no regression. Noise
 * counts in the row's favour: it falls when the fast end of what it is now is below the slow end of what it was.
 * Throws an Error when the two were not measured on the same adapter.
 */
export function compareWith(before: Result, now: Result, marginPercent: number): Comparison {
  const [was, is] = [before.environment.adapter.name, now.environment.adapter.name]
  if (was !== is) throw new Error(`the baseline was measured on another adapter: ${was}, not ${is}`)
  const known = new Map(judged(before).map((row) => [row.name, row]))
  const comparison: Comparison = { compared: 0, fallen: [] }
  for (const row of judged(now)) {
    const old = known.get(row.name)
    const [from, to] = [old && percentAt(old, 'p90'), percentAt(row, 'p10')]
    if (from === undefined || to === undefined) continue
    comparison.compared++
    if (to < from * (1 - marginPercent / 100))
      comparison.fallen.push(`slower: ${row.name} is at ${short(to)}% of its roof, was at ${short(from)}%`)
  }
  return comparison
}
