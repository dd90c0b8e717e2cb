/** Bytes back from the GPU, by way of buffers that JavaScript can map. */
import type { Failures } from './failures.ts'
import type { PoolBuffer } from './pool.ts'

// By value: WebGPU's constants are missing where no browser is.
const [MAP_READ, COPY_DST] = [0x1, 0x8] // GPUBufferUsage
const READ = 1 // GPUMapMode

/** The device that is read from. */
interface Source {
  readonly device: GPUDevice
  readonly lost: Error | undefined
  readonly failures: Failures
  /** Submits what was dispatched so far, and then `copy`. */
  flush(copy: (encoder: GPUCommandEncoder) => void): void
}

export class Readback {
  private readonly staging = new Map<number, GPUBuffer[]>()

  constructor(private readonly from: Source) {}

  /** The bytes of `source` from `offset`, after all recorded work. Rejects with what failed (see Failures.settle). */
  async read({ buffer, written }: PoolBuffer, offset: number, bytes: number): Promise<ArrayBuffer> {
    const { device, failures } = this.from
    const list = this.staging.get(bytes) ?? []
    this.staging.set(bytes, list)
    const staging =
      list.pop() ?? device.createBuffer({ label: 'readback', size: bytes, usage: MAP_READ | COPY_DST })
    this.from.flush((encoder) => encoder.copyBufferToBuffer(buffer, offset, staging, 0, bytes))
    const read = failures.begin()
    await staging.mapAsync(READ).catch(async (error) => {
      staging.destroy()
      // The reason of a loss may arrive just after the read it ended.
      await Promise.race([device.lost, new Promise((resolve) => setTimeout(resolve, 500))])
      if (!this.from.lost) await failures.settle(read, written)
      throw this.from.lost ?? error
    })
    try {
      await failures.settle(read, written)
      return staging.getMappedRange().slice(0)
    } finally {
      staging.unmap()
      if (list.length < 4) list.push(staging)
      else staging.destroy()
    }
  }
}
