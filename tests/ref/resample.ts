import { offset4, type Padding, type Pair, pair, type Ref, sides, windows, zeros } from './ref.ts'

export interface UpsampleOptions {
  scale: Pair
  mode?: 'nearest' | 'bilinear'
}

export interface PoolOptions {
  kernel: Pair
  stride?: Pair
  padding?: Padding
}

/**
 * Enlarges H and W by whole factors. x [N,H,W,C] -> [N, H sh, W sw, C].
 * nearest: y[oy] = x[floor(oy / s)].
 * bilinear: y[oy] = (1-t) x[i] + t x[i+1] at the source point i + t = max((oy + ½)/s - ½, 0), the last row
 * standing in for the one past it; columns likewise. Pixels are areas with their centres at ½ (PyTorch's
 * align_corners=false).
 */
export function upsample2d(x: Ref, { scale, mode = 'nearest' }: UpsampleOptions): Ref {
  const [N, H, W, C] = x.shape
  const [sh, sw] = pair(scale)
  if (!Number.isInteger(sh) || !Number.isInteger(sw)) throw new Error(`upsample2d: scale ${scale}`)
  const y = zeros([N, H * sh, W * sw, C])
  for (let n = 0; n < N; n++) {
    for (let oy = 0; oy < H * sh; oy++) {
      for (let ox = 0; ox < W * sw; ox++) {
        for (let c = 0; c < C; c++) {
          const to = offset4(y.shape, n, oy, ox, c)
          if (mode === 'nearest') {
            y.data[to] = x.data[offset4(x.shape, n, Math.floor(oy / sh), Math.floor(ox / sw), c)]
            continue
          }
          const sy = Math.max((oy + 0.5) / sh - 0.5, 0)
          const sx = Math.max((ox + 0.5) / sw - 0.5, 0)
          const y0 = Math.floor(sy)
          const x0 = Math.floor(sx)
          const y1 = Math.min(y0 + 1, H - 1)
          const x1 = Math.min(x0 + 1, W - 1)
          const ty = sy - y0
          const tx = sx - x0
          y.data[to] =
            (1 - ty) * (1 - tx) * x.data[offset4(x.shape, n, y0, x0, c)] +
            (1 - ty) * tx * x.data[offset4(x.shape, n, y0, x1, c)] +
            ty * (1 - tx) * x.data[offset4(x.shape, n, y1, x0, c)] +
            ty * tx * x.data[offset4(x.shape, n, y1, x1, c)]
        }
      }
    }
  }
  return y
}

/** Applies f to the values that lie inside x in each window. x [N,H,W,C] -> [N, one per window, C]. */
function pool(
  x: Ref,
  { kernel, stride = kernel, padding = 0 }: PoolOptions,
  f: (values: number[]) => number,
): Ref {
  const [N, H, W, C] = x.shape
  const [kh, kw] = pair(kernel)
  const [sh, sw] = pair(stride)
  const [top, bottom, left, right] = sides(padding)
  const y = zeros([N, windows(H, kh, sh, top, bottom), windows(W, kw, sw, left, right), C])
  for (let n = 0; n < N; n++) {
    for (let oy = 0; oy < y.shape[1]; oy++) {
      for (let ox = 0; ox < y.shape[2]; ox++) {
        for (let c = 0; c < C; c++) {
          const values: number[] = []
          for (let ky = 0; ky < kh; ky++) {
            for (let kx = 0; kx < kw; kx++) {
              const iy = oy * sh - top + ky
              const ix = ox * sw - left + kx
              if (iy < 0 || iy >= H || ix < 0 || ix >= W) continue
              values.push(x.data[offset4(x.shape, n, iy, ix, c)])
            }
          }
          y.data[offset4(y.shape, n, oy, ox, c)] = f(values)
        }
      }
    }
  }
  return y
}

/**
 * y[n,oy,ox,c] = Σ_{ky,kx} x[n, oy s - top + ky, ox s - left + kx, c] / (kh kw),
 * the zeros of the padding counted in.
 * x [N,H,W,C] -> [N, (H+top+bottom-kh)/s + 1, (W+left+right-kw)/s + 1, C].
 */
export function avgPool2d(x: Ref, options: PoolOptions): Ref {
  const [kh, kw] = pair(options.kernel)
  return pool(x, options, (values) => {
    let total = 0
    for (const v of values) total += v
    return total / (kh * kw)
  })
}

/** y[n,i,j,c] = Σ_{a,b ∈ {-1,0,1}} w_a w_b x[n,i+a,j+b,c], w = [1, 2, 1] / 4, zeros outside. */
export const blur2d = (x: Ref): Ref => {
  const [N, H, W, C] = x.shape
  const y = zeros(x.shape)
  for (let n = 0; n < N; n++)
    for (let i = 0; i < H; i++)
      for (let j = 0; j < W; j++)
        for (let c = 0; c < C; c++)
          for (let a = Math.max(0, i - 1); a <= Math.min(H - 1, i + 1); a++)
            for (let b = Math.max(0, j - 1); b <= Math.min(W - 1, j + 1); b++)
              y.data[((n * H + i) * W + j) * C + c] +=
                (x.data[((n * H + a) * W + b) * C + c] * (2 - Math.abs(a - i)) * (2 - Math.abs(b - j))) / 16
  return y
}

/** The largest x in each window, padding counting as -∞. Shapes as in avgPool2d. */
export function maxPool2d(x: Ref, options: PoolOptions): Ref {
  return pool(x, options, (values) => {
    let largest = -Infinity
    for (const v of values) largest = Math.max(largest, v)
    return largest
  })
}
