/**
 * Useful work of an op, from its shapes alone. FLOPs are the additions and multiplications (and √, division, e^x, tanh,
 * comparison: one each) that the formula needs; taps that fall on padding or on the zeros of a strided transposed conv
 * are not needed. Bytes are compulsory: every input read once, every output written once, in float32.
 */
import { type Shape, sizeOf } from '../src/engine/shape.ts'

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

/** Taps of all outputs along one axis that fall inside of the input. */
function tapsInside(conv: ConvShape): number {
  const { size, kernel, stride, padding } = conv
  let taps = 0
  for (let o = 0; o < convOutput(conv); o++)
    for (let k = 0; k < kernel; k++) {
      const i = o * stride - padding + k
      if (i >= 0 && i < size) taps++
    }
  return taps
}

export function convWork(conv: ConvShape): Work {
  const { n, size, cin, cout, kernel } = conv
  const out = convOutput(conv)
  return {
    flops: 2 * n * tapsInside(conv) ** 2 * cin * cout,
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
 * A normalisation of x with a scale and a shift of shape `affine` each. Per value: 1 for the mean, 3 for the variance
 * (subtract, square, add), 3 for the result (subtract the mean, scale, shift). What is done once per group is left out.
 */
export const normWork = (x: Shape, affine: Shape): Work => ({
  flops: 7 * sizeOf(x),
  bytes: bytesOf(x, x, affine, affine),
})

/**
 * Its gradients [dx, dscale, dshift] from x, dy and the statistics (a mean and a variance for each of `groups`). Per
 * value: 2 for x̂, 1 for Σ dy, 2 for Σ dy x̂, 4 for dx = s (dy - a - x̂ b).
 */
export const normBackwardWork = (x: Shape, affine: Shape, groups: number): Work => ({
  flops: 9 * sizeOf(x),
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

/** Random values: written, nothing read. The generator works on integers, which are no FLOPs. */
export const randomWork = (shape: Shape): Work => ({ flops: 0, bytes: bytesOf(shape) })

/** `count` rows of a table by index; `bytes` to a value of the table, `flops` for each value taken. */
export const gatherWork = (count: number, row: Shape, { bytes = 4, flops = 0 } = {}): Work => ({
  flops: flops * count * sizeOf(row),
  bytes: 4 * count + (bytes + 4) * count * sizeOf(row),
})

export interface DcganShape {
  size: number
  channels: number
  width: number
  batch: number
}

/** Products and convs of a training step of src/models/dcgan.ts; norms, activations and optimisers are left out. */
export function dcganStepFlops({ size, channels, width, batch }: DcganShape): number {
  let [at, cin, cout] = [size, channels, width]
  const convs: number[] = []
  for (; at > 7 && at % 2 === 0; at /= 2) {
    convs.push(convWork({ n: batch, size: at, cin, cout, kernel: 4, stride: 2, padding: 1 }).flops)
    ;[cin, cout] = [cout, 2 * cout]
  }
  const features = at * at * cin
  const both = convs.reduce((a, b) => a + b, 0)
  const D = both + matmulWork(batch, features, 1).flops
  const project = matmulWork(batch, LATENT, features).flops
  const G = both + project
  // Updating D, on real and on generated images: forward, weight gradients, data gradients (none for the images).
  const updateD = 2 * (3 * D - convs[0])
  // Updating G: D forward and its data gradients down to the images; G forward, once, and its gradients (none for z).
  return updateD + 2 * D + 3 * G - project
}

const LATENT = 100
