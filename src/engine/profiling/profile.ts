/** What was submitted and what it cost: counts, CPU time and GPU timestamps. Nothing is watched until asked for. */
import type { Gpu } from '../gpu/device.ts'
import type { Dispatch, Pass, Watch } from '../gpu/dispatch.ts'

/** A compute pass as it was run. */
export interface PassRecord {
  dispatches: readonly Dispatch[]
  /** When it began and ended by the GPU's clock, in ns since the first of the profile; both undefined without timestamps. */
  begin?: number
  end?: number
}

/** A submit as JavaScript saw it, in ms by `performance.now()`. */
export interface SubmitRecord {
  passes: PassRecord[]
  begin: number
  /** The launches are encoded; what remains is to finish the encoder and to submit. */
  encoded: number
  end: number
}

export interface ProfileResult {
  passes: PassRecord[]
  submits: SubmitRecord[]
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
  private readonly submits: SubmitRecord[] = []
  /** Of the submit being encoded. */
  private passing: PassRecord[] = []
  private began = 0
  private encodedAt: number | undefined
  private readonly queries: GPUQuerySet | undefined
  /** Buffers of SLOTS slots, one slot for each submit with passes, in order. */
  private readonly stamps: GPUBuffer[] = []
  /** Passes of each of these submits. */
  private readonly slots: number[] = []

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
    this.passing = groups.map((group) => ({ dispatches: group }))
    return groups.map((group, i) => {
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
  }

  encoded(encoder: GPUCommandEncoder): void {
    this.encodedAt = performance.now()
    if (!this.queries) return
    const slot = this.slots.length % SLOTS
    if (slot === 0)
      this.stamps.push(
        this.g.device.createBuffer({
          label: 'timestamps',
          size: SLOTS * SLOT,
          usage: QUERY_RESOLVE | COPY_SRC,
        }),
      )
    const { length } = this.passing
    this.slots.push(length)
    const buffer = this.stamps[this.stamps.length - 1]
    encoder.resolveQuerySet(this.queries, 0, 2 * length, buffer, slot * SLOT)
  }

  submitted(): void {
    const end = performance.now()
    const { passing, began, encodedAt = began } = this
    this.submits.push({ passes: passing, begin: began, encoded: encodedAt, end })
    this.passing = []
    this.encodedAt = undefined
  }

  async result(): Promise<ProfileResult> {
    const { submits } = this
    const passes = submits.flatMap((submit) => submit.passes)
    const stamps = await this.readStamps()
    const first = stamps.reduce((a, b) => (b < a ? b : a), stamps[0])
    if (stamps.length)
      passes.forEach((record, i) => {
        record.begin = Number(stamps[2 * i] - first)
        record.end = Number(stamps[2 * i + 1] - first)
      })
    return { passes, submits }
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
