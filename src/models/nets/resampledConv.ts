/** A conv together with doubling or halving the image's size. */
import { avgPool2d, conv2d, convTranspose2d, mul, reshape, type Tensor } from '../../engine/index.ts'

/** Nearest-neighbour upsampling before the conv ('up'), the mean over 2x2 pixels after it ('down'), or neither. */
export type Resample = 'same' | 'up' | 'down'

/** A transposed conv's weights are [kh, kw, cout, cin]. */
export const weightShape = (kernel: number, cin: number, cout: number, resample: Resample): number[] =>
  resample === 'up' ? [kernel, kernel, cout, cin] : [kernel, kernel, cin, cout]

/**
 * x [N, H, W, cin] -> [N, H', W', cout], H' being 2 H, H / 2 or H; w of weightShape, to be multiplied by `scale`. 'up' and
 * 'down', of 3x3 kernels, are one conv of stride 2 each, whose kernel is the 3x3 one spread over the 2x2 pixels: 4 taps per
 * pixel of the larger image in place of 9 (the "fused scale" of Karras et al. 2018, arXiv:1812.04948).
 */
export function resampledConv(
  x: Tensor,
  w: Tensor,
  { resample = 'same', scale = 1, bias }: { resample?: Resample; scale?: number; bias?: Tensor } = {},
): Tensor {
  const factor = resample === 'up' ? 4 * scale : scale // spread() takes means
  const scaled = factor === 1 ? w : mul(w, factor)
  if (resample === 'same') return conv2d(x, scaled, { padding: (w.shape[0] - 1) / 2, bias })
  const strided = resample === 'up' ? convTranspose2d : conv2d
  return strided(x, spread(scaled), { stride: 2, padding: 1, bias })
}

/** The mean of a 3x3 kernel [3, 3, a, b] shifted by 0 and 1 pixels each way: [4, 4, a, b]. */
function spread(w: Tensor): Tensor {
  const [, , a, b] = w.shape
  const shifted = avgPool2d(reshape(w, [1, 3, 3, a * b]), { kernel: 2, stride: 1, padding: 1 })
  return reshape(shifted, [4, 4, a, b])
}
