/** Parameters in one buffer, so that an optimiser updates all of them at once. */

import { ALIGNMENT, roundUp } from '../gpu/pool.ts'
import { check, shapeText } from '../tensor/shape.ts'
import { allocate, release, type Storage, Tensor } from '../tensor/tensor.ts'
import { assign, fill } from './pointwise.ts'

/** Parameters laid end to end in one buffer, each at a multiple of 256 bytes. */
export interface Flat {
  storage: Storage
  params: readonly Tensor[]
  offsets: number[]
  bytes: number
  /** Optimisers and averages over these parameters. */
  users: number
}

const homes = new WeakMap<Tensor, Flat>()

/** Moves `params` into one buffer, or finds the one they already share. Throws when they are spread over others. */
export function flatten(params: readonly Tensor[], op: string): Flat {
  check(params.length > 0, op, () => 'expected at least one parameter')
  const home = homes.get(params[0])
  if (home?.params.length === params.length && home.params.every((p, i) => p === params[i])) {
    home.users++
    return home
  }
  params.forEach((p, i) => {
    check(
      !homes.has(p),
      op,
      () =>
        `parameter ${i} of shape ${shapeText(p.shape)} is already updated with another list of parameters`,
    )
  })
  check(new Set(params).size === params.length, op, () => 'a parameter is listed twice')
  const laid = endToEnd(params.map((p) => p.size))
  const [offsets, bytes] = [laid.offsets.map((at) => at * 4), laid.size * 4]
  const flat = { storage: zeroFlat(bytes, op), params, offsets, bytes, users: 1 }
  params.forEach((p, i) => {
    const place = new Tensor(p.shape, flat.storage, offsets[i])
    assign(place, p)
    p.relocate(flat.storage, offsets[i])
    place.dispose()
    homes.set(p, flat)
  })
  return flat
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

/** A zeroed buffer of the same layout. */
export function zeroFlat(bytes: number, op: string): Storage {
  const storage = allocate(bytes / 4, `${op}: the state of all parameters`)
  storage.references++ // held by the optimiser, not by a tensor
  const whole = new Tensor([bytes / 4], storage)
  fill(whole, 0)
  whole.dispose()
  return storage
}

/** The last user to leave gives the buffer back, once the parameters are disposed too. */
export function leave(flat: Flat): void {
  if (--flat.users > 0) return
  for (const p of flat.params) homes.delete(p)
  release(flat.storage)
}

/** Runs `fn` on tensors over whole storages, which are gone afterwards. */
export function withWhole<T>(
  storages: Record<string, Storage>,
  bytes: number,
  fn: (whole: Record<string, Tensor>) => T,
): T {
  const whole = Object.fromEntries(
    Object.entries(storages).map(([name, storage]) => [name, new Tensor([bytes / 4], storage)]),
  )
  const result = fn(whole)
  for (const t of Object.values(whole)) t.dispose()
  return result
}
