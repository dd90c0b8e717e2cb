/** The products of several engines as one compiler sees them. Pure. */
import { spillsOf } from './baseline.ts'
import type { Compiled, Stats } from './stats.ts'

/** A kernel that an engine launches for a row of the bench. */
export interface PeerKernel {
  row: string
  engine: string
}

const OURS = 'Ganvas'
const percent = (share: number): string => (share * 100).toFixed(0)

const COLUMNS: [head: string, width: number, value: (stats: Stats) => number | string][] = [
  ['VGPR', 5, (s) => s.vgprs],
  ['spill', 6, spillsOf],
  ['scratch', 8, (s) => s.scratch],
  ['LDS', 6, (s) => s.lds],
  ['occ', 4, (s) => s.occupancy],
  ['FMA%', 6, (s) => percent(s.multiplyAddShare) + (s.hotLoop ? ' ' : '*')],
]

/**
 * A line a row and engine: of its kernels the one with most multiply-adds, copies and sums around it left out; then, for
 * each peer, in how many rows ours keeps as many waves, and has as large a share of multiply-adds.
 */
export function peerLines(compiled: readonly Compiled<PeerKernel>[]): string[] {
  const hottest = new Map<string, Map<string, Stats>>()
  for (const { about, stats } of compiled) {
    const row = hottest.get(about.row) ?? new Map<string, Stats>()
    hottest.set(about.row, row)
    const known = row.get(about.engine)
    if (!known || stats.mix.multiplyAdds > known.mix.multiplyAdds) row.set(about.engine, stats)
  }
  const lines = [
    'product'.padEnd(40) +
      'engine'.padEnd(22) +
      COLUMNS.map(([head, width]) => head.padStart(width)).join(''),
  ]
  const score = new Map<string, { rows: number; occupancy: number; share: number; both: number }>()
  for (const [name, row] of hottest) {
    const ours = row.get(OURS)
    for (const [engine, stats] of row) {
      const cells = COLUMNS.map(([, width, value]) => String(value(stats)).padStart(width)).join('')
      lines.push(
        (engine === OURS ? name.slice(0, 39) : '').padEnd(40) + engine.slice(0, 21).padEnd(22) + cells,
      )
      if (!ours || engine === OURS) continue
      const known = score.get(engine) ?? { rows: 0, occupancy: 0, share: 0, both: 0 }
      const more = ours.occupancy >= stats.occupancy
      const denser = ours.multiplyAddShare >= stats.multiplyAddShare
      score.set(engine, {
        rows: known.rows + 1,
        occupancy: known.occupancy + Number(more),
        share: known.share + Number(denser),
        both: known.both + Number(more && denser),
      })
    }
  }
  for (const [engine, { rows, occupancy, share, both }] of score)
    lines.push(
      `of ${rows} products ours keep as many waves as those of ${engine} in ${occupancy}, as many multiply-adds in ${share}, both in ${both}`,
    )
  return lines
}
