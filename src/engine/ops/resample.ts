/** Resampling of images [N, H, W, C]. Every kernel is linear and its gradient is its transpose. */

import { gpu } from '../gpu/device.ts'
import { run } from '../gpu/kernel.ts'
import type { Defines } from '../gpu/wgsl.ts'
import { record } from '../tensor/autograd.ts'
import {
  check,
  type Padding,
  type Pair,
  pair,
  shapeText,
  slideSize,
  type Window,
  windowOf,
} from '../tensor/shape.ts'
import { empty, type Tensor } from '../tensor/tensor.ts'
import { lanesFor, typeOf } from './lanes.ts'

function checkImages(op: string, x: Tensor): void {
  check(x.shape.length === 4, op, () => `expected x [N, H, W, C], got ${shapeText(x.shape)}`)
}

export interface UpsampleOptions {
  /** Whole factor, or [vertical, horizontal]. */
  scale: Pair
  mode?: 'nearest' | 'bilinear'
}

/** Enlarges by whole factors: nearest neighbour, or bilinear between pixel centres (PyTorch's align_corners=False). */
export function upsample2d(x: Tensor, { scale, mode = 'nearest' }: UpsampleOptions): Tensor {
  checkImages('upsample2d', x)
  const [, H, W] = x.shape
  return resize(x, pair(scale, 'upsample2d', 'scale'), [H, W], mode === 'bilinear', false)
}

function resize(
  x: Tensor,
  [SH, SW]: [number, number],
  [H, W]: [number, number],
  bilinear: boolean,
  adjoint: boolean,
): Tensor {
  const [n, , , C] = x.shape
  const y = empty(adjoint ? [n, H, W, C] : [n, H * SH, W * SW, C], 'upsample2d')
  const lanes = lanesFor(C)
  run('upsample', {
    op: 'upsample2d',
    defines: {
      ...typeOf(lanes),
      H,
      W,
      C: C / lanes,
      SH,
      SW,
      REACH: bilinear ? 3 : 1,
      BILINEAR: bilinear,
      ADJOINT: adjoint,
    },
    buffers: { x, y },
    params: { n: y.size / lanes },
    threads: y.size / lanes,
  })
  return record('upsample2d', [x], y, (dy) => [() => resize(dy, [SH, SW], [H, W], bilinear, !adjoint)])
}

/** Pixels of a line that an invocation blurs: a CPU gains by loading less, a GPU by many invocations. */
const BLUR_STRIP = { software: 8, hardware: 4 }

/** Low-pass filter: every line and column of x [N, H, W, C] with [1, 2, 1] / 4, zeros outside. */
export function blur2d(x: Tensor): Tensor {
  checkImages('blur2d', x)
  const [n, H, W, C] = x.shape
  const y = empty(x.shape, 'blur2d')
  const lanes = lanesFor(C)
  const STRIPS = Math.ceil(W / BLUR_STRIP[gpu().isSoftware ? 'software' : 'hardware'])
  const threads = (n * H * STRIPS * C) / lanes
  run('blur', {
    op: 'blur2d',
    defines: {
      ...typeOf(lanes),
      H,
      W,
      C: C / lanes,
      STRIP: Math.ceil(W / STRIPS),
      STRIPS,
    },
    buffers: { x, y },
    params: { n: threads },
    threads,
  })
  return record('blur2d', [x], y, (dy) => [() => blur2d(dy)])
}

export interface PoolOptions {
  kernel: Pair
  /** The kernel's size if left out. */
  stride?: Pair
  padding?: Padding
}

interface PoolLayout {
  window: Window
  n: number
  H: number
  W: number
  HO: number
  WO: number
  C: number
}

function poolLayout(op: string, x: Tensor, { kernel, stride = kernel, padding }: PoolOptions): PoolLayout {
  checkImages(op, x)
  const [n, H, W, C] = x.shape
  const window = windowOf(pair(kernel, op, 'kernel'), { stride, padding }, op)
  const [top, bottom, left, right] = window.padding
  check(
    Math.max(top, bottom) < window.kernel[0] && Math.max(left, right) < window.kernel[1],
    op,
    () => `padding [${window.padding}] must be smaller than the kernel ${window.kernel.join('x')}`,
  )
  const [HO, WO] = slideSize(H, W, window, op)
  return { window, n, H, W, HO, WO, C }
}

function launchPool(
  x: Tensor,
  { window, n, H, W, HO, WO, C }: PoolLayout,
  form: Defines,
  which?: Tensor,
): Tensor {
  const y = empty(form.ADJOINT ? [n, H, W, C] : [n, HO, WO, C], 'pool2d')
  const [[KH, KW], [SH, SW], [PT, , PL]] = [window.kernel, window.stride, window.padding]
  // Values at places of their own are not neighbours.
  const lanes = !form.PICK || form.ADJOINT ? lanesFor(C) : 1
  const threads = y.size / lanes
  run('pool2d', {
    op: form.AVERAGE ? 'avgPool2d' : 'maxPool2d',
    defines: { ...typeOf(lanes), H, W, HO, WO, C: C / lanes, KH, KW, SH, SW, PT, PL, ...form },
    buffers: { x, y, ...(which && { which }) },
    params: { n: threads },
    threads,
  })
  return y
}

/** Mean of each window; zeros of the padding count, as in PyTorch. */
export const avgPool2d = (x: Tensor, options: PoolOptions): Tensor =>
  average(x, poolLayout('avgPool2d', x, options), false)

function average(x: Tensor, layout: PoolLayout, adjoint: boolean): Tensor {
  const y = launchPool(x, layout, { AVERAGE: true, ADJOINT: adjoint })
  return record('avgPool2d', [x], y, (dy) => [() => average(dy, layout, !adjoint)])
}

/** Largest value of each window, NaN where it has one; the first of equals gets the gradient, the last of NaNs. */
export function maxPool2d(x: Tensor, options: PoolOptions): Tensor {
  const layout = poolLayout('maxPool2d', x, options)
  const { n, HO, WO, C } = layout
  const which = empty([n, HO, WO, C], 'maxPool2d')
  const y = launchPool(x, layout, { MAX: true }, which)
  return record('maxPool2d', [x], y, (dy) => [() => pick(dy, layout, which, true)])
}

/** Values at the places `which`, or (adjoint) values put back there. */
function pick(x: Tensor, layout: PoolLayout, which: Tensor, adjoint: boolean): Tensor {
  const y = launchPool(x, layout, { PICK: true, ADJOINT: adjoint }, which)
  return record('maxPool2d', [x], y, (dy) => [() => pick(dy, layout, which, !adjoint)])
}
