/** A step recorded once, then replayed: the same launches on the same buffers, without tensors or a tape in between. */
import { BATCH } from '../gpu/batches.ts'
import { type Gpu, gpu } from '../gpu/device.ts'
import type { Dispatch, Recorder, WriteLive } from '../gpu/dispatch.ts'
import { SLOT } from '../gpu/params.ts'
import { Reserve } from '../gpu/pool.ts'
import { isWatched } from '../gpu/watching.ts'
import { type Counters, countersOf } from './counters.ts'
import { standInsNow } from './standIn.ts'
import { owned, release, type Storage, type Tensor } from './tensor.ts'
import { type Recorded, verify } from './verify.ts'

interface Entry {
  dispatch: Dispatch
  /** The params of the launch that was recorded. */
  params: Uint8Array
  live?: WriteLive
}

/** What is told of a step while it runs for the first time. */
class Recording implements Recorder {
  readonly entries: Entry[] = []
  /** From elsewhere: parameters, data, averages. Held, so that their buffers stay theirs. */
  readonly held = new Set<Storage>()
  readonly reserve = new Reserve()
  failure: Error | undefined

  add(dispatch: Dispatch, arena: DataView, live?: WriteLive): void {
    const params = new Uint8Array(dispatch.params === undefined ? 0 : SLOT)
    if (dispatch.params !== undefined) params.set(new Uint8Array(arena.buffer, dispatch.params, SLOT))
    this.entries.push({ dispatch, params, live })
  }

  use(storage: Storage): void {
    if (storage.buffer.reserve === this.reserve || this.held.has(storage)) return
    storage.references++
    this.held.add(storage)
  }

  /** Throws; and again when the step has ended, should it have caught the error. */
  refuse(what: string): void {
    this.failure ??= new Error(`capture: a step that is replayed cannot do this: ${what}`)
    throw this.failure
  }
}

/** A recorded step: launches, the buffers they use, and the step's result. */
class Replay<T> implements Recorded<T> {
  readonly result: T
  readonly counters: Counters
  private readonly tensors: ReadonlySet<Tensor>
  private readonly recording = new Recording()
  private readonly departures: ReadonlyMap<Storage, number>
  private readonly dispatches: Dispatch[]
  private readonly live: readonly { write: WriteLive; at: number }[]
  private readonly params: GPUBuffer
  private readonly paramsGroup: GPUBindGroup
  private readonly liveBytes: Uint8Array
  private readonly liveView: DataView

  /** Runs `step` and records it. */
  constructor(
    readonly g: Gpu,
    step: () => T,
  ) {
    const { recording } = this
    g.recording = recording
    g.pool.reserve = recording.reserve
    try {
      const { result: made, counters } = countersOf(() => owned(step))
      ;({ result: this.result, tensors: this.tensors } = made)
      this.counters = counters
      if (recording.failure) throw recording.failure
    } catch (error) {
      this.letGo()
      throw error
    } finally {
      g.recording = undefined
      g.pool.reserve = undefined
    }
    this.departures = new Map([...recording.held].map((storage) => [storage, storage.departures]))
    // Slots that change come first, so that a replay writes one range.
    const { entries } = recording
    const ordered = [...entries.filter(({ live }) => live), ...entries.filter(({ live }) => !live)]
    const withParams = ordered.filter(({ dispatch }) => dispatch.params !== undefined)
    const offsets = new Map(withParams.map((entry, i) => [entry, i * SLOT]))
    const bytes = new Uint8Array(Math.max(1, withParams.length) * SLOT)
    for (const [entry, at] of offsets) bytes.set(entry.params, at)
    this.params = g.params.create(bytes.length)
    g.device.queue.writeBuffer(this.params, 0, bytes)
    this.paramsGroup = g.params.bind(this.params)
    this.dispatches = entries.map((entry) => ({ ...entry.dispatch, params: offsets.get(entry) }))
    this.live = entries.flatMap((entry) =>
      entry.live ? [{ write: entry.live, at: offsets.get(entry) ?? 0 }] : [],
    )
    this.liveBytes = bytes.slice(0, this.live.length * SLOT)
    this.liveView = new DataView(this.liveBytes.buffer)
  }

  /** Whether tensors that it uses have moved: it would read and write their old places. */
  get isStale(): boolean {
    for (const [storage, departures] of this.departures) if (storage.departures !== departures) return true
    return false
  }

  get entries(): readonly Entry[] {
    return this.recording.entries
  }

  get held(): ReadonlySet<Storage> {
    return this.recording.held
  }

  run(): T {
    const { g, liveBytes, dispatches, paramsGroup } = this
    g.flush() // what was asked for before, an earlier replay with the same params among it, comes before
    for (const { write, at } of this.live) write(this.liveView, at)
    if (liveBytes.length) g.device.queue.writeBuffer(this.params, 0, liveBytes as GPUAllowSharedBufferSource)
    if (g.watch?.each)
      for (let i = 0; i < dispatches.length; i += BATCH) g.replay(dispatches.slice(i, i + BATCH), paramsGroup)
    else g.replay(dispatches, paramsGroup)
    return this.result
  }

  dispose(): void {
    if (!this.g.lost) this.g.flush()
    for (const t of this.tensors) t.dispose()
    this.params.destroy()
    this.letGo()
  }

  private letGo(): void {
    const { held, reserve } = this.recording
    if (this.g.lost) return
    for (const storage of held) release(storage)
    this.g.pool.open(reserve)
  }
}

export interface Captured<T> {
  /**
   * Takes the step. What it gives are the same tensors every time, overwritten by the next call: read, not disposed. Only
   * when a step is recorded anew they are others.
   */
  (): T
  /** Resolves when what is known of the last step that was verified is good; rejects as `verifyCaptures` says. */
  readonly verified: Promise<void>
  /** Frees the recordings, their buffers and results. */
  dispose(): void
}

let verifyEvery = 0

/**
 * For finding faults: from now on, every captured step is verified at its first replay and at every `every`-th; 0 for
 * never. It is then run both ways from the same state, by its JavaScript and by its replay, and all launches, results and
 * tensors that it writes are compared, bit for bit. Where they differ, the step throws an Error that names the first; what
 * only the GPU can tell comes with `verified`, and with the next step. Takes the time and memory of several steps.
 */
export function verifyCaptures(every: number): void {
  verifyEvery = every
}

/**
 * `step` as a function that runs it once, recording its launches, and replays them from then on: with new random numbers
 * and the current learning rates, but without running any of its JavaScript. Results are the same, bit for bit.
 *
 * What a step may depend on, therefore, and what is new at every replay: tensors made before it, whose values may be
 * written in between; random numbers; an optimiser's rate and its count of steps; numbers given to `full` as functions.
 * Anything else in its JavaScript stays as it was when the step was recorded: an `if`, a loop's length, a field that was
 * read, a number given to an op, a layer that was replaced. A step that takes one of several courses says by `courseOf`
 * which is next; each is recorded when it first comes up. `verifyCaptures` finds what was forgotten.
 *
 * A step is recorded anew when a parameter has moved into an optimiser's buffer since, or layers are in another mode, or
 * an average stands in for the parameters. `onRecord` is told of every recording: its course, and how many launches it has.
 *
 * Throws an Error while recording when `step` reads values back, brings new ones from JavaScript, makes an optimiser or
 * takes another captured step; and when it is taken among weights that are others every time (see nn.withTensors).
 */
export function capture<T>(
  step: () => T,
  courseOf: () => string = () => '',
  onRecord?: (course: string, launches: number) => void,
): Captured<T> {
  const replays = new Map<string, Replay<T>>()
  /** Of a step that was watched, so taken as if it were never recorded. */
  let made: ReadonlySet<Tensor> = new Set()
  let taken = 0
  let verified = Promise.resolve()
  let fault: Error | undefined
  const clear = (): void => {
    for (const t of made) t.dispose()
  }
  const verifyOne = (known: Replay<T>): T => {
    const { result, verdict } = verify(known, () => new Replay(known.g, step))
    verified = verdict
    verdict.catch((error) => {
      fault = error
    })
    return result
  }
  const take = (): T => {
    if (fault) throw fault
    const g = gpu()
    g.recording?.refuse('another captured step is taken in it: call what that one captures instead')
    if (isWatched()) {
      clear()
      const { result, tensors } = owned(step)
      made = tensors
      return result
    }
    const course = courseOf()
    const key = `${course}\n${standInsNow()}`
    const known = replays.get(key)
    if (known && known.g === g && !known.isStale)
      return verifyEvery && taken++ % verifyEvery === 0 ? verifyOne(known) : known.run()
    replays.delete(key)
    known?.dispose()
    const replay = new Replay(g, step)
    replays.set(key, replay)
    onRecord?.(course, replay.entries.length)
    return replay.result
  }
  const dispose = (): void => {
    for (const replay of replays.values()) replay.dispose()
    replays.clear()
    clear()
  }
  return Object.defineProperty(Object.assign(take, { dispose }), 'verified', {
    get: () => verified,
  }) as Captured<T>
}
