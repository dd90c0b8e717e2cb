/** Whether a recorded step still does what its JavaScript would do: both are run from one state and compared by bits. */
import type { Gpu } from '../gpu/device.ts'
import type { Dispatch } from '../gpu/dispatch.ts'
import { run } from '../gpu/kernel.ts'
import { SLOT } from '../gpu/params.ts'
import { type Counters, readCounters, writeCounters } from './counters.ts'
import { sameShape, shapeText } from './shape.ts'
import { allocate, owned, release, type Storage, Tensor, tensor, tensorsIn } from './tensor.ts'

/** A launch as it was recorded; `live` writes the numbers that differ each time. */
interface Entry {
  dispatch: Dispatch
  live?: (view: DataView, at: number) => void
}

/** What is compared of a recorded step. */
export interface Recorded<T> {
  readonly g: Gpu
  readonly entries: readonly Entry[]
  /** Buffers from elsewhere, which the step reads or writes. */
  readonly held: ReadonlySet<Storage>
  readonly counters: Counters
  readonly result: T
  run(): T
  dispose(): void
}

const SAYS =
  'A recorded step does not run its JavaScript again: give what it depends on as a course, a live value, or a tensor that is written to'

/**
 * Runs the step by `record`, then `known` from the state before; that state is everything that the step writes, on the
 * GPU and of its counters. `verdict` rejects with an Error that names the first launch or tensor that differs.
 * Throws such an Error where it can be told at once. The state is afterwards that of one step taken.
 */
export function verify<T>(
  known: Recorded<T>,
  record: () => Recorded<T>,
): { result: T; verdict: Promise<void> } {
  const written = writesOf(known)
  const counted = readCounters(known.counters)
  const before = copiesOf(known, written)
  let after: Copies | undefined
  let eager: Recorded<T> | undefined
  try {
    eager = record()
    const moved = readCounters(known.counters)
    const change = changedLaunch(known, eager) ?? changedNumbers(known, eager, counted)
    if (change) throw new Error(`capture: the step is another than when it was recorded: ${change}. ${SAYS}`)
    after = copiesOf(known, written)
    restore(known.g, before)
    writeCounters(known.counters, counted)
    const result = known.run()
    if (JSON.stringify(readCounters(known.counters)) !== JSON.stringify(moved))
      throw new Error(
        'capture: a replay leaves a count of steps, or random numbers, elsewhere than the step itself',
      )
    return { result, verdict: compare(known, eager, written, after) }
  } finally {
    eager?.dispose()
    for (const copies of [before, after]) for (const copy of copies?.values() ?? []) release(copy)
  }
}

/** A range that a step writes of a buffer from elsewhere. */
interface Write {
  storage: Storage
  offset: number
  shape: readonly number[]
  /** The first launch that writes it. */
  by: string
}

function writesOf({ entries, held }: Recorded<unknown>): Write[] {
  const storages = new Map([...held].map((storage) => [storage.buffer.id, storage]))
  const writes = new Map<string, Write>()
  for (const [i, { dispatch }] of entries.entries())
    for (const { id, offset = 0, shape, writes: isWritten } of Object.values(dispatch.about?.buffers ?? {})) {
      const storage = storages.get(id)
      const key = `${id}+${offset}+${shapeText(shape)}`
      if (isWritten && storage && !writes.has(key))
        writes.set(key, { storage, offset, shape, by: nameOf(dispatch, i) })
    }
  return [...writes.values()]
}

const nameOf = ({ kernel, about }: Dispatch, i: number): string => `launch ${i + 1} (${about?.op ?? kernel})`

/** What the first launch that is not the same does now; undefined when all are. */
function changedLaunch(known: Recorded<unknown>, now: Recorded<unknown>): string | undefined {
  const [a, b] = [known, now].map(({ held }) => new Set([...held].map(({ buffer }) => buffer.id)))
  for (const [i, { dispatch: then }] of known.entries.entries()) {
    const entry = now.entries[i]
    const which = nameOf(then, i)
    if (!entry) return `${which} is not made any more`
    const { dispatch } = entry
    if (dispatch.pipeline !== then.pipeline || `${dispatch.grid}` !== `${then.grid}`)
      return `${which} is now ${describe(dispatch)}, and was ${describe(then)}`
    for (const [name, was] of Object.entries(then.about?.buffers ?? {})) {
      const is = dispatch.about?.buffers[name]
      const isElsewhere = a.has(was.id) || b.has(is?.id ?? -1)
      if (isElsewhere && (was.id !== is?.id || was.offset !== is.offset))
        return `${which} uses another tensor for '${name}'`
    }
    const name = changedParam(then, dispatch)
    if (name)
      return `${which} is given another ${name}: it was ${then.about?.params[name]}, and is ${dispatch.about?.params[name]}`
  }
  const more = now.entries[known.entries.length]
  return more && `${nameOf(more.dispatch, known.entries.length)} is new`
}

const describe = ({ kernel, about }: Dispatch): string =>
  `${about?.op ?? kernel} of ${Object.values(about?.buffers ?? {})
    .map(({ shape }) => shapeText(shape))
    .join(', ')}`

const changedParam = ({ about: was }: Dispatch, { about: is }: Dispatch): string | undefined =>
  Object.keys(was?.params ?? {}).find((key) => !Object.is(was?.params[key], is?.params[key]))

/** The first launch that is given other numbers, of those whose numbers differ each time. */
function changedNumbers(
  known: Recorded<unknown>,
  now: Recorded<unknown>,
  counted: readonly unknown[],
): string | undefined {
  const [was, is] = [known, now].map(({ entries }) => {
    writeCounters(known.counters, counted)
    return entries.map(({ live }) => {
      const view = new DataView(new ArrayBuffer(SLOT))
      live?.(view, 0)
      return new Uint8Array(view.buffer)
    })
  })
  const first = was.findIndex((bytes, i) => bytes.some((byte, k) => byte !== is[i][k]))
  return first < 0 ? undefined : `${nameOf(known.entries[first].dispatch, first)} is given other numbers`
}

/** Buffers with what others held. */
type Copies = ReadonlyMap<Storage, Storage>

function copiesOf({ g }: Recorded<unknown>, writes: readonly Write[]): Copies {
  const copies = new Map<Storage, Storage>()
  for (const { storage } of writes) {
    if (copies.has(storage)) continue
    const copy = allocate(storage.buffer.bytes / 4, 'capture: a copy to compare with')
    copy.references++
    copies.set(storage, copy)
  }
  move(g, copies)
  return copies
}

const restore = (g: Gpu, copies: Copies): void =>
  move(g, new Map([...copies].map(([storage, copy]) => [copy, storage])))

function move(g: Gpu, pairs: Copies): void {
  g.flush((encoder) => {
    for (const [from, to] of pairs)
      encoder.copyBufferToBuffer(from.buffer.buffer, 0, to.buffer.buffer, 0, from.buffer.bytes)
  })
}

/** Compares the results, and what was written, with `after`. */
function compare<T>(
  known: Recorded<T>,
  eager: Recorded<T>,
  writes: readonly Write[],
  after: Copies,
): Promise<void> {
  const [ours, theirs] = [known, eager].map(({ result }) => [...tensorsIn(result)])
  const shapes = (of: Tensor[]): string => of.map(({ shape }) => shapeText(shape)).join(', ')
  if (ours.length !== theirs.length || ours.some(({ shape }, i) => !sameShape(shape, theirs[i].shape)))
    throw new Error(
      `capture: the step's result was ${shapes(ours)} when it was recorded, and is ${shapes(theirs)}. ${SAYS}`,
    )
  const { result: reads, tensors } = owned(() => {
    const pairs = ours.map((x, i) => ({ x, y: theirs[i], what: `result ${i + 1}, ${shapeText(x.shape)}` }))
    for (const { storage, offset, shape, by } of writes) {
      const copy = after.get(storage)
      if (!copy) continue
      const [x, y] = [storage, copy].map((of) => new Tensor(shape, of, offset))
      pairs.push({ x, y, what: `the tensor ${shapeText(shape)} that ${by} writes first` })
    }
    const flags = tensor(new Float32Array(Math.max(1, pairs.length)))
    for (const [slot, { x, y }] of pairs.entries())
      run('differs', { buffers: { x, y, flags }, params: { n: x.size, slot }, threads: x.size })
    return { flags: flags.data(), names: pairs.map(({ what }) => what) }
  })
  for (const t of tensors) t.dispose()
  return reads.flags.then((flags) => {
    const first = flags.findIndex((flag) => flag !== 0)
    if (first >= 0) throw new Error(`capture: a replay differs from the step itself in ${reads.names[first]}`)
  })
}
