import { uniform } from '../tensor/random.ts'
import { check } from '../tensor/shape.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { less, mul } from './pointwise.ts'

/** Zeroes each value with probability p and scales the rest by 1 / (1 - p) (Srivastava et al. 2014). */
export function dropout(x: Tensor, { p = 0.5 }: { p?: number } = {}): Tensor {
  check(p >= 0 && p < 1, 'dropout', () => `expected a probability p in [0, 1), got ${p}`)
  if (p === 0) return x
  return mul(x, mul(less(uniform(x.shape), 1 - p), 1 / (1 - p)))
}
