/** The ways of computing the conv trio, without gradients. Which one is taken depends on the shapes alone. */

import { run } from '../../gpu/kernel.ts'
import type { Shape, Window } from '../../tensor/shape.ts'
import { empty, type Tensor } from '../../tensor/tensor.ts'
import { pad } from '../movement.ts'
import { convFlops } from './counts.ts'
import { columnGemm, rowGemm } from './gemm.ts'

type Size = readonly [height: number, width: number]

/** The defines that say how a window slides. */
const geometry = ({ kernel: [, KW], stride: [SH, SW], padding: [PT, , PL] }: Window) => ({
  KW,
  SH,
  SW,
  PT,
  PL,
})

/** Of a conv of [n, H, W, Cin] to HO x WO pixels of Cout channels. */
function usefulFlops(
  [n, H, W, cin]: Shape,
  [HO, WO, cout]: Shape,
  { kernel, stride, padding }: Window,
): number {
  const vertical = { size: H, outputs: HO, kernel: kernel[0], stride: stride[0], padding: padding[0] }
  const horizontal = { size: W, outputs: WO, kernel: kernel[1], stride: stride[1], padding: padding[2] }
  return convFlops(n, [vertical, horizontal], cin, cout)
}

/**
 * With fewer channels than a vec4 has places, taps of few values each would be dear: the taps of a kernel's row become
 * one of KW Cin values, which lie side by side in an image that needs no border tests. Weights need not move.
 */
const folds = (cin: number, kw: number): boolean => cin < 4 && kw > 1

/** x [n, H, W, Cin] with its padding in place, so that every window lies inside. */
function padded(x: Tensor, { kernel, stride, padding }: Window, [HO, WO]: Size): Tensor {
  const [, H, W] = x.shape
  const [top, , left] = padding
  const below = Math.max(0, (HO - 1) * stride[0] + kernel[0] - top - H)
  const right = Math.max(0, (WO - 1) * stride[1] + kernel[1] - left - W)
  if (top + below + left + right === 0) return x
  return pad(x, {
    padding: [
      [0, 0],
      [top, below],
      [left, right],
      [0, 0],
    ],
  })
}

/** conv2d: x [n, H, W, Cin] by w [kh, kw, Cin, Cout] gives [n, HO, WO, Cout]. */
export function conv(
  x: Tensor,
  w: Tensor,
  window: Window,
  [HO, WO]: Size,
  { bias, slope }: { bias?: Tensor; slope?: number } = {},
): Tensor {
  const [kh, kw, cin, cout] = w.shape
  const isFolded = folds(cin, kw)
  const a = isFolded ? padded(x, window, [HO, WO]) : x
  const [n, H, W] = a.shape
  const shape = [n, HO, WO, cout]
  return rowGemm({
    kernel: 'conv2d',
    op: 'conv2d',
    a,
    b: w,
    bias,
    slope,
    shape,
    M: n * HO * WO,
    N: cout,
    KC: isFolded ? kw * cin : cin,
    taps: isFolded ? kh : kh * kw,
    Z: 1,
    inside: isFolded || window.padding.every((p) => p === 0),
    aligned: !isFolded,
    bTransposed: false,
    flops: () => usefulFlops(x.shape, [HO, WO, cout], window) + (bias ? n * HO * WO * cout : 0),
    defines: (lanes) => ({
      H,
      W,
      HO,
      WO,
      A_PIXEL: cin / lanes,
      ...geometry(window),
      ...(isFolded && { KW: 1, PT: 0, PL: 0 }),
    }),
  })
}

/** Few columns would waste the tiles of a product; when this is the case, and what is made instead stays small. */
const scatters = ([kh, kw, cout, cin]: readonly number[]): boolean =>
  cout < 4 && kh * kw * cout >= 8 && kh * kw * cout <= 2 * cin

/** convTranspose2d: x [n, H, W, Cin] by w [kh, kw, Cout, Cin] gives [n, HO, WO, Cout]. */
export function convTransposed(x: Tensor, w: Tensor, window: Window, size: Size, bias?: Tensor): Tensor {
  return scatters(w.shape) ? productThenScatter(x, w, window, size, bias) : byPhases(x, w, window, size, bias)
}

/** Outputs that leave the same remainder by the stride use the same taps: a plain conv for each such phase. */
function byPhases(x: Tensor, w: Tensor, window: Window, [HO, WO]: Size, bias?: Tensor): Tensor {
  const [n, H, W, cin] = x.shape
  const [KH, KW, cout] = w.shape
  const [SH, SW] = window.stride
  const [QH, QW] = [Math.ceil(HO / SH), Math.ceil(WO / SW)]
  const [TH, TW] = [Math.ceil(KH / SH), Math.ceil(KW / SW)]
  const shape = [n, HO, WO, cout]
  return rowGemm({
    kernel: 'conv2d_transpose',
    op: 'convTranspose2d',
    a: x,
    b: w,
    bias,
    shape,
    M: n * QH * QW,
    N: cout,
    KC: cin,
    taps: TH * TW,
    Z: SH * SW,
    inside: false,
    bTransposed: true,
    defines: (lanes) => ({
      H,
      W,
      HO,
      WO,
      QH,
      QW,
      KH,
      TW,
      A_PIXEL: cin / lanes,
      TAP_SKIP: KH % SH !== 0 || KW % SW !== 0,
      ...geometry(window),
    }),
  })
}

/** Every input pixel times every tap, as one product whose columns are the taps; then outputs gather their taps. */
function productThenScatter(x: Tensor, w: Tensor, window: Window, [HO, WO]: Size, bias?: Tensor): Tensor {
  const [n, H, W, cin] = x.shape
  const [KH, KW, C] = w.shape
  const [SH, SW] = window.stride
  const N = KH * KW * C
  const p = rowGemm({
    kernel: 'matmul',
    op: 'convTranspose2d',
    a: x,
    b: w,
    shape: [n, H, W, N],
    M: n * H * W,
    N,
    KC: cin,
    taps: 1,
    Z: 1,
    inside: true,
    bTransposed: true,
    // The conv that it transposes goes from its output to its input.
    flops: () => usefulFlops([n, HO, WO, C], [H, W, cin], window),
    defines: (lanes) => ({ A_BATCH: '0u', A_ROW: `${cin / lanes}u`, B_BATCHES: '1u' }),
  })
  const y = empty([n, HO, WO, C], 'convTranspose2d')
  run('col2im', {
    op: 'convTranspose2d',
    defines: {
      H,
      W,
      HO,
      WO,
      C,
      KH,
      TH: Math.ceil(KH / SH),
      TW: Math.ceil(KW / SW),
      ...geometry(window),
      HAS_BIAS: bias !== undefined,
    },
    buffers: { p, y, ...(bias && { bias }) },
    params: { n: y.size },
    threads: y.size,
  })
  return y
}

/** conv2dWeightGrad: from x [n, H, W, Cin] and dy [n, HO, WO, Cout], [kh, kw, Cin, Cout]. */
export function convWeights(x: Tensor, dy: Tensor, window: Window): Tensor {
  const [n, H, W, cin] = x.shape
  const [, HO, WO, cout] = dy.shape
  const [kh, kw] = window.kernel
  return columnGemm({
    op: 'conv2dWeightGrad',
    a: x,
    b: dy,
    shape: [kh, kw, cin, cout],
    M: kh * kw * cin,
    N: cout,
    C: cin,
    lines: n * HO,
    WO,
    batches: 1,
    aBatch: 0,
    bBatch: 0,
    defines: { H, W, HO, ...geometry(window) },
  })
}
