/** Parameters in few buffers: whoever updates them updates many at once, and several may update the same ones. */

import { gpu } from '../gpu/device.ts'
import { ALIGNMENT, roundUp } from '../gpu/pool.ts'
import { check } from '../tensor/shape.ts'
import { refuseAmongStandIns } from '../tensor/standIn.ts'
import { allocate, release, type Storage, Tensor } from '../tensor/tensor.ts'
import { assign, fill } from './pointwise.ts'

/** Parameters of a list that lie one behind the other in a buffer, their home. */
export interface Span {
  home: Storage
  /** Where the first of them begins in the home, in bytes. */
  start: number
  bytes: number
  /** Which parameters of the list they are, each with its place behind `start`, in bytes. */
  members: { index: number; offset: number }[]
}

/** Buffers that parameters live in. A parameter moves into one when a first list names it, and never moves again. */
const homes = new WeakSet<Storage>()

/**
 * Where the parameters of a list lie, in as few spans as their homes allow. Those that no list has named before move
 * into a home together, in the order of the list; or into several, where one buffer of `limit` bytes is too small.
 * The spans hold their homes until `leave`. Throws ShapeError when there are none, or one of them is listed twice; an Error
 * in a step that is recorded, and where other weights stand in for the parameters.
 */
export function spansOf(
  params: readonly Tensor[],
  op: string,
  limit = gpu().device.limits.maxStorageBufferBindingSize,
): Span[] {
  gpu().recording?.refuse(`${op} is made, with new averages every time: make it before the step`)
  refuseAmongStandIns(op)
  check(params.length > 0, op, () => 'expected at least one parameter')
  const places = new Set(params.map((p) => `${p.storageOf(op).buffer.id}+${p.byteOffset}`))
  check(places.size === params.length, op, () => 'a parameter is listed twice')
  const newcomers = params.filter((p) => !homes.has(p.storageOf(op)))
  for (const group of groupsOf(newcomers, limit)) moveIn(group, op)
  const spans = joined(params, op)
  for (const { home } of spans) home.references++
  return spans
}

/** Neighbours that fit into `limit` bytes together. */
function groupsOf(params: readonly Tensor[], limit: number): Tensor[][] {
  const groups: Tensor[][] = []
  let room = 0
  for (const p of params) {
    room -= roomOf(p)
    if (room < 0) {
      groups.push([])
      room = limit - roomOf(p)
    }
    groups[groups.length - 1].push(p)
  }
  return groups
}

const roomOf = ({ size }: Tensor): number => roundUp(size * 4, ALIGNMENT)

function moveIn(params: readonly Tensor[], op: string): void {
  const { offsets, size } = endToEnd(params.map((p) => p.size))
  const home = zeroed(size * 4, op)
  homes.add(home)
  params.forEach((p, i) => {
    const place = new Tensor(p.shape, home, offsets[i] * 4)
    assign(place, p)
    p.storageOf(op).departures++
    p.relocate(home, place.byteOffset)
    place.dispose()
  })
  release(home) // the parameters hold it now
}

/** The spans of parameters that have homes: home by home, each from its beginning to its end. */
function joined(params: readonly Tensor[], op: string): Span[] {
  const placed = params.map((p, index) => ({ index, p, home: p.storageOf(op) }))
  const order = [...new Set(placed.map(({ home }) => home))]
  placed.sort((a, b) => order.indexOf(a.home) - order.indexOf(b.home) || a.p.byteOffset - b.p.byteOffset)
  const spans: Span[] = []
  for (const { index, p, home } of placed) {
    let span = spans.at(-1)
    if (span?.home !== home || span.start + span.bytes !== p.byteOffset) {
      span = { home, start: p.byteOffset, bytes: 0, members: [] }
      spans.push(span)
    }
    span.members.push({ index, offset: span.bytes })
    span.bytes += roomOf(p)
  }
  return spans
}

/** Gives the homes up; one is freed when its parameters are disposed, too. */
export function leave(spans: readonly Span[]): void {
  for (const { home } of spans) release(home)
}

/** Where tensors of these sizes begin in one buffer, each where it can be bound, and the size of all; in floats. */
export function endToEnd(sizes: readonly number[]): { offsets: number[]; size: number } {
  const offsets: number[] = []
  let bytes = 0
  for (const size of sizes) {
    offsets.push(bytes / 4)
    bytes += roundUp(size * 4, ALIGNMENT)
  }
  return { offsets, size: bytes / 4 }
}

/** A buffer of zeros, which the caller holds until it calls `release`. */
export function zeroed(bytes: number, op: string): Storage {
  const storage = allocate(bytes / 4, `${op}: the state of all parameters`)
  storage.references++
  const whole = new Tensor([bytes / 4], storage)
  fill(whole, 0)
  whole.dispose()
  return storage
}

/** Runs `fn` on tensors over `bytes` of each of these buffers, from its start on; they are gone afterwards. */
export function withRanges<T>(
  ranges: Readonly<Record<string, { storage: Storage; start?: number }>>,
  bytes: number,
  fn: (ranges: Record<string, Tensor>) => T,
): T {
  const made = Object.fromEntries(
    Object.entries(ranges).map(([name, { storage, start }]) => [
      name,
      new Tensor([bytes / 4], storage, start),
    ]),
  )
  const result = fn(made)
  for (const t of Object.values(made)) t.dispose()
  return result
}
