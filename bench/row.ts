/** What a row of the table of kernels is made of. */

import { noGrad, reshape, type Tensor } from '../src/engine/index.ts'
import type { Work } from '../src/engine/ops/products/counts.ts'
import type { Ref } from '../tests/ref/index.ts'
import type { Values } from './inputs.ts'

/** A row ready to run: its inputs are on the device. */
export interface Session {
  /** Runs once and returns the results, in a scope of the caller's. */
  run(): Tensor[]
  dispose?(): void
}

/** The same work in a peer's terms. */
export interface PeerWork {
  /** Which of the peer's functions. */
  op: string
  options?: Record<string, number>
}

export interface Row {
  op: string
  shape: string
  work: Work
  inputs: Values[]
  begin(inputs: Tensor[]): Session
  /** The results of the first run, in float64 (tests/ref). */
  reference(inputs: Ref[]): Expected[]
  /** ‖result - twin‖ / ‖twin‖ allowed; say why where it is more than the ops' tests allow. */
  tolerance?: number
  peer?: PeerWork
}

/** A result, or some of its values where the whole would take the CPU too long. */
export interface Expected {
  data: ArrayLike<number>
  /** Which values of the result these are; all if left out. */
  positions?: ArrayLike<number>
}

export const TOLERANCE = 2e-5

/** A row that computes results from inputs and keeps nothing. */
export const plain =
  (op: (...inputs: Tensor[]) => Tensor) =>
  (inputs: Tensor[]): Session => ({ run: () => [noGrad(() => op(...inputs))] })

/** A tensor that something else owns, as a result. */
export const seen = (x: Tensor): Tensor => noGrad(() => reshape(x, x.shape))

export const nameOf = ({ op, shape }: Pick<Row, 'op' | 'shape'>): string => `${op} ${shape}`
