/** The device in use, and all that belongs to it. */
import { DeviceLostError } from '../errors.ts'
import { type InitOptions, openAdapter } from './adapter.ts'
import { Batches } from './batches.ts'
import type { Dispatch, Recorder, Watch } from './dispatch.ts'
import { Failures } from './failures.ts'
import { ParamsBinder } from './params.ts'
import { Pool, type PoolBuffer, type PoolInfo } from './pool.ts'
import { Readback } from './readback.ts'

// GPUBufferUsage by value: WebGPU's constants are missing where no browser is.
const [COPY_SRC, COPY_DST, STORAGE] = [0x4, 0x8, 0x80]

export interface MemoryInfo extends PoolInfo {
  /** What values are read back through: about to be used, and kept for the next read. */
  readbackBytes: number
}

/** Everything that belongs to one device, and dies with it. */
export class Gpu {
  readonly pool: Pool
  readonly failures: Failures
  readonly params: ParamsBinder
  readonly batches: Batches
  private readonly readback = new Readback(this)
  /** Invocations 4k..4k+3 of a workgroup form a quad, in this order, so quad-shuffle kernels are right (see init.ts). */
  hasQuads = false
  /** Set when the device is lost; every later call throws it. */
  lost: DeviceLostError | undefined
  /** Set while something is measured (see profile.ts). */
  watch: Watch | undefined
  /** Set while a step is recorded (see capture.ts). */
  recording: Recorder | undefined
  readonly bindGroups = new Map<string, GPUBindGroup>()
  private nextBuffer = 1

  constructor(
    readonly device: GPUDevice,
    readonly info: GPUAdapterInfo,
    /** Run by a CPU (SwiftShader, llvmpipe, WARP). */
    readonly isSoftware: boolean,
  ) {
    this.failures = new Failures(device)
    this.params = new ParamsBinder(device)
    this.batches = new Batches(this, this.params)
    this.pool = new Pool(device.limits, {
      create: (size) => this.createStorage(size),
      destroy: (buffer) => {
        if (this.batches.uses(buffer)) this.flush()
        this.bindGroups.clear()
        buffer.buffer.destroy()
      },
    })
    device.lost.then((reason) => {
      this.lost = new DeviceLostError(
        `the GPU device was lost (${reason.reason}: ${reason.message}): call init() for a new one and restore from a checkpoint`,
      )
      if (current === this) current = undefined
    })
  }

  /** Submits what was dispatched so far, and then `copy`. Throws DeviceLostError. */
  flush(copy?: (encoder: GPUCommandEncoder) => void): void {
    this.batches.flush(copy)
  }

  /** Submits what was dispatched before, and holds a replayed step back until more is asked for. */
  replay(dispatches: readonly Dispatch[], paramsGroup: GPUBindGroup): void {
    this.batches.replay(dispatches, paramsGroup)
  }

  /** Writes `data` at `offset`. Flushes first when recorded work still needs the buffer's old content. */
  upload(target: PoolBuffer, offset: number, data: Float32Array | Uint32Array): void {
    this.recording?.refuse('values come from JavaScript (tensor, write): make such tensors before the step')
    if (this.batches.uses(target)) this.flush()
    this.device.queue.writeBuffer(target.buffer, offset, data as GPUAllowSharedBufferSource)
    target.written = undefined
  }

  /**
   * The bytes of `source` from `offset`, after all recorded work. Rejects with the error of the launch that should have
   * written them, or with the first GPU error since the last read.
   */
  async read(source: PoolBuffer, offset: number, bytes: number): Promise<ArrayBuffer> {
    this.recording?.refuse('values are read back (data, item): return the tensor and read it after the step')
    return this.readback.read(source, offset, bytes)
  }

  /** Waits until everything submitted so far is checked; throws the first error among it that no read was told yet. */
  settle(): Promise<void> {
    return this.failures.settle()
  }

  private createStorage(size: number): PoolBuffer {
    const what = `allocating ${size} bytes`
    const allocate = (): PoolBuffer => {
      const usage = STORAGE | COPY_SRC | COPY_DST
      const buffer = this.device.createBuffer({ label: `storage of ${size} bytes`, size, usage })
      return { id: this.nextBuffer++, buffer, bytes: size, isValid: true }
    }
    const onFailure = (): void => {
      made.isValid = false
      this.trim()
    }
    const made = this.failures.guard(what, allocate, { onFailure })
    return made
  }

  /** Bytes and buffers in use, and those that wait for reuse. */
  memory(): MemoryInfo {
    return { ...this.pool.info(), readbackBytes: this.readback.bytes }
  }

  /** Gives everything that waits for reuse back to the device. */
  trim(): void {
    this.pool.trim()
    this.readback.trim()
  }
}

let current: Gpu | undefined
let starting: Promise<Gpu> | undefined

/** The device in use. Throws DeviceLostError before `init()` and after a loss. */
export function gpu(): Gpu {
  if (!current)
    throw new DeviceLostError('no GPU device: await init() first (and again after a device was lost)')
  return current
}

/** The device in use, or a new one, made ready by `prepare`. See init(). */
export function openGpu(options: InitOptions, prepare: (g: Gpu) => Promise<void>): Promise<Gpu> {
  if (starting) return starting
  if (current) return Promise.resolve(current)
  starting = open(options, prepare).finally(() => {
    starting = undefined
  })
  return starting
}

async function open(options: InitOptions, prepare: (g: Gpu) => Promise<void>): Promise<Gpu> {
  const { device, info, isSoftware } = await openAdapter(options)
  try {
    const opened = new Gpu(device, info, isSoftware)
    current = opened // what prepares it runs on it
    await prepare(opened)
    return opened
  } catch (error) {
    current = undefined
    device.destroy()
    throw error
  }
}

/** Ends the device, as losing it would; the next `init()` opens another. */
export function shutdown(): void {
  current?.device.destroy()
  current = undefined
}
