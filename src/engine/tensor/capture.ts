/** A step recorded once, then replayed: the same launches on the same buffers, without tensors or a tape in between. */
import { BATCH } from '../gpu/batches.ts'
import { rebind } from '../gpu/bindGroups.ts'
import { type Gpu, gpu } from '../gpu/device.ts'
import type { Dispatch, Recorder, WriteLive } from '../gpu/dispatch.ts'
import { SLOT } from '../gpu/params.ts'
import { type PoolBuffer, Reserve } from '../gpu/pool.ts'
import { isWatched } from '../gpu/watching.ts'
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
  failure: Error | undefined

  /** Buffers that it may use and that other recordings write to. */
  readonly shared: ReadonlySet<PoolBuffer>
  /** Results of other recordings. */
  private readonly results: ReadonlySet<PoolBuffer>

  constructor(readonly reserve: Reserve) {
    this.shared = new Set([...reserve.free.values()].flat())
    this.results = new Set([...reserve.all].filter((buffer) => !this.shared.has(buffer)))
  }

  add(dispatch: Dispatch, arena: DataView, live?: WriteLive): void {
    const params = new Uint8Array(dispatch.params === undefined ? 0 : SLOT)
    if (dispatch.params !== undefined) params.set(new Uint8Array(arena.buffer, dispatch.params, SLOT))
    this.entries.push({ dispatch, params, live })
  }

  use(storage: Storage): void {
    const { buffer } = storage
    if ((buffer.reserve === this.reserve && !this.results.has(buffer)) || this.held.has(storage)) return
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
  private readonly recording: Recording
  private readonly dispatches: Dispatch[]
  private readonly live: readonly { write: WriteLive; at: number }[]
  private readonly params: GPUBuffer
  private readonly paramsGroup: GPUBindGroup
  private readonly liveBytes: Uint8Array
  private readonly liveView: DataView

  /** Runs `step` and records it, on buffers that it shares with the other recordings in `reserve`. */
  constructor(
    readonly g: Gpu,
    step: () => T,
    reserve = new Reserve(),
  ) {
    const recording = new Recording(reserve)
    this.recording = recording
    reserve.recordings++
    g.recording = recording
    g.pool.reserve = reserve
    try {
      ;({ result: this.result, tensors: this.tensors } = owned(step))
      if (recording.failure) throw recording.failure
      this.keepResults()
    } catch (error) {
      this.letGo()
      throw error
    } finally {
      g.recording = undefined
      g.pool.reserve = undefined
    }
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

  /** Moves results out of the buffers that other recordings write to: they are promised until this one's next replay. */
  private keepResults(): void {
    const { g, recording } = this
    const results = [...this.tensors].filter((t) => !t.disposed)
    for (const storage of new Set(results.map((t) => t.storageOf('capture')))) {
      const { buffer: from } = storage
      if (!recording.shared.has(from)) continue
      const to = g.pool.acquire(from.bytes, 'capture: a result', { apart: true })
      g.flush((encoder) => encoder.copyBufferToBuffer(from.buffer, 0, to.buffer, 0, from.bytes))
      for (const { dispatch } of recording.entries)
        dispatch.bindGroup = rebind(g, dispatch.bindGroup, from, to)
      storage.buffer = to
      g.pool.release(from)
    }
  }

  private letGo(): void {
    const { held, reserve } = this.recording
    if (this.g.lost) return
    for (const storage of held) release(storage)
    this.g.pool.leave(reserve)
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
  /** The courses share the buffers of their intermediate results, on one device. */
  let reserve = new Reserve()
  let reserveOf: Gpu | undefined
  /** Of a step that was watched, so taken as if it were never recorded. */
  let made: ReadonlySet<Tensor> = new Set()
  const clear = (): void => {
    for (const t of made) t.dispose()
  }
  const take = (): T => {
    const g = gpu()
    if (isWatched()) {
      clear()
      const { result, tensors } = owned(step)
      made = tensors
      return result
    }
    const course = courseOf()
    const known = replays.get(course)
    if (known && known.g === g) return known.run()
    if (reserveOf !== g) reserve = new Reserve()
    reserveOf = g
    const replay = new Replay(g, step, reserve)
    replays.set(course, replay)
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
