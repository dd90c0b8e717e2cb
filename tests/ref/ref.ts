// What every twin shares: a dense row-major float64 tensor, shape arithmetic, and ways to walk over indices.

export interface Ref {
  data: Float64Array
  shape: number[]
}

/** A tensor from numbers in row-major order (last axis fastest). */
export function ref(data: ArrayLike<number>, shape: number[]): Ref {
  if (data.length !== size(shape)) throw new Error(`ref: ${data.length} numbers for shape [${shape}]`)
  return { data: Float64Array.from(data), shape: [...shape] }
}

/** A tensor filled with one value. */
export function full(shape: number[], value: number): Ref {
  return { data: new Float64Array(size(shape)).fill(value), shape: [...shape] }
}

export function zeros(shape: number[]): Ref {
  return full(shape, 0)
}

/** Number of elements; 1 for the scalar shape []. */
export function size(shape: number[]): number {
  let n = 1
  for (const d of shape) n *= d
  return n
}

/** Row-major strides: how far apart in `data` neighbours along each axis lie. */
export function strides(shape: number[]): number[] {
  const result = new Array<number>(shape.length)
  let stride = 1
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    result[axis] = stride
    stride *= shape[axis]
  }
  return result
}

/** numpy's rule: align the shapes at the right; each pair of sizes must be equal or contain a 1. */
export function broadcastShapes(a: number[], b: number[]): number[] {
  const rank = Math.max(a.length, b.length)
  const result = new Array<number>(rank)
  for (let back = 1; back <= rank; back++) {
    const da = back <= a.length ? a[a.length - back] : 1
    const db = back <= b.length ? b[b.length - back] : 1
    if (da !== db && da !== 1 && db !== 1) throw new Error(`cannot broadcast [${a}] with [${b}]`)
    result[rank - back] = da === 1 ? db : da
  }
  return result
}

/** Repeats x along its axes of size 1, and along new leading axes, until it has `shape`. */
export function broadcastTo(x: Ref, shape: number[]): Ref {
  const common = broadcastShapes(x.shape, shape)
  if (common.length !== shape.length || common.some((d, axis) => d !== shape[axis])) {
    throw new Error(`cannot broadcast [${x.shape}] to [${shape}]`)
  }
  const lead = shape.length - x.shape.length
  return fill(shape, (index) => {
    const source = index.slice(lead)
    for (let axis = 0; axis < source.length; axis++) if (x.shape[axis] === 1) source[axis] = 0
    return at(x, source)
  })
}

/** Position in `data` of a multi-index. */
export function offset(shape: number[], index: number[]): number {
  let position = 0
  for (let axis = 0; axis < shape.length; axis++) position = position * shape[axis] + index[axis]
  return position
}

/** Position in `data` of [i,j,k,l] in a four-dimensional tensor. */
export function offset4(shape: number[], i: number, j: number, k: number, l: number): number {
  return ((i * shape[1] + j) * shape[2] + k) * shape[3] + l
}

/** One element. */
export function at(x: Ref, index: number[]): number {
  return x.data[offset(x.shape, index)]
}

/** Calls `visit(index, position)` for every element in row-major order. `index` is reused: copy to keep. */
export function forEachIndex(shape: number[], visit: (index: number[], position: number) => void): void {
  const index = new Array<number>(shape.length).fill(0)
  const count = size(shape)
  for (let position = 0; position < count; position++) {
    visit(index, position)
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      index[axis]++
      if (index[axis] < shape[axis]) break
      index[axis] = 0
    }
  }
}

/** y[index] = f(index): builds a tensor element by element. */
export function fill(shape: number[], f: (index: number[]) => number): Ref {
  const y = zeros(shape)
  forEachIndex(shape, (index, position) => {
    y.data[position] = f(index)
  })
  return y
}

/** An axis counted from the end when negative, checked against the rank. */
export function wrapAxis(axis: number, rank: number): number {
  const wrapped = axis < 0 ? axis + rank : axis
  if (!Number.isInteger(axis) || wrapped < 0 || wrapped >= rank)
    throw new Error(`axis ${axis} of rank ${rank}`)
  return wrapped
}

export type Pair = number | [number, number]
export type Padding = number | [number, number] | [number, number, number, number]

/** One number for both height and width, or [height, width]. */
export function pair(value: Pair): [number, number] {
  return typeof value === 'number' ? [value, value] : value
}

/** Padding as [top, bottom, left, right], from one number, [vertical, horizontal], or all four. */
export function sides(padding: Padding): [number, number, number, number] {
  if (typeof padding === 'number') return [padding, padding, padding, padding]
  if (padding.length === 2) return [padding[0], padding[0], padding[1], padding[1]]
  return padding
}

/**
 * How many windows of `kernel` fit in `input` padded on both sides:
 * floor((input + before + after - kernel) / stride) + 1.
 */
export function windows(
  input: number,
  kernel: number,
  stride: number,
  before: number,
  after: number,
): number {
  const count = Math.floor((input + before + after - kernel) / stride) + 1
  if (count < 1) throw new Error(`window ${kernel} does not fit in ${input} padded by ${before} + ${after}`)
  return count
}
