/**
 * Useful work of an op, from its shapes alone. FLOPs are the additions and multiplications (and √, division, e^x, tanh,
 * comparison: one each) that the formula needs; taps that fall on padding or on the zeros of a strided transposed conv
 * are not needed. Bytes are compulsory: every input read once, every output written once, in float32.
 */
import { type Shape, sizeOf } from '../../tensor/shape.ts'

export interface Work {
  flops: number
  bytes: number
}

const bytesOf = (...shapes: Shape[]): number => 4 * shapes.reduce((total, shape) => total + sizeOf(shape), 0)

/** [M, K] by [K, N]. */
export const matmulWork = (M: number, K: number, N: number): Work => ({
  flops: 2 * M * K * N,
  bytes: bytesOf([M, K], [K, N], [M, N]),
})

/** A conv of x [n, size, size, cin] to cout channels; its two gradients do the same multiplications. */
export interface ConvShape {
  n: number
  size: number
  cin: number
  cout: number
  kernel: number
  stride: number
  padding: number
}

export const convOutput = ({ size, kernel, stride, padding }: ConvShape): number =>
  Math.floor((size + 2 * padding - kernel) / stride) + 1

/** One axis of a conv. */
export interface Axis {
  size: number
  outputs: number
  kernel: number
  stride: number
  padding: number
}

/** Taps of all outputs along an axis that fall inside of the input. */
function tapsInside({ size, outputs, kernel, stride, padding }: Axis): number {
  let taps = 0
  for (let o = 0; o < outputs; o++)
    for (let k = 0; k < kernel; k++) {
      const i = o * stride - padding + k
      if (i >= 0 && i < size) taps++
    }
  return taps
}

/** Of a conv over these axes, and of each of its two gradients. */
export const convFlops = (n: number, axes: readonly Axis[], cin: number, cout: number): number =>
  2 * n * axes.map(tapsInside).reduce((a, b) => a * b) * cin * cout

export function convWork(conv: ConvShape): Work {
  const { n, size, cin, cout, kernel } = conv
  const out = convOutput(conv)
  const axis = { ...conv, outputs: out }
  return {
    flops: convFlops(n, [axis, axis], cin, cout),
    bytes: bytesOf([n, size, size, cin], [kernel, kernel, cin, cout], [n, out, out, cout]),
  }
}

/** `flops` for each of the result's values, from these operands. */
export const pointwiseWork = (result: Shape, operands: readonly Shape[], flops: number): Work => ({
  flops: flops * sizeOf(result),
  bytes: bytesOf(result, ...operands),
})

/** Combining the values of x down to `result`, one operation less than values each; `more` for each result. */
export const reduceWork = (x: Shape, result: Shape, more = 0): Work => ({
  flops: sizeOf(x) - sizeOf(result) + more * sizeOf(result),
  bytes: bytesOf(x, result),
})

/**
 * FLOPs per value of a normalisation's kernels: 1 for the mean and 3 for the variance (subtract, square, add); 3 for
 * the result (subtract the mean, scale, shift). Backward, 2 for x̂, 1 for Σ dy, 2 for Σ dy x̂; 4 for
 * dx = s (dy - a - x̂ b). What is done once per group is left out.
 */
export const NORM = { stats: 4, apply: 3, sums: 5, backward: 4 }
/** Square, add, scale; backward, Σ x² and Σ x dy, then scale, subtract, scale. */
export const PIXEL_NORM = { forward: 3, backward: 7 }
/** A line and a column of [1, 2, 1], 3 each, and a scale. */
export const BLUR = 7
/** Noise, bias and leaky ReLU are 4, the norm 7; backward, u again 3, its slope 1, the norm's 9, Σ du and Σ du noise 3. */
export const STYLE_LAYER = { forward: 11, backward: 16 }

/** Two products with the matrix and the division; backward, ⟨dy, y⟩ is 2, dy less a multiple of v uᵀ over σ 4. */
export const SPECTRAL_NORM = { forward: 5, backward: 6 }

/** A normalisation of x with a scale and a shift of shape `affine` each. */
export const normWork = (x: Shape, affine: Shape): Work => ({
  flops: (NORM.stats + NORM.apply) * sizeOf(x),
  bytes: bytesOf(x, x, affine, affine),
})

/** Its gradients [dx, dscale, dshift] from x, dy and the statistics (a mean and a variance for each of `groups`). */
export const normBackwardWork = (x: Shape, affine: Shape, groups: number): Work => ({
  flops: (NORM.sums + NORM.backward) * sizeOf(x),
  bytes: bytesOf(x, x, x, affine, affine, affine, [2 * groups]),
})

/** Two pieces of work, one after the other: what the second needs again is read again. */
export const both = (a: Work, b: Work): Work => ({ flops: a.flops + b.flops, bytes: a.bytes + b.bytes })

/** Update rules: FLOPs per parameter, and values read and written per parameter (parameter, gradient, state). */
const RULES = {
  SGD: { flops: 4, values: 5 }, // v = μ v + g; p -= lr v
  RMSprop: { flops: 9, values: 5 }, // v = α v + (1 - α) g²; p -= lr g / (√v + ε)
  Adam: { flops: 13, values: 7 }, // m = …, v = …; p -= rate m / (√v c + ε)
  EMA: { flops: 3, values: 3 }, // a = δ a + (1 - δ) p
}
export type Rule = keyof typeof RULES

export const optimizerWork = (rule: Rule, parameters: number): Work => ({
  flops: RULES[rule].flops * parameters,
  bytes: 4 * RULES[rule].values * parameters,
})

/** Weights of so many values, read and written. */
export const spectralNormWork = (values: number): Work => ({
  flops: SPECTRAL_NORM.forward * values,
  bytes: 8 * values,
})

/** Random values: written, nothing read. The generator works on integers, which are no FLOPs. */
export const randomWork = (shape: Shape): Work => ({ flops: 0, bytes: bytesOf(shape) })

/** `count` rows of a table by index; `bytes` to a value of the table, `flops` for each value taken. */
export const gatherWork = (count: number, row: Shape, { bytes = 4, flops = 0 } = {}): Work => ({
  flops: flops * count * sizeOf(row),
  bytes: 4 * count + (bytes + 4) * count * sizeOf(row),
})
