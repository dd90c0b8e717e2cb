/** The numbers that optimisers are made with. */
import { check } from '../tensor/shape.ts'

export interface Range {
  min?: number
  /** The largest that is allowed. */
  max?: number
  /** The smallest that is too large. */
  below?: number
}

/** Throws ShapeError, naming the option and its value, when it is no finite number in the range; at least 0 if left out. */
export function checkRange(
  op: string,
  option: string,
  value: number,
  { min = 0, max = Number.POSITIVE_INFINITY, below = Number.POSITIVE_INFINITY }: Range = {},
): void {
  const end = Number.isFinite(below) ? `below ${below}` : Number.isFinite(max) ? `at most ${max}` : 'finite'
  check(
    Number.isFinite(value) && value >= min && value <= max && value < below,
    op,
    () => `${option} must be a number of at least ${min} and ${end}, got ${value}`,
  )
}
