/** Storage buffers, kept by size for the next tensor that needs one. */
import { LimitError } from './errors.ts'

export interface PoolBuffer {
  readonly id: number
  readonly buffer: GPUBuffer
  readonly bytes: number
  /** The last batch of dispatches that uses it (see Gpu.batch). */
  batch: number
  /** False once the device said that it had no memory for it. */
  isValid: boolean
}

/** How buffers come and go. */
interface Source {
  create(bytes: number): PoolBuffer
  destroy(buffer: PoolBuffer): void
}

export interface MemoryInfo {
  /** In use by tensors. */
  liveBytes: number
  liveBuffers: number
  /** Free, waiting for reuse. */
  pooledBytes: number
  pooledBuffers: number
}

/** WebGPU binds at multiples of 256 bytes; sizes are rounded to it, so that near sizes share buffers. */
export const ALIGNMENT = 256
const MAX_POOLED_BYTES = 512 * 1024 * 1024

export const roundUp = (n: number, to: number): number => Math.ceil(n / to) * to

export class Pool {
  private readonly free = new Map<number, PoolBuffer[]>()
  private readonly stats: MemoryInfo = { liveBytes: 0, liveBuffers: 0, pooledBytes: 0, pooledBuffers: 0 }

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
    const recycled = this.free.get(size)?.pop()
    if (recycled) {
      this.stats.pooledBytes -= size
      this.stats.pooledBuffers--
    }
    const buffer = recycled ?? this.source.create(size)
    this.stats.liveBytes += size
    this.stats.liveBuffers++
    return buffer
  }

  release(buffer: PoolBuffer): void {
    this.stats.liveBytes -= buffer.bytes
    this.stats.liveBuffers--
    if (!buffer.isValid || this.stats.pooledBytes + buffer.bytes > MAX_POOLED_BYTES) {
      this.source.destroy(buffer)
      return
    }
    const list = this.free.get(buffer.bytes)
    if (list) list.push(buffer)
    else this.free.set(buffer.bytes, [buffer])
    this.stats.pooledBytes += buffer.bytes
    this.stats.pooledBuffers++
  }

  /** Gives every free buffer back to the device. */
  trim(): void {
    for (const list of this.free.values()) for (const buffer of list) this.source.destroy(buffer)
    this.free.clear()
    this.stats.pooledBytes = 0
    this.stats.pooledBuffers = 0
  }

  info(): MemoryInfo {
    return { ...this.stats }
  }
}
