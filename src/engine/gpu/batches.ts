/** Launches that are not submitted yet. They go to the GPU in batches: one encoder, one compute pass, one submit. */
import { type Dispatch, encodePass, type Watch } from './dispatch.ts'
import { asError, type Failures } from './failures.ts'
import { type ParamsBinder, SLOT } from './params.ts'
import type { Batch, PoolBuffer } from './pool.ts'

/** Submit after this many dispatches, so that the GPU works while JavaScript records the next ones. */
export const BATCH = 48
const ARENA = BATCH * SLOT

/** The device that batches go to. */
interface Submitter {
  readonly device: GPUDevice
  readonly lost: Error | undefined
  /** Undefined unless something is measured: then flushing costs nothing more. */
  readonly watch: Watch | undefined
  readonly failures: Failures
}

export class Batches {
  /** The batch being recorded. */
  current: Batch = {}
  private readonly arena: GPUBuffer
  private readonly arenaGroup: GPUBindGroup
  private readonly arenaBytes = new Uint8Array(ARENA)
  readonly arenaView = new DataView(this.arenaBytes.buffer)
  private arenaUsed = 0
  private pending: Dispatch[] = []
  /** A replayed step that waits to be submitted; then nothing else is pending. */
  private waiting: { dispatches: readonly Dispatch[]; paramsGroup: GPUBindGroup } | undefined

  constructor(
    private readonly to: Submitter,
    params: ParamsBinder,
  ) {
    this.arena = params.create(ARENA)
    this.arenaGroup = params.bind(this.arena)
  }

  /**
   * Call it before the buffers of a launch are bound. From here to `dispatch` nothing is submitted, so that the batch
   * that the buffers are marked with is the launch's. Gives the offset of a fresh Params slot in `arenaView`.
   */
  begin(hasParams: boolean): number | undefined {
    if (this.waiting || (hasParams && this.arenaUsed + SLOT > ARENA)) this.flush()
    if (!hasParams) return undefined
    this.arenaUsed += SLOT
    return this.arenaUsed - SLOT
  }

  /** Adds a launch, `begin` before it. */
  dispatch(dispatch: Dispatch): void {
    this.pending.push(dispatch)
    if (this.pending.length >= BATCH) this.flush()
  }

  /** Submits what was dispatched before, and holds a replayed step back until more is asked for: mostly its readback. */
  replay(dispatches: readonly Dispatch[], paramsGroup: GPUBindGroup): void {
    this.flush()
    this.waiting = { dispatches, paramsGroup }
  }

  /** Submits what was dispatched so far, and then `copy`. */
  flush(copy?: (encoder: GPUCommandEncoder) => void): void {
    const { dispatches, paramsGroup } = this.waiting ?? {
      dispatches: this.pending,
      paramsGroup: this.arenaGroup,
    }
    if (dispatches.length === 0 && !copy) {
      this.arenaUsed = 0 // slots of launches that failed
      return
    }
    const { device, lost, watch, failures } = this.to
    if (lost) throw lost
    const batch = this.current
    const submit = (): void => {
      watch?.encode()
      // queue.writeBuffer takes effect before the commands submitted after it, and after those submitted before:
      // one write per batch, always of the whole used arena, is therefore safe.
      if (this.arenaUsed) device.queue.writeBuffer(this.arena, 0, this.arenaBytes, 0, this.arenaUsed)
      const encoder = device.createCommandEncoder()
      if (dispatches.length) {
        const passes = watch?.passes(dispatches) ?? [{ dispatches }]
        for (const pass of passes) encodePass(encoder, pass, paramsGroup)
        watch?.encoded(encoder)
      }
      copy?.(encoder)
      device.queue.submit([encoder.finish()])
      watch?.submitted()
    }
    failures.guard('dispatch', submit, {
      // By now it is known which kernels do not compile.
      explain: async (error) =>
        dispatches.find(({ compiled }) => compiled.error)?.compiled.error ?? asError(error, 'dispatch'),
      onFailure: (error) => {
        batch.error = error
      },
    })
    this.pending = []
    this.waiting = undefined
    this.arenaUsed = 0
    this.current = {}
  }

  /** Whether work that is not submitted yet may use the buffer. */
  uses(buffer: PoolBuffer): boolean {
    return buffer.batch === this.current || this.waiting !== undefined
  }
}
