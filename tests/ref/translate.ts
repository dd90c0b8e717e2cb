import { fill, offset4, type Ref } from './ref.ts'

/** y[n, h, w, c] = x[n, h + dy, w + dx, c], 0 outside; shifts [N, 2]. */
export function translate(x: Ref, shifts: Ref): Ref {
  const [, H, W] = x.shape
  return fill(x.shape, ([n, h, w, c]) => {
    const [y, z] = [h + shifts.data[2 * n], w + shifts.data[2 * n + 1]]
    return y >= 0 && y < H && z >= 0 && z < W ? x.data[offset4(x.shape, n, y, z, c)] : 0
  })
}
