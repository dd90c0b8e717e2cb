/** What was submitted and what it cost: counts, CPU time and GPU timestamps. Nothing is watched until asked for. */
import type { Gpu } from './device.ts'
import type { Dispatch, Pass, Watch } from './dispatch.ts'

/** A compute pass as it was run. */
export interface PassRecord {
  dispatches: readonly Dispatch[]
  /** When it began and ended by the GPU's clock, in ns since the first of the profile; both undefined without timestamps. */
  begin?: number
  end?: number
}

export interface ProfileResult {
  passes: PassRecord[]
  submits: number
  /** CPU time spent on encoding and submitting, ms. */
  encodeMs: number
}

// GPUBufferUsage and GPUMapMode by value, as in device.ts
const [MAP_READ, COPY_SRC, COPY_DST, QUERY_RESOLVE] = [0x1, 0x4, 0x8, 0x200]
const READ = 1

const QUERIES = 128 // two for each dispatch of a batch, and then some
const SLOT = QUERIES * 8 // bytes; resolveQuerySet wants multiples of 256
const SLOTS = 256

/**
 * Runs `body` and says what it submitted; work recorded before it is submitted first. One at a time. `each` gives every
 * dispatch a pass, and so times, of its own; otherwise there is one pass to a submit, as always.
 * Rejects with DeviceLostError when the device is lost, and with what `body` throws.
 */
export async function profile(
  g: Gpu,
  body: () => void | Promise<void>,
  { each = false } = {},
): Promise<ProfileResult> {
  g.flush()
  const watch = new Profile(g, each)
  g.watch = watch
  try {
    await body()
    g.flush()
  } finally {
    g.watch = undefined
  }
  return watch.result()
}

class Profile implements Watch {
  private readonly records: PassRecord[] = []
  private submits = 0
  private encodeMs = 0
  private began = 0
  private readonly queries: GPUQuerySet | undefined
  /** Buffers of SLOTS slots, one slot for each submit with passes, in order. */
  private readonly stamps: GPUBuffer[] = []
  /** Passes of each of these submits. */
  private readonly slots: number[] = []
  /** Passes of the submit being encoded. */
  private passing = 0

  constructor(
    private readonly g: Gpu,
    readonly each: boolean,
  ) {
    if (g.device.features.has('timestamp-query'))
      this.queries = g.device.createQuerySet({ type: 'timestamp', count: QUERIES })
  }

  passes(dispatches: readonly Dispatch[]): Pass[] {
    const { queries: querySet } = this
    const groups = this.each ? dispatches.map((d) => [d]) : [dispatches]
    this.passing = groups.length
    return groups.map((group, i) => {
      this.records.push({ dispatches: group })
      const timestampWrites = querySet && {
        querySet,
        beginningOfPassWriteIndex: 2 * i,
        endOfPassWriteIndex: 2 * i + 1,
      }
      return { dispatches: group, timestampWrites }
    })
  }

  encode(): void {
    this.began = performance.now()
    this.passing = 0
  }

  encoded(encoder: GPUCommandEncoder): void {
    if (!this.queries || !this.passing) return
    const slot = this.slots.length % SLOTS
    if (slot === 0)
      this.stamps.push(
        this.g.device.createBuffer({
          label: 'timestamps',
          size: SLOTS * SLOT,
          usage: QUERY_RESOLVE | COPY_SRC,
        }),
      )
    this.slots.push(this.passing)
    const buffer = this.stamps[this.stamps.length - 1]
    encoder.resolveQuerySet(this.queries, 0, 2 * this.passing, buffer, slot * SLOT)
  }

  submitted(): void {
    this.submits++
    this.encodeMs += performance.now() - this.began
  }

  async result(): Promise<ProfileResult> {
    const { records } = this
    const stamps = await this.readStamps()
    const first = stamps.reduce((a, b) => (b < a ? b : a), stamps[0])
    if (stamps.length)
      records.forEach((record, i) => {
        record.begin = Number(stamps[2 * i] - first)
        record.end = Number(stamps[2 * i + 1] - first)
      })
    return { passes: records, submits: this.submits, encodeMs: this.encodeMs }
  }

  /** Begin and end of every pass, in order. */
  private async readStamps(): Promise<bigint[]> {
    const { device } = this.g
    const found: bigint[] = []
    for (const [i, buffer] of this.stamps.entries()) {
      const slots = this.slots.slice(i * SLOTS, (i + 1) * SLOTS)
      const size = slots.length * SLOT
      const staging = device.createBuffer({ label: 'timestamps', size, usage: MAP_READ | COPY_DST })
      const encoder = device.createCommandEncoder()
      encoder.copyBufferToBuffer(buffer, 0, staging, 0, size)
      device.queue.submit([encoder.finish()])
      await staging.mapAsync(READ).catch((error) => {
        throw this.g.lost ?? error
      })
      const values = new BigUint64Array(staging.getMappedRange())
      for (const [slot, passes] of slots.entries())
        found.push(...values.subarray(slot * QUERIES, slot * QUERIES + 2 * passes))
      staging.destroy()
      buffer.destroy()
    }
    this.queries?.destroy()
    return found
  }
}
