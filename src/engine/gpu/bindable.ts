/** A tensor as a kernel sees it: numbers at a place in a buffer. */
import type { PoolBuffer } from './pool.ts'

/** A buffer from the pool, and how many hold on to it. */
export interface Held {
  readonly buffer: PoolBuffer
  references: number
}

/** What can be bound to a kernel: `size` floats of `shape`, from `byteOffset` on. */
export interface Bindable {
  readonly shape: readonly number[]
  readonly size: number
  readonly byteOffset: number
  /** What holds the floats. Throws an error that names `op` when they are gone. */
  storageOf(op: string): Held
}
