/** Ops that move values without changing them. Each one's gradient is another of them. */

import { run } from '../gpu/kernel.ts'
import type { Defines } from '../gpu/wgsl.ts'
import { record } from '../tensor/autograd.ts'
import {
  check,
  checkShape,
  normalizeAxes,
  type Shape,
  sameShape,
  shapeText,
  sizeOf,
  stridesOf,
} from '../tensor/shape.ts'
import { empty, type Tensor, view } from '../tensor/tensor.ts'
import { type Lanes, lanesFor, typeOf } from './lanes.ts'

/** The same values in another shape; one dimension may be -1. Shares the buffer. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = shape.reduce((a, d) => (d === -1 ? a : a * d), 1)
  const dims = shape.map((d) => (d === -1 ? x.size / known : d))
  check(
    shape.filter((d) => d === -1).length <= 1 &&
      sizeOf(dims) === x.size &&
      dims.every((d) => Number.isInteger(d) && d > 0),
    'reshape',
    () => `cannot make ${shapeText(shape)} of ${shapeText(x.shape)}, which holds ${x.size} values`,
  )
  return record('reshape', [x], view(x, dims, 'reshape'), (dy) => [() => reshape(dy, x.shape)])
}

/** `{ DIM0: '3u', DIM1: … }` */
const numbered = (name: string, values: readonly number[], suffix = 'u'): Defines =>
  Object.fromEntries(values.map((v, d) => [`${name}${d}`, `${v}${suffix}`]))

/** Axis `axes[d]` of x becomes axis d. */
export function permute(x: Tensor, axes: readonly number[]): Tensor {
  const order = axes.map((a) => (a < 0 ? a + x.shape.length : a))
  check(
    order.length === x.shape.length && x.shape.every((_, d) => order.includes(d)),
    'permute',
    () =>
      `axes ${shapeText(axes)} do not name each of the ${x.shape.length} axes of ${shapeText(x.shape)} once`,
  )
  const shape = order.map((a) => x.shape[a])
  const rank = shape.length
  const lanes = rank > 0 && order[rank - 1] === rank - 1 ? lanesFor(shape[rank - 1]) : 1
  const inTs = (dims: Shape): number[] => dims.map((d, i) => (i === rank - 1 ? d / lanes : d))
  const strides = stridesOf(inTs(x.shape))
  const y = empty(shape, 'permute')
  run('strided', {
    op: 'permute',
    defines: {
      ...typeOf(lanes),
      RANK: rank,
      ...numbered('DIM', inTs(shape)),
      ...numbered('OUT_STRIDE', stridesOf(inTs(shape))),
      ...numbered(
        'X_STRIDE',
        order.map((a) => strides[a]),
      ),
    },
    buffers: { x, y },
    params: { n: y.size / lanes },
    threads: y.size / lanes,
  })
  const inverse = order.map((_, d) => order.indexOf(d))
  return record('permute', [x], y, (dy) => [() => permute(dy, inverse)])
}

/** Zero padding by [before, after] per dimension; negative amounts cut. */
function zeroPad(x: Tensor, amounts: readonly (readonly [number, number])[], op: string): Tensor {
  const shape = x.shape.map((size, d) => size + amounts[d][0] + amounts[d][1])
  checkShape(shape, op)
  const y = empty(shape, op)
  run('pad', {
    op,
    defines: {
      RANK: shape.length,
      ...numbered('DIM', shape),
      ...numbered('OUT_STRIDE', stridesOf(shape)),
      ...numbered('X_DIM', x.shape, ''),
      ...numbered('X_STRIDE', stridesOf(x.shape), ''),
      ...numbered(
        'BEFORE',
        amounts.map((a) => a[0]),
        '',
      ),
    },
    buffers: { x, y },
    params: { n: y.size },
    threads: y.size,
  })
  const back = amounts.map(([before, after]): [number, number] => [-before, -after])
  return record(op, [x], y, (dy) => [() => zeroPad(dy, back, op)])
}

export interface PadOptions {
  /** [before, after] for every dimension. */
  padding: readonly (readonly [number, number])[]
  mode?: 'zero' | 'reflect'
}

/** x surrounded by zeros, or by its own mirror image (about the end values, at most size - 1 wide). */
export function pad(x: Tensor, { padding, mode = 'zero' }: PadOptions): Tensor {
  check(
    padding.length === x.shape.length &&
      padding.every((p) => p.length === 2 && p.every((n) => Number.isInteger(n) && n >= 0)),
    'pad',
    () =>
      `expected [before, after] of non-negative integers for each of the ${x.shape.length} dimensions, got ${JSON.stringify(padding)}`,
  )
  if (mode === 'zero') return zeroPad(x, padding, 'pad')
  return padding.reduce((y, [before, after], axis) => {
    const size = x.shape[axis]
    check(
      before < size && after < size,
      'pad',
      () =>
        `reflection by [${before}, ${after}] needs a dimension larger than that; axis ${axis} of ${shapeText(x.shape)} is ${size}`,
    )
    return before || after ? reflectAxis(y, axis, before, after) : y
  }, x)
}

/** Mirrors one axis outwards; `adjoint` is the transpose, from the padded size back. */
function reflectAxis(x: Tensor, axis: number, before: number, after: number, adjoint = false): Tensor {
  const L = x.shape[axis] - (adjoint ? before + after : 0)
  const shape = x.shape.map((d, i) => (i !== axis ? d : adjoint ? L : L + before + after))
  const y = empty(shape, 'pad')
  run('reflect_pad', {
    op: 'pad',
    defines: {
      L,
      P: L + before + after,
      I: sizeOf(x.shape.slice(axis + 1)),
      BEFORE: before,
      AFTER: after,
      ADJOINT: adjoint,
    },
    buffers: { x, y },
    params: { n: y.size },
    threads: y.size,
  })
  return record('pad', [x], y, (dy) => [() => reflectAxis(dy, axis, before, after, !adjoint)])
}

export interface SliceOptions {
  /** First index per dimension (0 if left out); negative counts from the end. */
  start?: readonly number[]
  /** Index after the last per dimension (the size if left out); negative counts from the end. */
  end?: readonly number[]
}

/** The block start..end of x, along every dimension. */
export function slice(x: Tensor, { start = [], end = [] }: SliceOptions): Tensor {
  const at = (index: number | undefined, size: number, otherwise: number): number =>
    index === undefined ? otherwise : index < 0 ? index + size : index
  const amounts = x.shape.map((size, d): [number, number] => {
    const [from, to] = [at(start[d], size, 0), at(end[d], size, size)]
    check(
      Number.isInteger(from) &&
        Number.isInteger(to) &&
        start.length <= x.shape.length &&
        end.length <= x.shape.length &&
        from >= 0 &&
        from < to &&
        to <= size,
      'slice',
      () => `[${start}] to [${end}] is not a block of ${shapeText(x.shape)}`,
    )
    return [-from, to - size]
  })
  return zeroPad(x, amounts, 'slice')
}

/** Where a tensor goes in another one: `block` of its values in a row, from `start` on in each block of the other. */
export interface Piece {
  x: Tensor
  block: number
  start: number
}

/** A kernel has eight buffers to bind, one of them to write. */
const SOURCES = 7
/** Values from which a piece has a launch of its own: where a CPU runs the kernel, every value waits for all branches. */
const LARGE = 16384

/** Writes the pieces into y, which has blocks of `yBlock` values; what none of them covers stays. Of the tape nothing. */
export function place(op: string, y: Tensor, pieces: readonly Piece[], yBlock: number): void {
  const isWhole = ({ block, start }: Piece): boolean => block % 4 === 0 && start % 4 === 0 && yBlock % 4 === 0
  for (const lanes of [4, 1] as const) {
    const own = pieces.filter((piece) => isWhole(piece) === (lanes === 4))
    const small = own.filter(({ x }) => x.size < LARGE)
    for (const piece of own) if (piece.x.size >= LARGE) placeSome(op, y, [piece], yBlock, lanes)
    for (let i = 0; i < small.length; i += SOURCES)
      placeSome(op, y, small.slice(i, i + SOURCES), yBlock, lanes)
  }
}

function placeSome(op: string, y: Tensor, pieces: readonly Piece[], yBlock: number, lanes: Lanes): void {
  const defines: Defines = {
    SOURCES: pieces.length,
    ...typeOf(lanes),
    Y_BLOCK: `${yBlock / lanes}u`,
    SINGLE: pieces.every(({ x, block }) => x.size === block),
  }
  const buffers: Record<string, Tensor> = { y }
  let n = 0
  for (const [s, { x, block, start }] of pieces.entries()) {
    defines[`BLOCK${s}`] = `${block / lanes}u`
    defines[`START${s}`] = `${start / lanes}u`
    defines[`FIRST${s}`] = `${n}u`
    n += x.size / lanes
    defines[`END${s}`] = `${n}u`
    buffers[`x${s}`] = x
  }
  run('concat', { op, defines, buffers, params: { n }, threads: n })
}

/** Tensors joined along `axis`; their other dimensions must agree. */
export function concat(xs: readonly Tensor[], { axis = 0 }: { axis?: number } = {}): Tensor {
  check(xs.length > 0, 'concat', () => 'expected at least one tensor')
  const [first] = xs
  const [d] = normalizeAxes(axis, first.shape.length, 'concat')
  const others = (s: Shape): number[] => s.map((n, i) => (i === d ? 1 : n))
  for (const x of xs)
    check(
      sameShape(others(x.shape), others(first.shape)),
      'concat',
      () => `shapes ${xs.map((t) => shapeText(t.shape)).join(', ')} differ outside axis ${axis}`,
    )
  const total = xs.reduce((n, x) => n + x.shape[d], 0)
  const shape = first.shape.map((n, i) => (i === d ? total : n))
  const inner = sizeOf(shape.slice(d + 1))
  const y = empty(shape, 'concat')
  const starts: number[] = []
  let start = 0
  for (const x of xs) {
    starts.push(start)
    start += x.shape[d]
  }
  const pieces = xs.map((x, i) => ({ x, block: x.shape[d] * inner, start: starts[i] * inner }))
  place('concat', y, pieces, total * inner)
  return record('concat', xs, y, (dy) =>
    xs.map((x, i) => () => {
      const at = (n: number, rest: readonly number[]): number[] => rest.map((size, k) => (k === d ? n : size))
      return slice(dy, {
        start: at(
          starts[i],
          shape.map(() => 0),
        ),
        end: at(starts[i] + x.shape[d], shape),
      })
    }),
  )
}

/** Depth to space: [N,H,W,C r²] -> [N,Hr,Wr,C]; input channel c r² + ry r + rx, as in PyTorch. */
export function pixelShuffle(x: Tensor, { factor: r }: { factor: number }): Tensor {
  const [n, h, w, c] = x.shape
  check(
    x.shape.length === 4 && Number.isInteger(r) && r > 0 && c % (r * r) === 0,
    'pixelShuffle',
    () => `expected [N, H, W, C * ${r}²], got ${shapeText(x.shape)}`,
  )
  const split = reshape(x, [n, h, w, c / (r * r), r, r])
  return reshape(permute(split, [0, 1, 4, 2, 5, 3]), [n, h * r, w * r, c / (r * r)])
}
