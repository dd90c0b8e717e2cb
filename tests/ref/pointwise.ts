import { broadcastShapes, broadcastTo, type Ref, ref } from './ref.ts'

function asRef(x: Ref | number): Ref {
  return typeof x === 'number' ? ref([x], []) : x
}

/** y[i] = f(x[i]). */
function unary(x: Ref, f: (x: number) => number): Ref {
  const y = new Float64Array(x.data.length)
  for (let i = 0; i < y.length; i++) y[i] = f(x.data[i])
  return { data: y, shape: [...x.shape] }
}

/** y[i] = f(a[i], b[i]) after numpy broadcasting. */
function binary(a: Ref, b: Ref | number, f: (a: number, b: number) => number): Ref {
  const shape = broadcastShapes(a.shape, asRef(b).shape)
  const left = broadcastTo(a, shape).data
  const right = broadcastTo(asRef(b), shape).data
  const y = new Float64Array(left.length)
  for (let i = 0; i < y.length; i++) y[i] = f(left[i], right[i])
  return { data: y, shape }
}

/** a + b, broadcast. */
export const add = (a: Ref, b: Ref | number): Ref => binary(a, b, (a, b) => a + b)

/** a - b, broadcast. */
export const sub = (a: Ref, b: Ref | number): Ref => binary(a, b, (a, b) => a - b)

/** a b, elementwise and broadcast. */
export const mul = (a: Ref, b: Ref | number): Ref => binary(a, b, (a, b) => a * b)

/** a / b, elementwise and broadcast. */
export const div = (a: Ref, b: Ref | number): Ref => binary(a, b, (a, b) => a / b)

/** The larger of a and b, broadcast. */
export const maximum = (a: Ref, b: Ref | number): Ref => binary(a, b, (a, b) => Math.max(a, b))

/** The smaller of a and b, broadcast. */
export const minimum = (a: Ref, b: Ref | number): Ref => binary(a, b, (a, b) => Math.min(a, b))

/** a to the power b, broadcast; NaN for a negative a and a fractional b. */
export const pow = (a: Ref, b: Ref | number): Ref => binary(a, b, (a, b) => a ** b)

/** 1 where a > b, else 0. */
export const greater = (a: Ref, b: Ref | number): Ref => binary(a, b, (a, b) => (a > b ? 1 : 0))

/** 1 where a < b, else 0. */
export const less = (a: Ref, b: Ref | number): Ref => binary(a, b, (a, b) => (a < b ? 1 : 0))

/** 1 where a = b, else 0. */
export const equal = (a: Ref, b: Ref | number): Ref => binary(a, b, (a, b) => (a === b ? 1 : 0))

/** -x. */
export const neg = (x: Ref): Ref => unary(x, (x) => -x)

/** |x|. */
export const abs = (x: Ref): Ref => unary(x, (x) => Math.abs(x))

/** -1, 0 or 1. */
export const sign = (x: Ref): Ref => unary(x, (x) => Math.sign(x))

/** x². */
export const square = (x: Ref): Ref => unary(x, (x) => x * x)

/** √x. */
export const sqrt = (x: Ref): Ref => unary(x, (x) => Math.sqrt(x))

/** eˣ. */
export const exp = (x: Ref): Ref => unary(x, (x) => Math.exp(x))

/** ln x. */
export const log = (x: Ref): Ref => unary(x, (x) => Math.log(x))

/** tanh x. */
export const tanh = (x: Ref): Ref => unary(x, (x) => Math.tanh(x))

/** sin x. */
export const sin = (x: Ref): Ref => unary(x, (x) => Math.sin(x))

/** cos x. */
export const cos = (x: Ref): Ref => unary(x, (x) => Math.cos(x))

/** 1 / (1 + e⁻ˣ), in whichever form keeps the exponent negative so that nothing overflows. */
export const sigmoid = (x: Ref): Ref =>
  unary(x, (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))))

/** ln(1 + eˣ) = max(x, 0) + ln(1 + e^-|x|), where the exponent is never positive. */
export const softplus = (x: Ref): Ref => unary(x, (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))))

/** max(x, 0). */
export const relu = (x: Ref): Ref => unary(x, (x) => Math.max(x, 0))

/** x where x > 0, else slope x. */
export const leakyRelu = (x: Ref, { slope = 0.01 } = {}): Ref => unary(x, (x) => (x > 0 ? x : slope * x))

/** x where x > 0, else alpha (eˣ - 1). */
export const elu = (x: Ref, { alpha = 1 } = {}): Ref => unary(x, (x) => (x > 0 ? x : alpha * Math.expm1(x)))

/** min(max(x, min), max). */
export const clamp = (x: Ref, { min = -Infinity, max = Infinity } = {}): Ref =>
  unary(x, (x) => Math.min(Math.max(x, min), max))

/** a where cond is nonzero, else b; all three broadcast together. */
export function where(cond: Ref, a: Ref | number, b: Ref | number): Ref {
  const shape = broadcastShapes(broadcastShapes(cond.shape, asRef(a).shape), asRef(b).shape)
  const test = broadcastTo(cond, shape).data
  const yes = broadcastTo(asRef(a), shape).data
  const no = broadcastTo(asRef(b), shape).data
  const y = new Float64Array(test.length)
  for (let i = 0; i < y.length; i++) y[i] = test[i] !== 0 ? yes[i] : no[i]
  return { data: y, shape }
}
