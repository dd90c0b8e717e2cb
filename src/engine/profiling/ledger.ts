/** Who held the memory when most of it was in use at once. */
import type { PoolBuffer, PoolObserver } from '../gpu/pool.ts'

export interface Holder {
  /** The op that made what is in the buffers. */
  op: string
  bytes: number
  buffers: number
}

/** Add it to a pool's observers before anything that it should know of is allocated. */
export class Ledger implements PoolObserver {
  private readonly live = new Map<PoolBuffer, string>()
  private bytes = 0
  private peak = 0
  private atPeak: ReadonlyMap<PoolBuffer, string> | undefined

  take(buffer: PoolBuffer, what: string): void {
    this.live.set(buffer, what.split(':')[0])
    this.bytes += buffer.bytes
    if (this.bytes <= this.peak) return
    this.peak = this.bytes
    this.atPeak = undefined
  }

  giveBack(buffer: PoolBuffer): void {
    // Copied only where a rise ends, not at each of its steps.
    if (this.bytes === this.peak) this.atPeak ??= new Map(this.live)
    if (this.live.delete(buffer)) this.bytes -= buffer.bytes
  }

  /** The high-water mark, and its holders, the largest first. */
  holders(): { bytes: number; holders: Holder[] } {
    const byOp = new Map<string, Holder>()
    for (const [buffer, op] of this.atPeak ?? this.live) {
      const holder = byOp.get(op) ?? { op, bytes: 0, buffers: 0 }
      byOp.set(op, holder)
      holder.bytes += buffer.bytes
      holder.buffers++
    }
    return { bytes: this.peak, holders: [...byOp.values()].sort((a, b) => b.bytes - a.bytes) }
  }
}
