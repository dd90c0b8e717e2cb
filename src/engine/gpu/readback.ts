/** Bytes back from the GPU, by way of staging buffers that JavaScript can map. */
import type { Failures } from './failures.ts'
import { ALIGNMENT, type PoolBuffer, roundUp } from './pool.ts'

// By value: WebGPU's constants are missing where no browser is.
const [MAP_READ, COPY_DST] = [0x1, 0x8] // GPUBufferUsage
const READ = 1 // GPUMapMode

/** Staging buffers that may wait for the next read: enough for what a training loop reads again and again. */
const MAX_KEPT_BYTES = 16 * 1024 * 1024

/** The device that is read from. */
interface Source {
  readonly device: GPUDevice
  readonly lost: Error | undefined
  readonly failures: Failures
  /** Submits what was dispatched so far, and then `copy`. */
  flush(copy: (encoder: GPUCommandEncoder) => void): void
}

export class Readback {
  /** Those that wait for the next read, the latest used last. */
  private readonly kept: GPUBuffer[] = []
  private keptBytes = 0
  /** Of all staging buffers, those in use among them. */
  private allBytes = 0

  constructor(private readonly from: Source) {}

  get bytes(): number {
    return this.allBytes
  }

  /** The bytes of `source` from `offset`, after all recorded work. Rejects with what failed (see Failures.settle). */
  async read({ buffer, written }: PoolBuffer, offset: number, bytes: number): Promise<ArrayBuffer> {
    const { device, failures } = this.from
    const staging = this.take(roundUp(bytes, ALIGNMENT))
    try {
      this.from.flush((encoder) => encoder.copyBufferToBuffer(buffer, offset, staging, 0, bytes))
      const read = failures.begin()
      await staging.mapAsync(READ).catch(async (error) => {
        // The reason of a loss may arrive just after the read it ended.
        await Promise.race([device.lost, new Promise((resolve) => setTimeout(resolve, 500))])
        if (!this.from.lost) await failures.settle(read, written)
        throw this.from.lost ?? error
      })
      await failures.settle(read, written)
      const values = staging.getMappedRange(0, bytes).slice(0)
      staging.unmap()
      this.keep(staging)
      return values
    } catch (error) {
      this.destroy(staging) // it may be the staging buffer that there was no memory for
      throw error
    }
  }

  /** Gives what waits for the next read back to the device. */
  trim(most = 0): void {
    while (this.keptBytes > most) {
      const oldest = this.kept.shift()
      if (!oldest) return
      this.keptBytes -= oldest.size
      this.destroy(oldest)
    }
  }

  private take(size: number): GPUBuffer {
    const index = this.kept.findLastIndex((buffer) => buffer.size === size)
    if (index >= 0) {
      this.keptBytes -= size
      return this.kept.splice(index, 1)[0]
    }
    this.allBytes += size
    return this.from.failures.guard('readback', () =>
      this.from.device.createBuffer({ label: 'readback', size, usage: MAP_READ | COPY_DST }),
    )
  }

  private keep(staging: GPUBuffer): void {
    this.kept.push(staging)
    this.keptBytes += staging.size
    this.trim(MAX_KEPT_BYTES)
  }

  private destroy(staging: GPUBuffer): void {
    this.allBytes -= staging.size
    staging.destroy()
  }
}
