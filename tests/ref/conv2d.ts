import { offset4, type Padding, type Pair, pair, type Ref, sides, windows, zeros } from './ref.ts'

export interface ConvOptions {
  stride?: Pair
  padding?: Padding
  bias?: Ref
}

export interface ConvTransposeOptions extends ConvOptions {
  outputPadding?: Pair
}

export interface ConvWeightGradOptions {
  kernel: [number, number]
  stride?: Pair
  padding?: Padding
}

/**
 * Cross-correlation,
 * y[n,oy,ox,co] = bias[co] + Σ_{ky,kx,ci} x[n, oy s - top + ky, ox s - left + kx, ci] w[ky,kx,ci,co],
 * x being zero outside its borders.
 * x [N,H,W,cin], w [kh,kw,cin,cout], bias [cout]
 *   -> [N, (H+top+bottom-kh)/s + 1, (W+left+right-kw)/s + 1, cout].
 */
export function conv2d(
  x: Ref,
  w: Ref,
  { stride = 1, padding = 0, bias, slope = 1 }: ConvOptions & { slope?: number } = {},
): Ref {
  const [N, H, W, cin] = x.shape
  const [kh, kw, wIn, cout] = w.shape
  if (wIn !== cin) throw new Error(`conv2d: x [${x.shape}], w [${w.shape}]`)
  const [sh, sw] = pair(stride)
  const [top, bottom, left, right] = sides(padding)

  const y = zeros([N, windows(H, kh, sh, top, bottom), windows(W, kw, sw, left, right), cout])
  for (let n = 0; n < N; n++) {
    for (let oy = 0; oy < y.shape[1]; oy++) {
      for (let ox = 0; ox < y.shape[2]; ox++) {
        for (let co = 0; co < cout; co++) {
          let total = bias ? bias.data[co] : 0
          for (let ky = 0; ky < kh; ky++) {
            for (let kx = 0; kx < kw; kx++) {
              const iy = oy * sh - top + ky
              const ix = ox * sw - left + kx
              if (iy < 0 || iy >= H || ix < 0 || ix >= W) continue
              for (let ci = 0; ci < cin; ci++) {
                total += x.data[offset4(x.shape, n, iy, ix, ci)] * w.data[offset4(w.shape, ky, kx, ci, co)]
              }
            }
          }
          y.data[offset4(y.shape, n, oy, ox, co)] = total > 0 ? total : slope * total
        }
      }
    }
  }
  return y
}

/**
 * The adjoint of conv2d in x: every input pixel adds its kernel to the output,
 * y[n, iy s - top + ky, ix s - left + kx, co] += Σ_{ci} x[n,iy,ix,ci] w[ky,kx,co,ci], starting from bias[co].
 * x [N,H,W,cin], w [kh,kw,cout,cin], bias [cout]
 *   -> [N, (H-1)s - top - bottom + kh + outputPadding, (W-1)s - left - right + kw + outputPadding, cout].
 */
export function convTranspose2d(
  x: Ref,
  w: Ref,
  { stride = 1, padding = 0, outputPadding = 0, bias }: ConvTransposeOptions = {},
): Ref {
  const [N, H, W, cin] = x.shape
  const [kh, kw, cout, wIn] = w.shape
  if (wIn !== cin) throw new Error(`convTranspose2d: x [${x.shape}], w [${w.shape}]`)
  const [sh, sw] = pair(stride)
  const [top, bottom, left, right] = sides(padding)
  const [extraH, extraW] = pair(outputPadding)
  const outH = (H - 1) * sh - top - bottom + kh + extraH
  const outW = (W - 1) * sw - left - right + kw + extraW
  if (outH < 1 || outW < 1) throw new Error(`convTranspose2d: x [${x.shape}], w [${w.shape}]: empty output`)

  const y = zeros([N, outH, outW, cout])
  if (bias) for (let i = 0; i < y.data.length; i++) y.data[i] = bias.data[i % cout]
  for (let n = 0; n < N; n++) {
    for (let iy = 0; iy < H; iy++) {
      for (let ix = 0; ix < W; ix++) {
        for (let ky = 0; ky < kh; ky++) {
          for (let kx = 0; kx < kw; kx++) {
            const oy = iy * sh - top + ky
            const ox = ix * sw - left + kx
            if (oy < 0 || oy >= outH || ox < 0 || ox >= outW) continue
            for (let co = 0; co < cout; co++) {
              for (let ci = 0; ci < cin; ci++) {
                y.data[offset4(y.shape, n, oy, ox, co)] +=
                  x.data[offset4(x.shape, n, iy, ix, ci)] * w.data[offset4(w.shape, ky, kx, co, ci)]
              }
            }
          }
        }
      }
    }
  }
  return y
}

/**
 * The adjoint of conv2d in w,
 * dw[ky,kx,ci,co] = Σ_{n,oy,ox} x[n, oy s - top + ky, ox s - left + kx, ci] dy[n,oy,ox,co].
 * x [N,H,W,cin], dy [N,outH,outW,cout] -> [kh,kw,cin,cout].
 */
export function conv2dWeightGrad(
  x: Ref,
  dy: Ref,
  { kernel, stride = 1, padding = 0 }: ConvWeightGradOptions,
): Ref {
  const [N, H, W, cin] = x.shape
  const [dyN, outH, outW, cout] = dy.shape
  const [kh, kw] = kernel
  const [sh, sw] = pair(stride)
  const [top, bottom, left, right] = sides(padding)
  const fits = outH === windows(H, kh, sh, top, bottom) && outW === windows(W, kw, sw, left, right)
  if (dyN !== N || !fits)
    throw new Error(`conv2dWeightGrad: x [${x.shape}], dy [${dy.shape}], kernel ${kernel}`)

  const dw = zeros([kh, kw, cin, cout])
  for (let ky = 0; ky < kh; ky++) {
    for (let kx = 0; kx < kw; kx++) {
      for (let ci = 0; ci < cin; ci++) {
        for (let co = 0; co < cout; co++) {
          let total = 0
          for (let n = 0; n < N; n++) {
            for (let oy = 0; oy < outH; oy++) {
              for (let ox = 0; ox < outW; ox++) {
                const iy = oy * sh - top + ky
                const ix = ox * sw - left + kx
                if (iy < 0 || iy >= H || ix < 0 || ix >= W) continue
                total += x.data[offset4(x.shape, n, iy, ix, ci)] * dy.data[offset4(dy.shape, n, oy, ox, co)]
              }
            }
          }
          dw.data[offset4(dw.shape, ky, kx, ci, co)] = total
        }
      }
    }
  }
  return dw
}
