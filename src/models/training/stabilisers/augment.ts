/**
 * DiffAugment: Zhao et al. 2020, "Differentiable augmentation for data-efficient GAN training" (arXiv:2006.10738).
 * Real and generated images pass the same kinds of change, drawn for each image, and gradients flow through them to G.
 */
import {
  add,
  concat,
  mean,
  mul,
  neg,
  ones,
  pad,
  randomIntegers,
  sub,
  type Tensor,
  translate,
  uniform,
} from '../../../engine/index.ts'
import type { Settings } from './names.ts'

/** Images [N, H, W, C], changed as `settings` say: color, then translation, then cutout, as in the paper's program. */
export function augmented(x: Tensor, { color, translation, cutout }: Settings): Tensor {
  const colored = color ? recolored(x, color) : x
  const moved = translation ? shifted(colored, translation) : colored
  return cutout ? cut(moved, cutout) : moved
}

/** A number for each image, uniform in [centre - reach, centre + reach). */
const each = (x: Tensor, centre: number, reach: number): Tensor =>
  uniform([x.shape[0], 1, 1, 1], { min: centre - reach, max: centre + reach })

/** x stretched about `middle` by `factor`. */
const stretched = (x: Tensor, middle: Tensor, factor: Tensor): Tensor =>
  add(mul(sub(x, middle), factor), middle)

/** Brightness by U(±s/2), saturation by U(1 ± s) about each pixel's grey, contrast by U(1 ± s/2) about the image's. */
function recolored(x: Tensor, s: number): Tensor {
  const bright = add(x, each(x, 0, s / 2))
  const grey = mean(bright, { axes: 3, keepDims: true })
  const saturated = x.shape[3] > 1 ? stretched(bright, grey, each(x, 1, s)) : bright
  return stretched(saturated, mean(saturated, { axes: [1, 2, 3], keepDims: true }), each(x, 1, s / 2))
}

/** Whole numbers [N, 2] from -reach[d] to reach[d]. */
const shifts = (N: number, reach: readonly number[]): Tensor =>
  concat(
    reach.map((r) => sub(randomIntegers([N, 1], 2 * r + 1), r)),
    { axis: 1 },
  )

/** Moved by up to the share `ratio` of the size each way, zeros (grey) moving in. */
function shifted(x: Tensor, ratio: number): Tensor {
  const [N, H, W] = x.shape
  return translate(
    x,
    shifts(
      N,
      [H, W].map((size) => Math.floor(size * ratio + 0.5)),
    ),
  )
}

/** A block with sides of the share `ratio` of the image's set to zero, its middle anywhere in the image. */
function cut(x: Tensor, ratio: number): Tensor {
  const [N, H, W] = x.shape
  const block = [H, W].map((size) => Math.floor(size * ratio + 0.5))
  const before = [H, W].map((size, d) => Math.floor((size - block[d]) / 2))
  const padding = [H, W].map((size, d) => [before[d], size - block[d] - before[d]] as const)
  const centred = pad(ones([N, ...block, 1]), { padding: [[0, 0], padding[0], padding[1], [0, 0]] })
  // Half a size to either side brings the block's middle from one edge of the image to the other.
  const halves = [H, W].map((size) => Math.floor(size / 2))
  return mul(x, add(neg(translate(centred, shifts(N, halves))), 1))
}
