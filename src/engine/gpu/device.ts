/** The adapter and device, the list of dispatches not yet submitted, and reading results back. */

import { DeviceLostError, LimitError, ShaderError } from '../errors.ts'
import type { Recording } from '../tensor/capture.ts'
import { type InitOptions, openAdapter } from './adapter.ts'
import { type Dispatch, encodePass, type Watch } from './dispatch.ts'
import { type MemoryInfo, Pool, type PoolBuffer } from './pool.ts'

/** Submit after this many dispatches, so that the GPU works while JavaScript records the next ones. */
export const BATCH = 48
/** Room for the params of a launch: minUniformBufferOffsetAlignment allowed by every device. */
export const SLOT = 256
const ARENA = BATCH * SLOT

// GPUBufferUsage and GPUMapMode by value: their names are missing where no browser is.
const [MAP_READ, COPY_SRC, COPY_DST, UNIFORM] = [0x1, 0x4, 0x8, 0x40]
const STORAGE = 0x80 | COPY_SRC | COPY_DST
export const COMPUTE = 4 // GPUShaderStage
const READ = 1 // GPUMapMode

/** Everything that belongs to one device, and dies with it. */
export class Gpu {
  readonly pool: Pool
  /** Number of the batch being recorded. */
  batch = 0
  /** Invocations 4k..4k+3 of a workgroup form a quad, in this order, so quad-shuffle kernels are right (see init.ts). */
  hasQuads = false
  /** Set when the device is lost; every later call throws it. */
  lost: DeviceLostError | undefined
  /** Undefined unless something is measured: then flushing costs nothing more. */
  watch: Watch | undefined
  /** Set while a step is recorded (see capture.ts). */
  recording: Recording | undefined
  readonly bindGroups = new Map<string, GPUBindGroup>()
  readonly paramsLayout: GPUBindGroupLayout
  private readonly paramsGroup: GPUBindGroup
  private readonly arena: GPUBuffer
  private readonly arenaBytes = new Uint8Array(ARENA)
  readonly arenaView = new DataView(this.arenaBytes.buffer)
  private arenaUsed = 0
  private pending: Dispatch[] = []
  /** A replayed step that waits to be submitted; then nothing else is pending. */
  private waiting: { dispatches: readonly Dispatch[]; paramsGroup: GPUBindGroup } | undefined
  private readonly staging = new Map<number, GPUBuffer[]>()
  private readonly checks = new Set<Promise<void>>()
  private guards = 0
  private nextBuffer = 1
  /** The earliest error since the last read, by the guard it came from: later ones follow from it. */
  private failure: { order: number; error: Error; toldAt?: number } | undefined

  constructor(
    readonly device: GPUDevice,
    readonly info: GPUAdapterInfo,
    /** Run by a CPU (SwiftShader, llvmpipe, WARP). */
    readonly isSoftware: boolean,
  ) {
    this.pool = new Pool(device.limits, {
      create: (size) => this.createStorage(size),
      destroy: (buffer) => {
        if (this.isUsed(buffer)) this.flush() // recorded work still uses it
        this.bindGroups.clear()
        buffer.buffer.destroy()
      },
    })
    this.arena = this.createParams(ARENA)
    this.paramsLayout = device.createBindGroupLayout({
      entries: [{ binding: 0, visibility: COMPUTE, buffer: { type: 'uniform', hasDynamicOffset: true } }],
    })
    this.paramsGroup = this.bindParams(this.arena)
    device.lost.then((reason) => {
      this.lost = new DeviceLostError(
        `the GPU device was lost (${reason.reason}: ${reason.message}): call init() for a new one and restore from a checkpoint`,
      )
      if (current === this) current = undefined
    })
    device.onuncapturederror = (event) => {
      event.preventDefault()
      this.fail(asError(event.error, 'WebGPU'))
    }
  }

  /** A buffer for the params of launches, SLOT bytes each. */
  createParams(size: number): GPUBuffer {
    return this.device.createBuffer({ label: 'params', size, usage: UNIFORM | COPY_DST })
  }

  bindParams(buffer: GPUBuffer): GPUBindGroup {
    return this.device.createBindGroup({
      layout: this.paramsLayout,
      entries: [{ binding: 0, resource: { buffer, size: SLOT } }],
    })
  }

  /** Offset of a fresh Params slot in `arenaView`. */
  allocateParams(): number {
    if (this.waiting || this.arenaUsed + SLOT > ARENA) this.flush()
    this.arenaUsed += SLOT
    return this.arenaUsed - SLOT
  }

  dispatch(dispatch: Dispatch): void {
    if (this.waiting) this.flush()
    this.pending.push(dispatch)
    if (this.pending.length >= BATCH) this.flush()
  }

  /** Submits what was dispatched before, and holds a replayed step back until more is asked for: mostly its readback. */
  replay(dispatches: readonly Dispatch[], paramsGroup: GPUBindGroup): void {
    this.flush()
    this.waiting = { dispatches, paramsGroup }
  }

  /** Submits what was dispatched so far: one encoder, one compute pass. */
  flush(copy?: (encoder: GPUCommandEncoder) => void): void {
    const { dispatches, paramsGroup } = this.waiting ?? {
      dispatches: this.pending,
      paramsGroup: this.paramsGroup,
    }
    if (dispatches.length === 0 && !copy) {
      this.arenaUsed = 0 // slots of launches that failed
      return
    }
    if (this.lost) throw this.lost
    this.guard('dispatch', () => {
      this.watch?.encode()
      // queue.writeBuffer takes effect before the commands submitted after it, and after those submitted before:
      // one write per batch, always of the whole used arena, is therefore safe.
      if (this.arenaUsed) this.device.queue.writeBuffer(this.arena, 0, this.arenaBytes, 0, this.arenaUsed)
      const encoder = this.device.createCommandEncoder()
      if (dispatches.length) {
        const passes = this.watch?.passes(dispatches) ?? [{ dispatches }]
        for (const pass of passes) encodePass(encoder, pass, paramsGroup)
        this.watch?.encoded(encoder)
      }
      copy?.(encoder)
      this.device.queue.submit([encoder.finish()])
      this.watch?.submitted()
    })
    this.pending = []
    this.waiting = undefined
    this.arenaUsed = 0
    this.batch++
  }

  /** Whether work that is not submitted yet may use the buffer. */
  private isUsed(buffer: PoolBuffer): boolean {
    return buffer.batch === this.batch || this.waiting !== undefined
  }

  /** Writes `data` at `offset`. Flushes first when recorded work still needs the buffer's old content. */
  upload(target: PoolBuffer, offset: number, data: Float32Array | Uint32Array): void {
    this.recording?.refuse('values come from JavaScript (tensor, write): make such tensors before the step')
    if (this.isUsed(target)) this.flush()
    this.device.queue.writeBuffer(target.buffer, offset, data as GPUAllowSharedBufferSource)
  }

  /** The bytes of `buffer` from `offset`, after all recorded work. Rejects with the first GPU error since the last read. */
  async read(source: PoolBuffer, offset: number, bytes: number): Promise<ArrayBuffer> {
    this.recording?.refuse('values are read back (data, item): return the tensor and read it after the step')
    const list = this.staging.get(bytes) ?? []
    this.staging.set(bytes, list)
    const staging =
      list.pop() ?? this.device.createBuffer({ label: 'readback', size: bytes, usage: MAP_READ | COPY_DST })
    this.flush((encoder) => encoder.copyBufferToBuffer(source.buffer, offset, staging, 0, bytes))
    const order = this.guards
    try {
      await staging.mapAsync(READ)
    } catch (error) {
      // The reason of a loss may arrive just after the read it ended.
      await Promise.race([this.device.lost, new Promise((resolve) => setTimeout(resolve, 500))])
      throw this.lost ?? this.failure?.error ?? error
    }
    try {
      await this.settle(order)
      return staging.getMappedRange().slice(0)
    } finally {
      staging.unmap()
      if (list.length < 4) list.push(staging)
      else staging.destroy()
    }
  }

  /**
   * Waits for the checks of everything submitted so far; throws the first error among them that nobody was told yet.
   * A read gives its `order`: every read that was begun between the failure and the first time that it was told is told
   * too; work begun later is free of it.
   */
  async settle(order?: number): Promise<void> {
    await Promise.all(this.checks)
    const { failure } = this
    if (!failure || (order !== undefined && order <= failure.order)) return
    const isNews = failure.toldAt === undefined
    failure.toldAt ??= this.guards
    if (isNews || (order !== undefined && order <= failure.toldAt)) throw failure.error
    this.failure = undefined
  }

  private createStorage(size: number): PoolBuffer {
    const made: PoolBuffer = this.guard(
      'allocate',
      () => {
        const buffer = this.device.createBuffer({ label: `storage of ${size} bytes`, size, usage: STORAGE })
        return { id: this.nextBuffer++, buffer, bytes: size, batch: -1, isValid: true }
      },
      async (error) => {
        made.isValid = false
        this.pool.trim()
        return asError(error, `allocating ${size} bytes`)
      },
    )
    return made
  }

  /** Keeps `error` for the next read. */
  private fail(error: Error, order = this.guards): void {
    if (!this.failure || order < this.failure.order) this.failure = { order, error }
  }

  /** Runs `body` in an error scope; `explain` may turn a GPU error into a better one. */
  guard<T>(what: string, body: () => T, explain?: (error: GPUError) => Promise<Error>): T {
    const order = this.guards++
    this.device.pushErrorScope('out-of-memory')
    this.device.pushErrorScope('validation')
    try {
      return body()
    } finally {
      for (let scope = 0; scope < 2; scope++) {
        const check = this.device
          .popErrorScope()
          .then(async (error) => {
            if (error) this.fail((await explain?.(error)) ?? asError(error, what), order)
          })
          .catch(() => {}) // only a lost device rejects; `lost` says so
          .finally(() => this.checks.delete(check))
        this.checks.add(check)
      }
    }
  }

  memory(): MemoryInfo {
    return this.pool.info()
  }
}

const asError = (error: GPUError, what: string): Error =>
  'GPUOutOfMemoryError' in globalThis && error instanceof GPUOutOfMemoryError
    ? new LimitError(`${what}: the GPU is out of memory (${error.message}): use a smaller batch or model`)
    : new ShaderError(`${what}: ${error.message}`)

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
  starting = openAdapter(options)
    .then(async ({ device, info, isSoftware }) => {
      const opened = new Gpu(device, info, isSoftware)
      current = opened
      await prepare(opened)
      return opened
    })
    .finally(() => {
      starting = undefined
    })
  return starting
}

/** Ends the device, as losing it would; the next `init()` opens another. */
export function shutdown(): void {
  current?.device.destroy()
  current = undefined
}
