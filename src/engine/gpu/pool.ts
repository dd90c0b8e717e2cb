/** Storage buffers, kept by size for the next tensor that needs one. */
import { LimitError } from '../errors.ts'

/** Launches that are submitted together, and fail together (see batches.ts). */
export interface Batch {
  /** Why they did not run, once that is known. */
  error?: Error
}

export interface PoolBuffer {
  readonly id: number
  readonly buffer: GPUBuffer
  readonly bytes: number
  /** The last batch that uses it. */
  batch?: Batch
  /** The last batch that writes it, if its content is of no other origin and not of a recorded step. */
  written?: Batch
  /** False once the device said that it had no memory for it. */
  isValid: boolean
  /** Where it goes when it is free, if not to everybody. */
  reserve?: Reserve
}

/**
 * Buffers that only a recorded step may use: its replays write to them (see capture.ts). They are in use as long as it
 * can be replayed, the free ones too.
 */
export class Reserve {
  readonly all = new Set<PoolBuffer>()
  readonly free: FreeBuffers = new Map()
}

/** By size. */
type FreeBuffers = Map<number, PoolBuffer[]>

/** Told of every buffer that is taken and given back (see ledger.ts). */
export interface PoolObserver {
  /** `what` names an op, then says more after a colon. */
  take(buffer: PoolBuffer, what: string): void
  giveBack(buffer: PoolBuffer): void
}

/** How buffers come and go. */
interface Source {
  create(bytes: number): PoolBuffer
  destroy(buffer: PoolBuffer): void
}

export interface PoolInfo {
  /** In use by tensors and recorded steps. */
  liveBytes: number
  liveBuffers: number
  /** The most that was in use at once. */
  peakBytes: number
  /** Free, waiting for reuse. */
  pooledBytes: number
  pooledBuffers: number
}

/** WebGPU binds at multiples of 256 bytes; sizes are rounded to it, so that near sizes share buffers. */
export const ALIGNMENT = 256
const MAX_POOLED_BYTES = 512 * 1024 * 1024

export const roundUp = (n: number, to: number): number => Math.ceil(n / to) * to

export class Pool {
  private readonly free: FreeBuffers = new Map()
  /** While a step is recorded, where its buffers stay. */
  reserve: Reserve | undefined
  readonly observers = new Set<PoolObserver>()
  private readonly stats: PoolInfo = {
    liveBytes: 0,
    liveBuffers: 0,
    peakBytes: 0,
    pooledBytes: 0,
    pooledBuffers: 0,
  }

  constructor(
    private readonly limits: GPUSupportedLimits,
    private readonly source: Source,
  ) {}

  /** A buffer of at least `bytes`, with whatever it last held. Throws LimitError naming the limit. */
  acquire(bytes: number, what: string): PoolBuffer {
    const { maxStorageBufferBindingSize, maxBufferSize } = this.limits
    const size = roundUp(Math.max(bytes, 1), ALIGNMENT)
    if (size > maxStorageBufferBindingSize || size > maxBufferSize) {
      const limit = size > maxStorageBufferBindingSize ? 'maxStorageBufferBindingSize' : 'maxBufferSize'
      throw new LimitError(
        `${what} needs ${bytes} bytes, over this device's ${limit} of ${this.limits[limit]}: use a smaller batch or model`,
      )
    }
    const buffer = this.reserve?.free.get(size)?.pop() ?? this.take(size)
    buffer.written = undefined
    for (const observer of this.observers) observer.take(buffer, what)
    return buffer
  }

  /** A buffer that was not in use until now. */
  private take(size: number): PoolBuffer {
    const { reserve, stats } = this
    const recycled = this.free.get(size)?.pop()
    if (recycled) {
      stats.pooledBytes -= size
      stats.pooledBuffers--
    }
    const buffer = recycled ?? this.source.create(size)
    buffer.reserve = reserve
    reserve?.all.add(buffer)
    stats.liveBytes += size
    stats.liveBuffers++
    stats.peakBytes = Math.max(stats.peakBytes, stats.liveBytes)
    return buffer
  }

  release(buffer: PoolBuffer): void {
    for (const observer of this.observers) observer.giveBack(buffer)
    if (buffer.reserve) put(buffer.reserve.free, buffer)
    else this.giveBack(buffer)
  }

  /** Keeps a buffer that is no longer in use for reuse, or destroys it. */
  private giveBack(buffer: PoolBuffer): void {
    const { stats } = this
    stats.liveBytes -= buffer.bytes
    stats.liveBuffers--
    if (!buffer.isValid || stats.pooledBytes + buffer.bytes > MAX_POOLED_BYTES) {
      this.source.destroy(buffer)
      return
    }
    put(this.free, buffer)
    stats.pooledBytes += buffer.bytes
    stats.pooledBuffers++
  }

  /** Gives the buffers of a reserve to everybody; those that tensors still use follow when they are released. */
  open({ all, free }: Reserve): void {
    for (const buffer of all) buffer.reserve = undefined
    for (const list of free.values()) for (const buffer of list) this.giveBack(buffer)
    all.clear()
    free.clear()
  }

  /** Gives every free buffer back to the device. */
  trim(): void {
    for (const list of this.free.values()) for (const buffer of list) this.source.destroy(buffer)
    this.free.clear()
    this.stats.pooledBytes = 0
    this.stats.pooledBuffers = 0
  }

  info(): PoolInfo {
    return { ...this.stats }
  }
}

function put(free: FreeBuffers, buffer: PoolBuffer): void {
  const list = free.get(buffer.bytes)
  if (list) list.push(buffer)
  else free.set(buffer.bytes, [buffer])
}
