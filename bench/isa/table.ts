/** The results of `npm run isa` as tables of at most 120 columns. Pure. */
import { type Measured, spillsOf } from './baseline.ts'
import type { Stats } from './stats.ts'
import { isProduct } from './variant.ts'

export interface Row extends Measured {
  kernel: string
  /** What tells the variant from its siblings. */
  variant: string
}

const WIDTH = 41
const percent = (share: number): string => (share * 100).toFixed(0)

const COLUMNS: [head: string, width: number, value: (stats: Stats) => number | string][] = [
  ['VGPR', 5, (s) => s.vgprs],
  ['SGPR', 5, (s) => s.sgprs],
  ['spill', 6, spillsOf],
  ['scratch', 8, (s) => s.scratch],
  ['LDS', 6, (s) => s.lds],
  ['occ', 4, (s) => s.occupancy],
  ['code', 7, (s) => s.codeBytes],
  ['VALU', 6, (s) => s.mix.vector],
  ['SALU', 6, (s) => s.mix.scalar],
  ['mem', 5, (s) => s.mix.vectorMemory + s.mix.scalarMemory + s.mix.ldsAccess],
  ['latency', 8, (s) => s.latency],
  ['inv.thr', 8, (s) => s.inverseThroughput],
  // An asterisk: no loop is left, so it is the whole shader's.
  ['FMA%', 5, (s) => percent(s.multiplyAddShare) + (s.hotLoop ? ' ' : '*')],
]

/** Lines of one chip's rows, with a heading. */
export function rowLines(rows: readonly Row[]): string[] {
  const head = 'kernel variant'.padEnd(WIDTH) + COLUMNS.map(([name, width]) => name.padStart(width)).join('')
  return [
    head,
    ...rows.map(({ kernel, variant, stats }) => {
      const name = `${kernel} ${variant}`.slice(0, WIDTH - 1).padEnd(WIDTH)
      return name + COLUMNS.map(([, width, value]) => String(value(stats)).padStart(width)).join('')
    }),
  ]
}

/** A line per kernel: how many variants, and the worst of their figures. */
export function summaryLines(rows: readonly Row[]): string[] {
  const kernels = [...new Set(rows.map(({ kernel }) => kernel))]
  const lines = kernels.map((kernel) => {
    const stats = rows.filter((row) => row.kernel === kernel).map((row) => row.stats)
    const shares = stats.map((s) => s.multiplyAddShare).sort((a, b) => a - b)
    const median = shares[Math.floor(shares.length / 2)]
    const cells = [
      [stats.length, 9],
      [Math.max(...stats.map((s) => s.vgprs)), 10],
      [Math.min(...stats.map((s) => s.occupancy)), 11],
      [stats.filter((s) => spillsOf(s) > 0).length, 9],
      [stats.filter((s) => s.scratch > 0).length, 9],
      [
        isProduct(kernel) ? `${percent(shares[0])} ${percent(median)} ${percent(shares.at(-1) ?? 0)}` : '',
        22,
      ],
    ] as const
    return kernel.padEnd(24) + cells.map(([value, width]) => String(value).padStart(width)).join('')
  })
  const head = `${'kernel'.padEnd(24)} variants  VGPR max  occ. least spilling  scratch  FMA% low, median, high`
  return [head, ...lines]
}
