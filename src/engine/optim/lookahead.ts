/** Updates as ops, for gradients to flow through: what unrolled optimisation needs. */
import { full } from '../ops/pointwise.ts'
import { grad } from '../tensor/autograd.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** What a square root adds, so that it has a slope at 0; nothing beside any gradient that counts. */
export const UNDER_ROOT = 1e-20

/** A parameter's state, by slot. */
export type Slots = Readonly<Record<string, Tensor>>

/** A parameter with its state. */
export interface Updated {
  p: Tensor
  state: Slots
}

/** One of a step's numbers, as a scalar tensor that every replay asks anew. */
export type NumberOf<Name extends string> = (name: Name) => Tensor

/** An optimiser's rule, and the numbers of its step `ahead` of the present one. */
interface Rule<Name extends string> {
  next(p: Tensor, g: Tensor, state: Slots, n: NumberOf<Name>): Updated
  numberOf(name: Name, ahead: number): number
}

/** Where `start` comes to by `steps` updates down `loss`. */
export function lookahead<Name extends string>(
  { next, numberOf }: Rule<Name>,
  start: readonly Updated[],
  loss: (params: readonly Tensor[]) => Tensor,
  steps: number,
): Tensor[] {
  let now = start
  for (let ahead = 1; ahead <= steps; ahead++) {
    const params = now.map(({ p }) => p)
    const grads = grad(loss(params), params, { createGraph: true })
    const made = new Map<Name, Tensor>()
    const n: NumberOf<Name> = (name) => {
      const number = made.get(name) ?? full([], () => numberOf(name, ahead))
      made.set(name, number)
      return number
    }
    now = now.map(({ p, state }, i) => next(p, grads[i], state, n))
  }
  return now.map(({ p }) => p)
}
