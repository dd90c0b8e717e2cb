import { at, fill, offset4, type Ref, ref, size, wrapAxis, zeros } from './ref.ts'

/** The same numbers in row-major order under another shape; one size may be -1, to be worked out. */
export function reshape(x: Ref, shape: number[]): Ref {
  const known = size(shape.filter((d) => d !== -1))
  return ref(
    x.data,
    shape.map((d) => (d === -1 ? x.data.length / known : d)),
  )
}

/** y[i₀,i₁,...] = x at the index whose entry axes[k] is iₖ: output axis k is input axis axes[k]. */
export function permute(x: Ref, axes: number[]): Ref {
  const from = axes.map((axis) => wrapAxis(axis, x.shape.length))
  if (new Set(from).size !== x.shape.length) throw new Error(`permute: [${x.shape}] by [${axes}]`)
  const source = new Array<number>(from.length)
  return fill(
    from.map((axis) => x.shape[axis]),
    (index) => {
      for (let k = 0; k < from.length; k++) source[from[k]] = index[k]
      return at(x, source)
    },
  )
}

/** Puts tensors one after another along an axis; all other sizes must agree. */
export function concat(xs: Ref[], { axis }: { axis: number }): Ref {
  const rank = xs[0].shape.length
  const along = wrapAxis(axis, rank)
  const shape = [...xs[0].shape]
  shape[along] = 0
  for (const x of xs) {
    const agrees = x.shape.length === rank && x.shape.every((d, i) => i === along || d === shape[i])
    if (!agrees) throw new Error(`concat: ${xs.map((x) => `[${x.shape}]`).join(' ')} along ${axis}`)
    shape[along] += x.shape[along]
  }
  return fill(shape, (index) => {
    const source = [...index]
    let which = 0
    while (source[along] >= xs[which].shape[along]) {
      source[along] -= xs[which].shape[along]
      which++
    }
    return at(xs[which], source)
  })
}

/**
 * y[i₀,i₁,...] = x[i₀+start₀, i₁+start₁, ...], up to but not including end.
 * As in numpy, negative counts from the end, and what lies past the end is cut off.
 */
export function slice(x: Ref, { start, end }: { start: number[]; end: number[] }): Ref {
  const rank = x.shape.length
  if (start.length !== rank || end.length !== rank) {
    throw new Error(`slice: [${x.shape}] from [${start}] to [${end}]`)
  }
  const bound = (i: number, d: number) => Math.min(Math.max(i < 0 ? i + d : i, 0), d)
  const first = start.map((i, axis) => bound(i, x.shape[axis]))
  const shape = end.map((i, axis) => Math.max(bound(i, x.shape[axis]) - first[axis], 0))
  return fill(shape, (index) =>
    at(
      x,
      index.map((i, axis) => i + first[axis]),
    ),
  )
}

export interface PadOptions {
  padding: [before: number, after: number][]
  mode?: 'zero' | 'reflect'
}

/**
 * Adds [before, after] entries per axis: zeros, or the mirror image, which does not repeat the border
 * (abc -> cb abc ba).
 */
export function pad(x: Ref, { padding, mode = 'zero' }: PadOptions): Ref {
  if (padding.length !== x.shape.length) throw new Error(`pad: [${x.shape}] by ${padding.length} pairs`)
  if (mode === 'reflect' && padding.some((p, axis) => Math.max(...p) >= Math.max(x.shape[axis], 1))) {
    throw new Error(`pad: reflecting [${x.shape}] by [${padding.join(' ; ')}] reaches past the far border`)
  }
  const shape = x.shape.map((d, axis) => padding[axis][0] + d + padding[axis][1])
  return fill(shape, (index) => {
    const source = index.map((i, axis) => i - padding[axis][0])
    for (let axis = 0; axis < source.length; axis++) {
      const last = x.shape[axis] - 1
      if (source[axis] >= 0 && source[axis] <= last) continue
      if (mode === 'zero') return 0
      source[axis] = source[axis] < 0 ? -source[axis] : 2 * last - source[axis]
    }
    return at(x, source)
  })
}

function checkIndex(op: string, index: number, rows: number): void {
  if (!Number.isInteger(index) || index < 0 || index >= rows)
    throw new Error(`${op}: index ${index} of ${rows}`)
}

/** y[i...,r...] = x[indices[i...], r...], rows of the first axis. x [M, ...R] -> [...indices.shape, ...R]. */
export function gather(x: Ref, indices: Ref): Ref {
  const width = size(x.shape.slice(1))
  const y = zeros([...indices.shape, ...x.shape.slice(1)])
  for (let i = 0; i < indices.data.length; i++) {
    const row = indices.data[i]
    checkIndex('gather', row, x.shape[0])
    for (let r = 0; r < width; r++) y.data[i * width + r] = x.data[row * width + r]
  }
  return y
}

/**
 * The adjoint of gather: y[indices[i...], r...] += dy[i...,r...].
 * dy [...indices.shape, ...R] -> [rows, ...R].
 */
export function scatterAdd(dy: Ref, indices: Ref, rows: number): Ref {
  const rest = dy.shape.slice(indices.shape.length)
  const width = size(rest)
  if (indices.shape.some((d, axis) => d !== dy.shape[axis])) {
    throw new Error(`scatterAdd: dy [${dy.shape}], indices [${indices.shape}]`)
  }
  const y = zeros([rows, ...rest])
  for (let i = 0; i < indices.data.length; i++) {
    const row = indices.data[i]
    checkIndex('scatterAdd', row, rows)
    for (let r = 0; r < width; r++) y.data[row * width + r] += dy.data[i * width + r]
  }
  return y
}

/** y[i...,d] = 1 if indices[i...] = d, else 0. -> [...indices.shape, depth]. */
export function oneHot(indices: Ref, { depth }: { depth: number }): Ref {
  const y = zeros([...indices.shape, depth])
  for (let i = 0; i < indices.data.length; i++) {
    checkIndex('oneHot', indices.data[i], depth)
    y.data[i * depth + indices.data[i]] = 1
  }
  return y
}

/** y[n, h r + ry, w r + rx, c] = x[n,h,w, c r² + ry r + rx], r = factor. x [N,H,W,C r²] -> [N,H r,W r,C]. */
export function pixelShuffle(x: Ref, { factor: r }: { factor: number }): Ref {
  const [N, H, W, deep] = x.shape
  const C = deep / (r * r)
  if (!Number.isInteger(C)) throw new Error(`pixelShuffle: [${x.shape}] by ${r}`)
  const y = zeros([N, H * r, W * r, C])
  for (let n = 0; n < N; n++) {
    for (let h = 0; h < H; h++) {
      for (let w = 0; w < W; w++) {
        for (let c = 0; c < C; c++) {
          for (let ry = 0; ry < r; ry++) {
            for (let rx = 0; rx < r; rx++) {
              const value = x.data[offset4(x.shape, n, h, w, c * r * r + ry * r + rx)]
              y.data[offset4(y.shape, n, h * r + ry, w * r + rx, c)] = value
            }
          }
        }
      }
    }
  }
  return y
}
