/** A step recorded once, then replayed: the same launches on the same buffers, without tensors or a tape in between. */
import { BATCH } from '../gpu/batches.ts'
import { type Gpu, gpu } from '../gpu/device.ts'
import type { Dispatch, Recorder, WriteLive } from '../gpu/dispatch.ts'
import { SLOT } from '../gpu/params.ts'
import { Reserve } from '../gpu/pool.ts'
import { isWatched } from '../gpu/watching.ts'
import { standInsNow } from './standIn.ts'
import { owned, release, type Storage, type Tensor } from './tensor.ts'

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
class Replay<T> {
  readonly result: T
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
      ;({ result: this.result, tensors: this.tensors } = owned(step))
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

  get launches(): number {
    return this.dispatches.length
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
  /** Takes the step. What it gives are the same tensors every time, overwritten by the next call: read, not disposed. */
  (): T
  /** Frees the recordings, their buffers and results. */
  dispose(): void
}

/**
 * `step` as a function that runs it once, recording its launches, and replays them from then on: with new random numbers
 * and the optimisers' rates of the day, but without running any of its JavaScript. For steps that take one of several
 * courses, `courseOf` says which is next; each is recorded when it first comes up. Results are the same, bit for bit.
 *
 * `onRecord` is told of every recording: its course, and how many launches it has.
 *
 * Throws an Error while recording when `step` reads values back or brings new ones from JavaScript.
 */
export function capture<T>(
  step: () => T,
  courseOf: () => string = () => '',
  onRecord?: (course: string, launches: number) => void,
): Captured<T> {
  const replays = new Map<string, Replay<T>>()
  /** Of a step that was watched, so taken as if it were never recorded. */
  let made: ReadonlySet<Tensor> = new Set()
  const clear = (): void => {
    for (const t of made) t.dispose()
  }
  const take = (): T => {
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
    if (known && known.g === g && !known.isStale) return known.run()
    replays.delete(key)
    known?.dispose()
    const replay = new Replay(g, step)
    replays.set(key, replay)
    onRecord?.(course, replay.launches)
    return replay.result
  }
  const dispose = (): void => {
    for (const replay of replays.values()) replay.dispose()
    replays.clear()
    clear()
  }
  return Object.assign(take, { dispose })
}
