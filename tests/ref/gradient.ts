import type { Ref } from './ref.ts'

function largestMagnitude(xs: Ref[]): number {
  let largest = 0
  for (const x of xs) for (const v of x.data) largest = Math.max(largest, Math.abs(v))
  return largest
}

/** x + step d, elementwise. */
function moved(x: Ref, d: Ref, step: number): Ref {
  return { data: x.data.map((v, i) => v + step * d.data[i]), shape: x.shape }
}

/**
 * The derivative of f at the inputs along the directions, (f(x + s d) - f(x - s d)) / 2s.
 * The step s makes the largest move h times the largest input (or times 1, if all inputs are smaller).
 * For a scalar f this should equal Σ grad · direction.
 */
export function directionalDerivative(
  f: (inputs: Ref[]) => number,
  inputs: Ref[],
  directions: Ref[],
  h = 1e-5,
): number {
  if (directions.length !== inputs.length) throw new Error('directionalDerivative: one direction per input')
  for (let i = 0; i < inputs.length; i++) {
    if (directions[i].data.length !== inputs[i].data.length) {
      throw new Error(`directionalDerivative: input [${inputs[i].shape}], direction [${directions[i].shape}]`)
    }
  }
  const reach = largestMagnitude(directions)
  if (reach === 0) return 0
  const step = (h * Math.max(1, largestMagnitude(inputs))) / reach
  const ahead = f(inputs.map((x, i) => moved(x, directions[i], step)))
  const behind = f(inputs.map((x, i) => moved(x, directions[i], -step)))
  return (ahead - behind) / (2 * step)
}

/**
 * ‖actual - expected‖₂ / ‖expected‖₂.
 * Infinity, so that no tolerance accepts it, when the lengths differ, or when one is NaN or infinite where
 * the other is not the same. Where both are the same NaN or infinity, the entry is left out.
 */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Infinity
  let difference = 0
  let reference = 0
  for (let i = 0; i < expected.length; i++) {
    if (!Number.isFinite(actual[i]) || !Number.isFinite(expected[i])) {
      if (Object.is(actual[i], expected[i])) continue
      return Infinity
    }
    difference += (actual[i] - expected[i]) ** 2
    reference += expected[i] ** 2
  }
  return Math.sqrt(difference) / Math.max(Math.sqrt(reference), 1e-30)
}
