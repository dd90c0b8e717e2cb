import { reshape } from './movement.ts'
import { add, div, leakyRelu, mul, sqrt, square, sub } from './pointwise.ts'
import { mean, sum, variance } from './reduce.ts'
import type { Ref } from './ref.ts'

export interface NormOptions {
  eps?: number
}

/** (x - mean) / √(variance + eps), both taken over the axes, with the biased variance. */
function standardise(x: Ref, axes: number[], eps: number): Ref {
  const centre = mean(x, { axes, keepDims: true })
  const spread = variance(x, { axes, keepDims: true })
  return div(sub(x, centre), sqrt(add(spread, eps)))
}

/** y = gamma x̂ + beta, x̂ standardised over every axis but the last. x [...,C], gamma and beta [C]. */
export function batchNorm(
  x: Ref,
  gamma: Ref,
  beta: Ref,
  { eps = 1e-5, slope = 1 }: NormOptions & { slope?: number } = {},
): Ref {
  const axes = x.shape.slice(0, -1).map((_, axis) => axis)
  return leakyRelu(add(mul(standardise(x, axes, eps), gamma), beta), { slope })
}

/** y = gamma (x - mean) / √(variance + eps) + beta with given statistics. x [...,C], the others [C]. */
export function batchNormEval(
  x: Ref,
  gamma: Ref,
  beta: Ref,
  mean: Ref,
  variance: Ref,
  { eps = 1e-5 }: NormOptions = {},
): Ref {
  return add(mul(div(sub(x, mean), sqrt(add(variance, eps))), gamma), beta)
}

/**
 * y = gamma x̂ + beta, x̂ standardised over H and W for each n, c.
 * x [N,H,W,C], gamma and beta [C] or left out.
 */
export function instanceNorm(x: Ref, gamma?: Ref, beta?: Ref, { eps = 1e-5 }: NormOptions = {}): Ref {
  let y = standardise(x, [1, 2], eps)
  if (gamma) y = mul(y, gamma)
  if (beta) y = add(y, beta)
  return y
}

/**
 * y = gamma x̂ + beta, x̂ standardised over the trailing axes that gamma covers.
 * x [...,S], gamma and beta [S], S being one or more axes.
 */
export function layerNorm(x: Ref, gamma: Ref, beta: Ref, { eps = 1e-5 }: NormOptions = {}): Ref {
  const axes = gamma.shape.map((_, axis) => axis - gamma.shape.length)
  return add(mul(standardise(x, axes, eps), gamma), beta)
}

/** y = x / √(mean of x² over the last axis + eps). x [...,C]. */
export function pixelNorm(x: Ref, { eps = 1e-8 }: NormOptions = {}): Ref {
  return div(x, sqrt(add(mean(square(x), { axes: [-1], keepDims: true }), eps)))
}

/**
 * y[n,h,w,c] = scale[n,c] x̂[n,h,w,c] + shift[n,c], x̂ the instance norm of x.
 * x [N,H,W,C], scale and shift [N,C].
 */
export function adain(x: Ref, scale: Ref, shift: Ref, { eps = 1e-5 }: NormOptions = {}): Ref {
  const [N, , , C] = x.shape
  return add(mul(standardise(x, [1, 2], eps), reshape(scale, [N, 1, 1, C])), reshape(shift, [N, 1, 1, C]))
}

/**
 * [dx, dgamma, dbeta] of y = gamma x̂ + beta, x̂ standardised over `axes`, from dy; gamma broadcasts to x:
 * dx = (g - mean g - x̂ mean(g x̂)) / √(variance + eps) with g = gamma dy, dgamma = Σ dy x̂, dbeta = Σ dy over `affine`.
 */
function normBackward(
  x: Ref,
  gamma: Ref,
  dy: Ref,
  { axes, affine, eps = 1e-5 }: { axes: number[]; affine: number[]; eps?: number },
): Ref[] {
  const over = { axes, keepDims: true }
  const xHat = standardise(x, axes, eps)
  const g = mul(dy, gamma)
  const inner = sub(sub(g, mean(g, over)), mul(xHat, mean(mul(g, xHat), over)))
  const dx = div(inner, sqrt(add(variance(x, over), eps)))
  return [dx, sum(mul(dy, xHat), { axes: affine }), sum(dy, { axes: affine })]
}

/** Gradients of batchNorm in x, gamma and beta. */
export const batchNormBackward = (x: Ref, gamma: Ref, dy: Ref, { eps = 1e-5 }: NormOptions = {}): Ref[] => {
  const axes = x.shape.slice(0, -1).map((_, axis) => axis)
  return normBackward(x, gamma, dy, { axes, affine: axes, eps })
}

/** Gradients of adain in x, scale and shift. */
export const adainBackward = (x: Ref, scale: Ref, dy: Ref, { eps = 1e-5 }: NormOptions = {}): Ref[] => {
  const [N, , , C] = x.shape
  return normBackward(x, reshape(scale, [N, 1, 1, C]), dy, { axes: [1, 2], affine: [1, 2], eps })
}
