/** Shape arithmetic: pure functions, no GPU. */
import { ShapeError } from '../errors.ts'

export type Shape = readonly number[]

/** Number of elements of `shape`. */
export const sizeOf = (shape: Shape): number => shape.reduce((a, b) => a * b, 1)

/** `[2,3]` as people write it. */
export const shapeText = (shape: Shape): string => `[${shape.join(', ')}]`

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((d, i) => d === b[i])

/** Throws a ShapeError of one line, headed by the op's name, unless `ok`. */
export function check(ok: boolean, op: string, message: () => string): asserts ok {
  if (!ok) throw new ShapeError(`${op}: ${message()}`.replaceAll('\n', '\\n'))
}

/** Throws unless every dimension is a positive integer. */
export function checkShape(shape: Shape, op: string): void {
  check(
    Array.isArray(shape) && shape.every((d) => Number.isInteger(d) && d > 0),
    op,
    () =>
      `every dimension must be a positive integer, got ${Array.isArray(shape) ? shapeText(shape) : 'no list'}`,
  )
}

/** Element strides of a contiguous tensor. */
export function stridesOf(shape: Shape): number[] {
  const strides = new Array<number>(shape.length)
  let stride = 1
  for (let d = shape.length - 1; d >= 0; d--) {
    strides[d] = stride
    stride *= shape[d]
  }
  return strides
}

/** The shape that `a` and `b` broadcast to (NumPy's rule). */
export function broadcastShapes(a: Shape, b: Shape, op: string): number[] {
  const rank = Math.max(a.length, b.length)
  const out = new Array<number>(rank)
  for (let d = 0; d < rank; d++) {
    const da = a[d - rank + a.length] ?? 1
    const db = b[d - rank + b.length] ?? 1
    check(
      da === db || da === 1 || db === 1,
      op,
      () =>
        `cannot broadcast ${shapeText(a)} with ${shapeText(b)}: trailing dimensions must be equal or 1 (${da} against ${db})`,
    )
    out[d] = da === 1 ? db : da
  }
  return out
}

/** Axes as sorted non-negative numbers; `undefined` means all. */
export function normalizeAxes(axes: number | Shape | undefined, rank: number, op: string): number[] {
  if (axes === undefined) return Array.from({ length: rank }, (_, d) => d)
  const list = (typeof axes === 'number' ? [axes] : [...axes]).map((axis) => {
    const d = axis < 0 ? axis + rank : axis
    check(
      Number.isInteger(d) && d >= 0 && d < rank,
      op,
      () => `axis ${axis} is outside a tensor of rank ${rank}`,
    )
    return d
  })
  check(new Set(list).size === list.length, op, () => `axes ${shapeText(list)} repeat`)
  return list.sort((a, b) => a - b)
}

/** `shape` with the reduced `axes` kept as 1, or dropped. */
export function reducedShape(shape: Shape, axes: Shape, keepDims: boolean): number[] {
  return keepDims
    ? shape.map((d, i) => (axes.includes(i) ? 1 : d))
    : shape.filter((_, i) => !axes.includes(i))
}

export type Pair = number | readonly [number, number]
/** One number for all sides, `[vertical, horizontal]`, or `[top, bottom, left, right]`. */
export type Padding = number | readonly [number, number] | readonly [number, number, number, number]

export interface ConvOptions {
  stride?: Pair
  padding?: Padding
}

/** The geometry that a conv, its two gradients and pooling share. */
export interface Window {
  kernel: [number, number]
  stride: [number, number]
  /** top, bottom, left, right */
  padding: [number, number, number, number]
}

const isCount = (n: number, least: number): boolean => Number.isInteger(n) && n >= least

/** `value` as `[vertical, horizontal]`. */
export function pair(value: Pair, op: string, what: string, least = 1): [number, number] {
  const [h, w] = typeof value === 'number' ? [value, value] : value
  check(
    isCount(h, least) && isCount(w, least),
    op,
    () => `${what} must be an integer of at least ${least}, or two of them; got ${JSON.stringify(value)}`,
  )
  return [h, w]
}

/** Kernel, stride and padding in full. */
export function windowOf(kernel: Shape, options: ConvOptions, op: string): Window {
  const p = options.padding ?? 0
  const padding: number[] =
    typeof p === 'number' ? [p, p, p, p] : p.length === 2 ? [p[0], p[0], p[1], p[1]] : [...p]
  check(
    padding.length === 4 && padding.every((n) => isCount(n, 0)),
    op,
    () =>
      `padding must be a non-negative integer, [vertical, horizontal] or [top, bottom, left, right]; got ${JSON.stringify(p)}`,
  )
  return {
    kernel: [kernel[0], kernel[1]],
    stride: pair(options.stride ?? 1, op, 'stride'),
    padding: padding as Window['padding'],
  }
}

/** Height and width that a window sliding over `[h, w]` gives: floor((n + before + after - k) / s) + 1. */
export function slideSize(
  h: number,
  w: number,
  { kernel, stride, padding }: Window,
  op: string,
): [number, number] {
  const [top, bottom, left, right] = padding
  const oh = Math.floor((h + top + bottom - kernel[0]) / stride[0]) + 1
  const ow = Math.floor((w + left + right - kernel[1]) / stride[1]) + 1
  check(
    oh > 0 && ow > 0,
    op,
    () => `a kernel of ${kernel.join('x')} does not fit in ${h}x${w} padded by [${padding.join(', ')}]`,
  )
  return [oh, ow]
}
