/**
 * conv2d, convTranspose2d and conv2dWeightGrad: a closed trio. Each is linear in both of its operands, and its
 * derivatives are the other two, so gradients of any order exist.
 */
import { noGrad, record } from '../tensor/autograd.ts'
import {
  type ConvOptions,
  check,
  type Pair,
  pair,
  shapeText,
  slideSize,
  type Window,
  windowOf,
} from '../tensor/shape.ts'
import { scope, type Tensor } from '../tensor/tensor.ts'
import { leakyReluGrad } from './pointwise.ts'
import { conv, convTransposed, convWeights } from './products/convForms.ts'
import { sum } from './reduce.ts'

export interface Conv2dOptions extends ConvOptions {
  /** [cout], added to every pixel. */
  bias?: Tensor
  /** The result goes through a leaky ReLU of this slope, at least 0, in the same pass; 0 for a ReLU. Of conv2d alone. */
  slope?: number
}

export interface ConvTranspose2dOptions extends Omit<Conv2dOptions, 'slope'> {
  /** Extra rows and columns at the bottom and right of the output. */
  outputPadding?: Pair
}

/** Pairs of the 4-D shapes, or a ShapeError that says what was expected. */
function checkOperands(
  op: string,
  x: Tensor,
  w: Tensor,
  expected: string,
  channels: number,
  bias?: Tensor,
): void {
  check(
    x.shape.length === 4 && w.shape.length === 4,
    op,
    () => `expected ${expected}, got ${shapeText(x.shape)} and ${shapeText(w.shape)}`,
  )
  check(
    x.shape[3] === w.shape[channels],
    op,
    () =>
      `x has ${x.shape[3]} channels, the weights take ${w.shape[channels]}: expected ${expected}, got ${shapeText(x.shape)} and ${shapeText(w.shape)}`,
  )
  const outputs = w.shape[channels === 2 ? 3 : 2]
  check(
    !bias || (bias.shape.length === 1 && bias.shape[0] === outputs),
    op,
    () => `expected a bias [${outputs}], got ${bias && shapeText(bias.shape)}`,
  )
}

/**
 * Cross-correlation of x [N, H, W, Cin] with w [kh, kw, Cin, Cout]: [N, Ho, Wo, Cout],
 * Ho = floor((H + top + bottom - kh) / stride) + 1. Throws ShapeError on other ranks or channels.
 */
export function conv2d(x: Tensor, w: Tensor, { bias, slope, ...options }: Conv2dOptions = {}): Tensor {
  checkOperands('conv2d', x, w, 'x [N, H, W, Cin] and w [kh, kw, Cin, Cout]', 2, bias)
  check(slope === undefined || slope >= 0, 'conv2d', () => `slope must be at least 0, got ${slope}`)
  return convolve(x, w, windowOf(w.shape, options, 'conv2d'), bias, slope)
}

function convolve(x: Tensor, w: Tensor, window: Window, bias?: Tensor, slope?: number): Tensor {
  const [, H, W] = x.shape
  const size = slideSize(H, W, window, 'conv2d')
  const y = scope(() => noGrad(() => conv(x, w, window, size, { bias, slope })))
  return record('conv2d', bias ? [x, w, bias] : [x, w], y, (dy) => {
    // y is above 0 where what was activated is.
    const g = slope === undefined ? dy : leakyReluGrad(dy, y, slope)
    return [
      () => convolveTransposed(g, w, window, [H, W]),
      () => weightGrad(x, g, window),
      () => sum(g, { axes: [0, 1, 2] }),
    ]
  })
}

/**
 * Transposed conv of x [N, H, W, Cin] with w [kh, kw, Cout, Cin]: [N, Ho, Wo, Cout],
 * Ho = (H - 1) stride - top - bottom + kh + outputPadding. It is the gradient of the conv with the same weights, and
 * is computed in one of two forms (convForms.ts). Throws ShapeError on other ranks or channels.
 */
export function convTranspose2d(
  x: Tensor,
  w: Tensor,
  { bias, outputPadding = 0, ...options }: ConvTranspose2dOptions = {},
): Tensor {
  const op = 'convTranspose2d'
  checkOperands(op, x, w, 'x [N, H, W, Cin] and w [kh, kw, Cout, Cin]', 3, bias)
  const window = windowOf(w.shape, options, op)
  const [top, bottom, left, right] = window.padding
  const [eh, ew] = pair(outputPadding, op, 'outputPadding', 0)
  check(
    eh < window.stride[0] && ew < window.stride[1],
    op,
    () => `outputPadding ${eh}, ${ew} must be smaller than the stride ${window.stride.join(', ')}`,
  )
  const size: [number, number] = [
    (x.shape[1] - 1) * window.stride[0] - top - bottom + window.kernel[0] + eh,
    (x.shape[2] - 1) * window.stride[1] - left - right + window.kernel[1] + ew,
  ]
  check(
    size[0] > 0 && size[1] > 0,
    op,
    () =>
      `padding [${window.padding}] leaves no output of ${shapeText(x.shape)} with a kernel of ${window.kernel.join('x')}`,
  )
  return convolveTransposed(x, w, window, size, bias)
}

function convolveTransposed(
  x: Tensor,
  w: Tensor,
  window: Window,
  size: readonly [number, number],
  bias?: Tensor,
): Tensor {
  const y = scope(() => noGrad(() => convTransposed(x, w, window, size, bias)))
  return record('convTranspose2d', bias ? [x, w, bias] : [x, w], y, (dy) => [
    () => convolve(dy, w, window),
    () => weightGrad(dy, x, window),
    () => sum(dy, { axes: [0, 1, 2] }),
  ])
}

/**
 * Gradient of a conv's weights, [kh, kw, Cin, Cout], from its input x [N, H, W, Cin] and dy [N, Ho, Wo, Cout].
 * Throws ShapeError when dy is not what the conv of x with such a kernel gives.
 */
export function conv2dWeightGrad(
  x: Tensor,
  dy: Tensor,
  { kernel, ...options }: ConvOptions & { kernel: readonly [number, number] },
): Tensor {
  const op = 'conv2dWeightGrad'
  check(
    x.shape.length === 4 && dy.shape.length === 4 && x.shape[0] === dy.shape[0],
    op,
    () =>
      `expected x [N, H, W, Cin] and dy [N, Ho, Wo, Cout], got ${shapeText(x.shape)} and ${shapeText(dy.shape)}`,
  )
  const window = windowOf(pair(kernel, op, 'kernel'), options, op)
  const [HO, WO] = slideSize(x.shape[1], x.shape[2], window, op)
  check(
    dy.shape[1] === HO && dy.shape[2] === WO,
    op,
    () =>
      `a conv of ${shapeText(x.shape)} by ${kernel.join('x')} gives ${HO}x${WO}, but dy is ${shapeText(dy.shape)}`,
  )
  return weightGrad(x, dy, window)
}

function weightGrad(x: Tensor, dy: Tensor, window: Window): Tensor {
  const [, H, W] = x.shape
  const dw = scope(() => noGrad(() => convWeights(x, dy, window)))
  return record('conv2dWeightGrad', [x, dy], dw, (g) => [
    () => convolveTransposed(dy, g, window, [H, W]),
    () => convolve(x, g, window),
  ])
}
