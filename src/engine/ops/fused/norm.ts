/** Normalisations. Statistics are biased (divided by n), as PyTorch uses them in training. */

import { run } from '../../gpu/kernel.ts'
import { record, together, vjpOf } from '../../tensor/autograd.ts'
import { check, type Shape, sameShape, shapeText, sizeOf } from '../../tensor/shape.ts'
import { empty, type Tensor } from '../../tensor/tensor.ts'
import { lanesFor, typeOf } from '../lanes.ts'
import { add, div, leakyRelu, mul, mulAdd, neg, sqrt, square } from '../pointwise.ts'
import { mean, sum } from '../reduce.ts'
import { checkEps, type NormLayout, normalize, normStats, type RunningStats } from './normalize.ts'

export interface NormOptions {
  /** Added to the variance. */
  eps?: number
}

function checkAffine(op: string, shape: Shape, ...tensors: (Tensor | undefined)[]): void {
  check(
    (tensors[0] === undefined) === (tensors[1] === undefined),
    op,
    () => 'give both scale and shift, or neither',
  )
  for (const t of tensors)
    check(
      !t || sameShape(t.shape, shape),
      op,
      () => `expected scale and shift ${shapeText(shape)}, got ${t && shapeText(t.shape)}`,
    )
}

const withOwnStats = (x: Tensor, layout: NormLayout, gamma?: Tensor, beta?: Tensor): Tensor =>
  normalize(x, normStats(x, layout), layout, gamma, beta)

export interface BatchNormOptions extends NormOptions {
  /** The result goes through a leaky ReLU of this slope, in the same pass; 0 for a ReLU. */
  slope?: number
}

function batchLayout(x: Tensor, { eps = 1e-5, slope }: BatchNormOptions): NormLayout {
  check(x.shape.length >= 2, 'batchNorm', () => `expected [N, C] or [N, ..., C], got ${shapeText(x.shape)}`)
  const C = x.shape[x.shape.length - 1]
  return { op: 'batchNorm', A: 1, R: x.size / C, I: C, gammaBy: 'channel', eps, slope }
}

/**
 * Batch normalisation with the batch's own statistics over all axes but the last (Ioffe & Szegedy 2015,
 * arXiv:1502.03167). x [N, C] or [N, H, W, C], gamma and beta [C].
 */
export function batchNorm(x: Tensor, gamma: Tensor, beta: Tensor, options: BatchNormOptions = {}): Tensor {
  const layout = batchLayout(x, options)
  checkAffine('batchNorm', [layout.I], gamma, beta)
  return withOwnStats(x, layout, gamma, beta)
}

/** batchNorm that also moves running statistics [C] towards the batch's mean and unbiased variance, as PyTorch does. */
export function batchNormRunning(
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  running: RunningStats,
  options: BatchNormOptions = {},
): Tensor {
  const layout = batchLayout(x, options)
  checkAffine('batchNorm', [layout.I], gamma, beta)
  return normalize(x, normStats(x, layout, running), layout, gamma, beta)
}

/** Batch normalisation with given statistics, mean and variance [C]: the form for evaluation. */
export function batchNormEval(
  x: Tensor,
  gamma: Tensor,
  beta: Tensor,
  mean: Tensor,
  variance: Tensor,
  { eps = 1e-5, slope }: BatchNormOptions = {},
): Tensor {
  const { I } = batchLayout(x, { eps })
  checkEps('batchNormEval', eps)
  checkAffine('batchNormEval', [I], gamma, beta)
  checkAffine('batchNormEval', [I], mean, variance)
  const scale = div(gamma, sqrt(add(variance, eps)))
  const y = mulAdd(x, scale, mulAdd(neg(mean), scale, beta))
  return slope === undefined ? y : leakyRelu(y, { slope })
}

function imageLayout(op: string, x: Tensor, gammaBy: NormLayout['gammaBy'], eps: number): NormLayout {
  check(x.shape.length === 4, op, () => `expected x [N, H, W, C], got ${shapeText(x.shape)}`)
  const [N, H, W, C] = x.shape
  return { op, A: N, R: H * W, I: C, gammaBy, eps }
}

/** Normalises each sample and channel over H and W (Ulyanov et al. 2016, arXiv:1607.08022). gamma and beta [C]. */
export function instanceNorm(
  x: Tensor,
  gamma?: Tensor,
  beta?: Tensor,
  { eps = 1e-5 }: NormOptions = {},
): Tensor {
  const layout = imageLayout('instanceNorm', x, 'channel', eps)
  checkAffine('instanceNorm', [layout.I], gamma, beta)
  return withOwnStats(x, layout, gamma, beta)
}

/**
 * Adaptive instance normalisation (Huang & Belongie 2017, arXiv:1703.06868): instance norm, then `scale` and `shift`
 * of each sample and channel, [N, C].
 */
export function adain(x: Tensor, scale: Tensor, shift: Tensor, { eps = 1e-5 }: NormOptions = {}): Tensor {
  const layout = imageLayout('adain', x, 'sample', eps)
  checkAffine('adain', [layout.A, layout.I], scale, shift)
  return withOwnStats(x, layout, scale, shift)
}

/** Normalises over the trailing dimensions that gamma and beta have (Ba et al. 2016, arXiv:1607.06450). */
export function layerNorm(x: Tensor, gamma: Tensor, beta: Tensor, { eps = 1e-5 }: NormOptions = {}): Tensor {
  const own = gamma.shape
  const trailing = x.shape.slice(x.shape.length - own.length)
  check(
    own.length > 0 && sameShape(trailing, own) && sameShape(beta.shape, own),
    'layerNorm',
    () =>
      `gamma ${shapeText(gamma.shape)} and beta ${shapeText(beta.shape)} must both be trailing dimensions of x ${shapeText(x.shape)}`,
  )
  const R = sizeOf(own)
  return withOwnStats(x, { op: 'layerNorm', A: x.size / R, R, I: 1, gammaBy: 'element', eps }, gamma, beta)
}

/** x / sqrt(mean over channels of x² + eps), for each pixel (Karras et al. 2017, arXiv:1710.10196, section 4.2). */
export function pixelNorm(x: Tensor, { eps = 1e-8 }: NormOptions = {}): Tensor {
  const y = pixelNormKernel(x, undefined, eps)
  return record('pixelNorm', [x], y, (dy) => [() => pixelNormBackward(x, dy, eps)])
}

function pixelNormBackward(x: Tensor, dy: Tensor, eps: number): Tensor {
  const dx = pixelNormKernel(x, dy, eps)
  const composed = ([v, g]: Tensor[]): Tensor[] => {
    const over = { axes: -1, keepDims: true }
    const s2 = add(mean(square(v), over), eps)
    const C = x.shape[x.shape.length - 1]
    const along = div(mul(sum(mul(v, g), over), 1 / C), s2)
    return [div(add(g, neg(mul(v, along))), sqrt(s2))]
  }
  return record('pixelNormBackward', [x, dy], dx, (cotangent) =>
    together(2, () => vjpOf((...leaves) => composed(leaves), [x, dy], [cotangent])),
  )
}

function pixelNormKernel(x: Tensor, dy: Tensor | undefined, eps: number): Tensor {
  const C = x.shape[x.shape.length - 1]
  check(x.shape.length >= 2, 'pixelNorm', () => `expected [..., C], got ${shapeText(x.shape)}`)
  checkEps('pixelNorm', eps)
  const lanes = lanesFor(C)
  const y = empty(x.shape, 'pixelNorm')
  const rows = x.size / C
  run('pixel_norm', {
    op: 'pixelNorm',
    defines: {
      ...typeOf(lanes),
      VECTOR: lanes === 4,
      C: `${C / lanes}u`,
      CHANNELS: `${C}.0`,
      EPS: eps.toExponential(),
      BACKWARD: dy !== undefined,
    },
    buffers: { x, y, ...(dy && { dy }) },
    params: { n: rows },
    threads: rows,
  })
  return y
}
