/**
 * Pointwise ops with broadcasting. An op is one row: name, WGSL expression in a, b, c, p, q, and its derivatives as ops.
 * The operands after the first may be numbers. Comparisons give 0 or 1 and have no gradient.
 * All throw ShapeError when the shapes do not broadcast (NumPy's rule), DisposedError for a tensor that is gone.
 */

import { run } from '../gpu/kernel.ts'
import type { Defines } from '../gpu/wgsl.ts'
import { record } from '../tensor/autograd.ts'
import {
  broadcastShapes,
  check,
  checkShape,
  type Shape,
  sameShape,
  shapeText,
  sizeOf,
  stridesOf,
} from '../tensor/shape.ts'
import { empty, Tensor, type TensorOptions } from '../tensor/tensor.ts'
import { type Lanes, typeOf } from './lanes.ts'

export type Operand = Tensor | number
/** A number that may differ from replay to replay of a recorded step. */
export type Live = () => number

/** One operand's derivative: from dy, the operands and y. */
type Derivative = (dy: Tensor, y: Tensor, a: Tensor, b: Operand, c: Operand, p: number, q: number) => Tensor

interface Row {
  name: string
  expr: string
  /** Per operand; left out for ops, and for operands, in which they are flat almost everywhere. */
  derivatives?: (Derivative | undefined)[]
}

const NAMES = ['A', 'B', 'C'] as const

/** Evaluates a row on operands of broadcastable shapes. */
function apply({ name, expr, derivatives }: Row, operands: Operand[], p = 0, q = 0): Tensor {
  const tensors = operands.filter((x) => x instanceof Tensor)
  for (const t of tensors) t.storageOf(name) // a disposed one's error names the op
  const shape = tensors.reduce<Shape>((s, t) => broadcastShapes(s, t.shape, name), [])
  const y = launch(name, expr, shape, operands, p, q)
  if (!derivatives) return y
  const [a, b, c] = operands
  return record(name, tensors, y, (dy) =>
    operands.flatMap((x, i) => {
      if (!(x instanceof Tensor)) return []
      const derivative = derivatives[i]
      return [derivative && (() => derivative(dy, y, a as Tensor, b ?? 0, c ?? 0, p, q))]
    }),
  )
}

/** One dispatch of pointwise.wgsl, writing `target` or a new tensor of `shape`, which every operand broadcasts to. */
function launch(
  name: string,
  expr: string,
  shape: Shape,
  operands: (Operand | Live)[],
  p = 0,
  q = 0,
  target?: Tensor,
): Tensor {
  const y = target ?? empty(shape, name)
  const tensors = operands.filter((x) => x instanceof Tensor)
  const { dims, strides } = joinDims(
    shape,
    tensors.map((t) => t.shape),
  )
  const last = dims.length - 1
  // Four neighbours at once: when no group of four crosses a row; or one that ends in the room behind a new tensor,
  // where a target may have what must stay zero.
  const lanes: Lanes = dims[last] % 4 === 0 || (dims.length === 1 && !target) ? 4 : 1
  const units = dims.map((d, i) => (i === last ? Math.ceil(d / lanes) : d))
  const { T, BITS } = typeOf(lanes)
  const defines: Defines = { T, BITS, EXPR: expr, RANK: dims.length, SINGLE: dims.length === 1 }
  if (dims.length > 1)
    stridesOf(units).forEach((stride, d) => {
      defines[`OUT_STRIDE${d}`] = `${stride}u`
      defines[`DIM${d}`] = `${units[d]}u`
    })
  const buffers: Record<string, Tensor> = { y }
  const params: Record<string, number> = { n: sizeOf(units), a: 0, b: 0, c: 0, p, q }
  const live: Record<string, Live> = {}
  operands.forEach((x, i) => {
    const letter = NAMES[i]
    if (!(x instanceof Tensor)) {
      if (typeof x === 'number') params[letter.toLowerCase()] = x
      else live[letter.toLowerCase()] = x
      return
    }
    const own = strides[tensors.indexOf(x)]
    const splat = own[last] === 0
    buffers[letter.toLowerCase()] = x
    defines[`HAS_${letter}`] = true
    defines[`${letter}_TYPE`] = splat ? 'f32' : T
    own.forEach((stride, d) => {
      defines[`${letter}_STRIDE${d}`] = `${splat || d === last ? stride : stride / lanes}u`
    })
  })
  const current = () => ({
    ...params,
    ...Object.fromEntries(Object.entries(live).map(([letter, value]) => [letter, value()])),
  })
  run('pointwise', {
    op: name,
    defines,
    buffers,
    params: Object.keys(live).length ? current : params,
    threads: params.n,
  })
  return y
}

/** Joins neighbouring dimensions that every operand walks alike; operands' strides are 0 where they broadcast. */
export function joinDims(shape: Shape, operands: Shape[]): { dims: number[]; strides: number[][] } {
  const own = operands.map((s) => {
    const strides = stridesOf(s)
    return shape.map((_, d) => {
      const at = d - shape.length + s.length
      return at < 0 || s[at] === 1 ? 0 : strides[at]
    })
  })
  const dims: number[] = []
  const strides: number[][] = operands.map(() => [])
  shape.forEach((size, d) => {
    if (size === 1) return
    const joins = dims.length > 0 && own.every((s, o) => strides[o][dims.length - 1] === s[d] * size)
    if (joins) dims[dims.length - 1] *= size
    else dims.push(size)
    own.forEach((s, o) => {
      strides[o][dims.length - 1] = s[d]
    })
  })
  if (dims.length === 0) {
    dims.push(1)
    for (const s of strides) s.push(1)
  }
  return { dims, strides }
}

const unary = (name: string, expr: string, derivative?: (dy: Tensor, y: Tensor, x: Tensor) => Tensor) => {
  const row: Row = { name, expr, derivatives: derivative && [derivative] }
  return (x: Tensor): Tensor => apply(row, [x])
}
const binary = (name: string, expr: string, derivatives?: Derivative[]) => {
  const row: Row = { name, expr, derivatives }
  return (a: Tensor, b: Operand): Tensor => apply(row, [a, b])
}

/** a + b. */
export const add = binary('add', 'a + b', [(dy) => dy, (dy) => dy])
/** a - b. */
export const sub = binary('sub', 'a - b', [(dy) => dy, (dy) => neg(dy)])
/** a b. */
export const mul = binary('mul', 'a * b', [(dy, _y, _a, b) => mul(dy, b), (dy, _y, a) => mul(dy, a)])
/** a / b. */
export const div = binary('div', 'a / b', [
  (dy, _y, _a, b) => div(dy, b),
  (dy, y, _a, b) => neg(div(mul(dy, y), b)),
])
const largerGradRow: Row = {
  name: 'maximumGrad',
  expr: 'select(select(a, 0.5 * a, b == c), T(0.0), b < c)',
  derivatives: [(g, _y, _dy, b, c) => largerGrad(g, b, c), undefined, undefined],
}
/** dy where b is the larger, half of it at ties, and all of it where one of them is NaN. */
const largerGrad = (dy: Tensor, b: Operand, c: Operand): Tensor => apply(largerGradRow, [dy, b, c])
/** The larger of two, NaN where one is NaN; at ties each gets half of the gradient, as in PyTorch. */
export const maximum = binary('maximum', 'max_(a, b)', [
  (dy, _y, a, b) => largerGrad(dy, a, b),
  (dy, _y, a, b) => largerGrad(dy, b, a),
])
/** The smaller of two, NaN where one is NaN; at ties each gets half of the gradient. */
export const minimum = binary('minimum', 'min_(a, b)', [
  (dy, _y, a, b) => largerGrad(dy, b, a),
  (dy, _y, a, b) => largerGrad(dy, a, b),
])
/** Below it are denormals, which count as 0. */
const LEAST_NORMAL = 2 ** -126
/** p - 1, but where x^p is flat, at x = p = 0, something that keeps p x^(p-1) finite. */
const lowered = (x: Tensor, p: Tensor): Tensor =>
  where(less(maximum(abs(x), abs(p)), LEAST_NORMAL), 1, sub(p, 1))
/** 1 where x^p does not change with p: at 0^p for p of at least 0, and at x^0 for x of at least 0. */
const isFlat = binary(
  'powIsFlat',
  'select(T(0.0), T(1.0), ((b == T(0.0)) & (a >= T(0.0))) | ((a == T(0.0)) & (b >= T(0.0))))',
)
/** x^p as in C: 1 for p = 0, NaN for a negative base and a p that is no integer, where the gradient in p is NaN, too. */
export const pow = binary('pow', 'pow_(a, b)', [
  (dy, _y, a, b) => {
    if (b === 0) return full(a.shape, 0)
    return mul(mul(dy, b), pow(a, typeof b === 'number' ? b - 1 : lowered(a, b)))
  },
  (dy, y, a, b) => {
    const flat = isFlat(a, b)
    return mul(dy, where(flat, 0, mul(y, log(where(flat, 1, a)))))
  },
])
/** 1 where a > b, else 0. */
export const greater = binary('greater', 'select(T(0.0), T(1.0), a > b)')
/** 1 where a < b, else 0. */
export const less = binary('less', 'select(T(0.0), T(1.0), a < b)')
/** 1 where a = b, else 0. */
export const equal = binary('equal', 'select(T(0.0), T(1.0), a == b)')

/** -x. */
export const neg = unary('neg', '-a', (dy) => neg(dy))
/** |x|; its gradient at 0 is 0. */
export const abs = unary('abs', 'abs(a)', (dy, _y, x) => mul(dy, sign(x)))
/** -1, 0 or 1. */
export const sign = unary('sign', 'sign_(a)')
/** x². */
export const square = unary('square', 'a * a', (dy, _y, x) => mul(mul(dy, x), 2))
/** √x; NaN below 0. */
export const sqrt = unary('sqrt', 'sqrt(a)', (dy, y) => div(mul(dy, 0.5), y))
/** e^x. */
export const exp = unary('exp', 'exp_(a)', (dy, y) => mul(dy, y))
/** Natural logarithm, to within 4 units in the last place; NaN below 0. */
export const log = unary('log', 'log_(a)', (dy, _y, x) => div(dy, x))
/** sin x, x in radians. */
export const sin = unary('sin', 'sin_(a)', (dy, _y, x) => mul(dy, cos(x)))
/** cos x, x in radians. */
export const cos = unary('cos', 'cos_(a)', (dy, _y, x) => neg(mul(dy, sin(x))))
/** tanh x, finite for every x. */
export const tanh = unary('tanh', 'tanh_(a)', (dy, y) => tanhGrad(dy, y))
/** 1 / (1 + e^-x), finite for every x. */
export const sigmoid = unary('sigmoid', 'sigmoid_(a)', (dy, y) => sigmoidGrad(dy, y))
/** log(1 + e^x), exact at both ends. */
export const softplus = unary('softplus', 'softplus_(a)', (dy, _y, x) => softplusGrad(dy, x))

const softplusGrad = binary('softplusGrad', 'a * sigmoid_(b)', [
  (g, _dx, _dy, x) => softplusGrad(g, x as Tensor),
  (g, _dx, dy, x) => sigmoidGrad(mul(g, dy), sigmoid(x as Tensor)),
])
const tanhGrad = binary('tanhGrad', 'a * (1.0 - b * b)', [
  (g, _dx, _dy, y) => tanhGrad(g, y as Tensor),
  (g, _dx, dy, y) => mul(mul(g, dy), mul(y as Tensor, -2)),
])
const sigmoidGrad = binary('sigmoidGrad', 'a * b * (1.0 - b)', [
  (g, _dx, _dy, y) => sigmoidGrad(g, y as Tensor),
  (g, _dx, dy, y) => mul(mul(g, dy), add(mul(y as Tensor, -2), 1)),
])

const leakyReluRow: Row = {
  name: 'leakyRelu',
  expr: 'select(a * params.p, a, a > T(0.0))',
  // y is above 0 where x is, and is held anyway by what uses it; unless the slope turns the sign.
  derivatives: [(dy, y, x, _b, _c, slope) => leakyReluGrad(dy, slope < 0 ? x : y, slope)],
}
const leakyReluGradRow: Row = {
  name: 'leakyReluGrad',
  expr: 'select(a * params.p, a, b > T(0.0))',
  derivatives: [(g, _y, _dy, x, _c, slope) => leakyReluGrad(g, x as Tensor, slope), undefined],
}
// A slope of 0 would make NaN of -infinity.
const reluRow: Row = { name: 'relu', expr: 'relu_(a)', derivatives: [(dy, y) => leakyReluGrad(dy, y, 0)] }
const reluGradRow: Row = {
  name: 'reluGrad',
  expr: 'reluGrad_(a, b)',
  derivatives: [(g, _y, _dy, x) => leakyReluGrad(g, x as Tensor, 0), undefined],
}
/** dy where x is above 0, slope dy below: the gradient of leakyRelu. */
export const leakyReluGrad = (dy: Tensor, x: Tensor, slope: number): Tensor =>
  apply(slope === 0 ? reluGradRow : leakyReluGradRow, [dy, x], slope)

/** x above 0, slope x below. */
export const leakyRelu = (x: Tensor, { slope = 0.01 }: { slope?: number } = {}): Tensor =>
  apply(slope === 0 ? reluRow : leakyReluRow, [x], slope)
/** max(x, 0); its gradient at 0 is 0. */
export const relu = (x: Tensor): Tensor => apply(reluRow, [x])

const eluRow: Row = {
  name: 'elu',
  expr: 'select(params.p * expm1_(min_(a, T(0.0))), a, a > T(0.0))',
  derivatives: [(dy, y, x, _b, _c, alpha) => mul(dy, where(greater(x, 0), 1, add(y, alpha)))],
}
/** x above 0, alpha (e^x - 1) below. */
export const elu = (x: Tensor, { alpha = 1 }: { alpha?: number } = {}): Tensor => apply(eluRow, [x], alpha)

const clampRow: Row = {
  name: 'clamp',
  expr: 'clamp_(a, T(params.p), T(params.q))',
  derivatives: [(dy, _y, x, _b, _c, min, max) => apply(clampGradRow, [dy, x], min, max)],
}
const clampGradRow: Row = {
  name: 'clampGrad',
  expr: 'select(T(0.0), a, (b >= T(params.p)) & (b <= T(params.q)))',
  derivatives: [(g, _y, _dy, x, _c, min, max) => apply(clampGradRow, [g, x], min, max), undefined],
}
/** x kept within [min, max]; the gradient passes inside, ends included. */
export function clamp(
  x: Tensor,
  { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY }: { min?: number; max?: number },
): Tensor {
  check(min <= max, 'clamp', () => `expected min <= max, got ${min} and ${max}`)
  return apply(clampRow, [x], min, max)
}

const whereRow: Row = {
  name: 'where',
  expr: 'select(c, b, isNonZero(a) != T(0.0))',
  derivatives: [
    undefined,
    (dy, _y, condition) => where(condition, dy, 0),
    (dy, _y, condition) => where(condition, 0, dy),
  ],
}
/** a where condition is not 0, NaN among them, else b. */
export const where = (condition: Tensor, a: Operand, b: Operand): Tensor => apply(whereRow, [condition, a, b])

const mulAddRow: Row = {
  name: 'mulAdd',
  expr: 'a * b + c',
  derivatives: [(dy, _y, _a, b) => mul(dy, b), (dy, _y, a) => mul(dy, a), (dy) => dy],
}
/** x, but 0 where it is infinite, and no gradient. */
export const finiteOr0 = unary('finiteOr0', 'finiteOr0(a)')

/** a b + c in one pass. */
export const mulAdd = (a: Tensor, b: Operand, c: Operand): Tensor => apply(mulAddRow, [a, b, c])

/** x, times `scale`, repeated along new or size-1 dimensions up to `shape`; its gradient is summed back by the tape. */
export function broadcastTo(x: Tensor, shape: Shape, { scale = 1 }: { scale?: number } = {}): Tensor {
  checkShape(shape, 'broadcastTo')
  check(
    sameShape(broadcastShapes(shape, x.shape, 'broadcastTo'), shape),
    'broadcastTo',
    () => `${shapeText(x.shape)} is larger than ${shapeText(shape)}`,
  )
  const y = launch('broadcastTo', 'a * params.p', [...shape], [x], scale)
  return record('broadcastTo', [x], y, (dy) => [() => (scale === 1 ? dy : mul(dy, scale))])
}

/** Overwrites `target` in place with `value`, of the same shape; the tape does not see it. */
export function assign(target: Tensor, value: Tensor): void {
  check(
    sameShape(target.shape, value.shape),
    'assign',
    () => `cannot write ${shapeText(value.shape)} into ${shapeText(target.shape)}`,
  )
  launch('assign', 'a', target.shape, [value], 0, 0, target)
}

/** Overwrites `target` in place with one value; the tape does not see it. */
export const fill = (target: Tensor, value: number): void =>
  void launch('full', 'a', target.shape, [value], 0, 0, target)

/** A tensor of one value; of a function's, which a recorded step asks again at every replay. */
export function full(
  shape: Shape,
  value: number | Live,
  { requiresGrad = false }: TensorOptions = {},
): Tensor {
  checkShape(shape, 'full')
  const y = launch('full', 'a', [...shape], [value])
  y.requiresGrad = requiresGrad
  return y
}
/** A tensor of zeros. */
export const zeros = (shape: Shape, options?: TensorOptions): Tensor => full(shape, 0, options)
/** A tensor of ones. */
export const ones = (shape: Shape, options?: TensorOptions): Tensor => full(shape, 1, options)
