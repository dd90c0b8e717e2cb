/** A profile as text for a terminal of 120 columns. Pure. */
import { uncountedLines } from '../../src/engine/profiling/work.ts'
import { type Column, lines, short } from '../table.ts'
import type { Profile, ProfiledKernel } from './result.ts'

/** Kernels shown; the files have them all. */
const SHOWN = 20

const percent = (part: number): string => `${(100 * part).toFixed(1)}%`

export const nameOf = ({ op, kernel }: Pick<ProfiledKernel, 'op' | 'kernel'>): string =>
  op === kernel || kernel === 'pointwise' ? op : `${op} (${kernel})`

/** A figure made of a kernel's FLOPs, where these are known. */
export const ofFlops = ({ counted }: ProfiledKernel, figure: number): string =>
  counted ? short(figure) : '?'

/** All there is to say of a kernel, for who points at it. */
export const tipOf = (k: ProfiledKernel): string =>
  [
    nameOf(k),
    k.shape,
    `${percent(k.share)} of the time: ${short(k.calls)} calls a step, ${short(k.ms.median)} ms each (${short(k.ms.p10)} to ${short(k.ms.p90)})`,
    `${ofFlops(k, k.gflops)} GFLOP/s, ${short(k.gbs)} GB/s, ${ofFlops(k, k.intensity)} FLOPs per byte`,
    `${k.percent.toFixed(0)}% of what the roof over ${k.bound === 'compute' ? 'arithmetic' : 'memory'} allows`,
    ...uncountedLines([k]),
  ].join('\n')

const columns: Column<ProfiledKernel>[] = [
  { head: 'kernel', width: 34, cell: nameOf, left: true },
  { head: 'calls', width: 5, cell: (k) => short(k.calls) },
  { head: 'ms', width: 7, cell: (k) => short(k.total) },
  { head: 'share', width: 6, cell: (k) => percent(k.share) },
  { head: 'GFLOP/s', width: 7, cell: (k) => ofFlops(k, k.gflops) },
  { head: 'GB/s', width: 6, cell: (k) => short(k.gbs) },
  { head: 'roof', width: 5, cell: (k) => `${k.percent.toFixed(0)}%` },
]

export function summaryOf({ kernels, phases, step, cost, memory }: Profile): string[] {
  const ms = ({ median }: { median: number }): string => `${short(median)} ms`
  return [
    '',
    ...lines(columns, kernels.slice(0, SHOWN), (k) => ({ text: k.shape })),
    ...(kernels.length > SHOWN ? [`… and ${kernels.length - SHOWN} more in profile.csv`] : []),
    ...uncountedLines(kernels),
    '',
    ...phases.map(
      ({ name, total, share }) =>
        `${name.padEnd(24)} ${short(total).padStart(7)} ms ${percent(share).padStart(6)}`,
    ),
    '',
    `a step   ${ms(step.wall)}: recording ${ms(step.record)}, GPU busy ${ms(step.gpuBusy)}, gaps ${ms(step.gaps)}, readback ${ms(step.readback)}`,
    `         ${short(step.dispatches)} dispatches in ${short(step.submits)} submits: encoding ${ms(step.encode)}, submitting ${ms(step.submit)}`,
    `profiled ${short(cost.ratio)} times as long as without timestamps (${ms(cost.plain)})`,
    `memory   ${short(memory.bytes / 2 ** 20)} MiB at most: ${memory.holders
      .slice(0, 5)
      .map(({ op, bytes }) => `${op} ${short(bytes / 2 ** 20)}`)
      .join(', ')}`,
  ]
}
