/** A profile of each dispatch as a table: a row for each kernel and the shapes it ran on. */

import type { Dispatch } from '../gpu/dispatch.ts'
import type { Work } from '../ops/products/counts.ts'
import type { PassRecord } from './profile.ts'
import { shapesOf, uncountedLines, workOf } from './work.ts'

/** Launches that do the same. */
export interface Launched {
  /** As the user knows it. */
  op: string
  kernel: string
  shape: string
}

export const launchedBy = (dispatch: Dispatch): Launched => ({
  op: dispatch.about?.op ?? dispatch.kernel,
  kernel: dispatch.kernel,
  shape: shapesOf(dispatch),
})

export interface KernelRow extends Launched {
  calls: number
  /** Of all calls. */
  ms: number
  /** Of all calls. */
  work: Work
  /** Whether the FLOPs in it are known. */
  counted: boolean
}

/** The rows of a profile that gave every dispatch a pass of its own, the most expensive first. */
export function kernelRows(passes: readonly PassRecord[]): KernelRow[] {
  const rows = new Map<string, KernelRow>()
  for (const { dispatches, begin = 0, end = 0 } of passes) {
    const launched = launchedBy(dispatches[0])
    const key = Object.values(launched).join('|')
    const row = rows.get(key) ?? { ...launched, calls: 0, ms: 0, work: { flops: 0, bytes: 0 }, counted: true }
    rows.set(key, row)
    const { flops, bytes, counted } = workOf(dispatches[0])
    row.counted &&= counted
    row.calls++
    row.ms += (end - begin) / 1e6
    row.work.flops += flops
    row.work.bytes += bytes
  }
  return [...rows.values()].sort((a, b) => b.ms - a.ms)
}

/** For a terminal or a console: a line a row; what has no count is marked, and named at the end. */
export function kernelLines(rows: readonly KernelRow[]): string[] {
  const total = rows.reduce((sum, { ms }) => sum + ms, 0)
  const line = (...cells: string[]): string => {
    const [calls, ms, share, gflops, gbs, ...names] = cells
    const figures = [
      calls.padStart(5),
      ms.padStart(8),
      share.padStart(6),
      gflops.padStart(8),
      gbs.padStart(7),
    ]
    return [...figures, '', ...names].join(' ')
  }
  return [
    line('calls', 'ms', 'share', 'GFLOP/s', 'GB/s', 'kernel'),
    ...rows.map(({ op, kernel, shape, calls, ms, work, counted }) =>
      line(
        String(calls),
        ms.toFixed(3),
        `${((100 * ms) / total).toFixed(1)}%`,
        counted ? (work.flops / ms / 1e6).toFixed(2) : '?',
        (work.bytes / ms / 1e6).toFixed(2),
        op === kernel ? op : `${op} (${kernel})`,
        shape,
      ),
    ),
    line(String(rows.reduce((sum, { calls }) => sum + calls, 0)), total.toFixed(3), '', '', '', 'in all'),
    ...uncountedLines(rows),
  ]
}
