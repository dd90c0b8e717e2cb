/**
 * Noise, bias, leaky ReLU and AdaIN in one kernel, and their gradients in one: what follows each conv of StyleGAN's
 * synthesis network (Karras et al. 2018, arXiv:1812.04948, figure 1b).
 */

import { gpu } from '../../gpu/device.ts'
import { type Launch, run } from '../../gpu/kernel.ts'
import type { Defines } from '../../gpu/wgsl.ts'
import { noGrad, record, together, vjpOf } from '../../tensor/autograd.ts'
import { check, sameShape, shapeText } from '../../tensor/shape.ts'
import { empty, scope, type Tensor } from '../../tensor/tensor.ts'
import { lanesFor, slopeDefines, typeOf } from '../lanes.ts'
import { slice } from '../movement.ts'
import { add, leakyRelu, mul } from '../pointwise.ts'
import { sum } from '../reduce.ts'
import { adain } from './norm.ts'

export interface StyleLayerOptions {
  /** Of the leaky ReLU. */
  slope?: number
  /** Added to the variance. */
  eps?: number
}

/**
 * y = scale (v - mean) / √(variance + eps) + shift with v = leaky(x + noiseScale noise + bias), statistics over the
 * pixels of each sample and channel. x [N, H, W, C], noise [N, H, W, 1] or [1, H, W, 1] for all samples, noiseScale and
 * bias [C], style [N, 2 C]: the scales of a sample, then its shifts. No gradient flows to the noise.
 */
export function styleLayer(
  x: Tensor,
  noise: Tensor,
  noiseScale: Tensor,
  bias: Tensor,
  style: Tensor,
  { slope = 0.2, eps = 1e-5 }: StyleLayerOptions = {},
): Tensor {
  checkShapes(x, noise, noiseScale, bias, style)
  const [N, , , C] = x.shape
  const y = empty(x.shape, 'styleLayer')
  const kept = empty([5, N, C], 'styleLayer')
  launch('style_layer', x, noise, {
    defines: { ...slopeDefines(slope), EPS: eps.toExponential() },
    buffers: { x, noise, noiseScale, bias, style, y, kept },
  })
  const composed = ([x, noiseScale, bias, style]: Tensor[]): Tensor[] => {
    const v = leakyRelu(add(add(x, mul(noise, noiseScale)), bias), { slope })
    const scale = slice(style, { end: [N, C] })
    return [adain(v, scale, slice(style, { start: [0, C] }), { eps })]
  }
  return record('styleLayer', [x, noiseScale, bias, style], y, (dy) =>
    together(4, () => styleLayerBackward(x, noise, noiseScale, bias, style, dy, kept, slope, composed)),
  )
}

/** [dx, dnoiseScale, dbias, dstyle]; differentiated again as the gradient of the composition. */
function styleLayerBackward(
  x: Tensor,
  noise: Tensor,
  noiseScale: Tensor,
  bias: Tensor,
  style: Tensor,
  dy: Tensor,
  kept: Tensor,
  slope: number,
  composed: (inputs: Tensor[]) => Tensor[],
): Tensor[] {
  const [N, , , C] = x.shape
  const outputs = scope(() =>
    noGrad(() => {
      const [dx, dstyle] = [empty(x.shape, 'styleLayer'), empty(style.shape, 'styleLayer')]
      const [dbias, dnoiseScale] = [empty([N, C], 'styleLayer'), empty([N, C], 'styleLayer')]
      launch('style_layer_backward', x, noise, {
        defines: slopeDefines(slope),
        buffers: { x, noise, kept, dy, dx, dstyle, dbias, dnoiseScale },
      })
      return [dx, sum(dnoiseScale, { axes: 0 }), sum(dbias, { axes: 0 }), dstyle]
    }),
  )
  const inputs = [x, noiseScale, bias, style, dy]
  record('styleLayerBackward', inputs, outputs, (...cotangents) => {
    const first = (...leaves: Tensor[]): Tensor[] =>
      vjpOf((...xs) => composed(xs), leaves.slice(0, 4), leaves.slice(4))
    return together(inputs.length, () => vjpOf(first, inputs, cotangents))
  })
  return outputs
}

/** Pixels that a lane takes of a plane on a GPU, and the invocations of a workgroup there and on a software adapter. */
const STRIP = 16
const WORKGROUP = { least: 64, most: 256, software: 16 }

/** Dispatches over the planes of x: one invocation each on software adapters, on GPUs a power of two of them. */
function launch(
  name: string,
  x: Tensor,
  noise: Tensor,
  { defines, buffers }: { defines: Defines; buffers: Launch['buffers'] },
): void {
  const [N, H, W, C] = x.shape
  const R = H * W
  const width = lanesFor(C)
  const planes = (N * C) / width
  let lanes = 1
  while (!gpu().isSoftware && lanes < WORKGROUP.most && lanes * STRIP < R) lanes *= 2
  // Four planes side by side where there is room, so that neighbours read whole stretches of memory.
  const workgroup = gpu().isSoftware
    ? WORKGROUP.software
    : Math.min(WORKGROUP.most, Math.max(WORKGROUP.least, 4 * lanes))
  const columns = workgroup / lanes
  run(name, {
    op: 'styleLayer',
    defines: {
      ...typeOf(width),
      R: `${R}u`,
      C: `${C / width}u`,
      NOISE_N: `${noise.shape[0] === 1 ? 0 : R}u`,
      LANES: `${lanes}u`,
      STEPS: `${Math.ceil(R / lanes)}u`,
      COLUMNS: `${columns}u`,
      SPLIT: lanes > 1,
      ...defines,
    },
    buffers,
    params: { planes },
    threads: Math.ceil(planes / columns) * workgroup,
    workgroup,
  })
}

function checkShapes(x: Tensor, noise: Tensor, noiseScale: Tensor, bias: Tensor, style: Tensor): void {
  const op = 'styleLayer'
  check(x.shape.length === 4, op, () => `expected x [N, H, W, C], got ${shapeText(x.shape)}`)
  const [N, H, W, C] = x.shape
  check(
    [N, 1].some((n) => sameShape(noise.shape, [n, H, W, 1])),
    op,
    () => `expected noise [${N}, ${H}, ${W}, 1] or [1, ${H}, ${W}, 1], got ${shapeText(noise.shape)}`,
  )
  for (const [what, t, shape] of [
    ['noiseScale', noiseScale, [C]],
    ['bias', bias, [C]],
    ['style', style, [N, 2 * C]],
  ] as const)
    check(
      sameShape(t.shape, shape),
      op,
      () => `expected ${what} ${shapeText(shape)}, got ${shapeText(t.shape)}`,
    )
}
