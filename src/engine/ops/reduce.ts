/** Reductions over any axes, in a fixed order: same input, same bits. */

import { run } from '../gpu/kernel.ts'
import { record } from '../tensor/autograd.ts'
import { normalizeAxes, reducedShape, type Shape, sizeOf } from '../tensor/shape.ts'
import { empty, scope, type Tensor, view } from '../tensor/tensor.ts'
import { type Lanes, typeOf } from './lanes.ts'
import { reshape } from './movement.ts'
import { add, broadcastTo, div, equal, exp, finiteOr0, log, mul, square, sub } from './pointwise.ts'
import { stopGradient } from './stopGradient.ts'

export interface ReduceOptions {
  /** One axis or several, negative from the end; all if left out. */
  axes?: number | readonly number[]
  /** Keep the reduced axes with size 1. */
  keepDims?: boolean
}

/** Values that one invocation combines in a row: more is fewer passes, fewer is less rounding. */
const STRIP = 128

const REDUCTIONS = {
  sum: { IDENTITY: '0.0', COMBINE: 'acc + x' },
  max: { COMBINE: 'max_(acc, x)' },
}

interface Stages {
  /** The result is multiplied by it. */
  scale?: number
  /** Squares are reduced, and the root is taken of the result. */
  isNorm?: boolean
  /** [C], added to the result, [.., C]. */
  bias?: Tensor
}

/** x as [O, R, I] reduced over R to [O, I], in as many passes as it takes. */
function reduceMiddle(
  kind: keyof typeof REDUCTIONS,
  x: Tensor,
  [O, R, I]: readonly number[],
  { scale = 1, isNorm = false, bias }: Stages = {},
): Tensor {
  // A contiguous run of 4k values is k vec4s, and at last one vec4, reduced to a value.
  const isRun = I === 1 && R % 4 === 0 && R > STRIP && !bias
  let [y, left] = [x, isRun ? R / 4 : R]
  const inner = isRun ? 4 : I
  for (let isFirst = true; isFirst || left > 1; isFirst = false) {
    const slices = left <= STRIP ? 1 : Math.ceil(left / STRIP)
    const isLast = slices === 1
    const lanes: Lanes = inner % 4 === 0 && (!isLast || (bias?.size ?? 4) % 4 === 0) ? 4 : 1
    const across = isRun && isLast
    const parts = empty([O, slices, across ? 1 : inner], kind)
    const threads = (O * slices * inner) / lanes
    run('reduce', {
      op: kind,
      defines: {
        ...REDUCTIONS[kind],
        ...typeOf(lanes),
        R: `${left}u`,
        S: `${slices}u`,
        I: `${inner / lanes}u`,
        STEPS: `${Math.ceil(left / slices)}u`,
        ACROSS: across,
        SQUARED: isNorm && isFirst,
        ROOT: isNorm && isLast,
        HAS_BIAS: isLast && bias !== undefined,
        ...(bias && { BIAS: `${bias.size / lanes}u` }),
      },
      buffers: { x: y, y: parts, ...(isLast && bias && { bias }) },
      params: { n: threads, scale: isLast ? scale : 1 },
      threads,
    })
    y = parts
    left = slices
  }
  return y
}

/** ‖x‖₂ over all values, a scalar. No gradient flows. */
export const norm = (x: Tensor): Tensor =>
  scope(() => view(reduceMiddle('sum', x, [1, x.size, 1], { isNorm: true }), []))

/** Parts [Z, S, ...] of split sums added up over S, and a bias [C] to the last axis of the result, which has `shape`. */
export const sumParts = (
  parts: Tensor,
  [Z, S]: readonly [number, number],
  shape: Shape,
  bias?: Tensor,
): Tensor => scope(() => view(reduceMiddle('sum', parts, [Z, S, parts.size / Z / S], { bias }), shape))

/** Reduces `axes`, neighbouring ones at once. The result has `shape`. */
function reduceAxes(
  kind: keyof typeof REDUCTIONS,
  x: Tensor,
  axes: number[],
  shape: Shape,
  scale: number,
): Tensor {
  return scope(() => {
    let y = x
    const dims = [...x.shape]
    const rest = [...axes]
    let factor = scale
    for (let last = rest.pop(); last !== undefined; last = rest.pop()) {
      let first = last
      for (; rest.at(-1) === first - 1; rest.pop()) first--
      const [O, R, I] = [dims.slice(0, first), dims.slice(first, last + 1), dims.slice(last + 1)].map(sizeOf)
      y = reduceMiddle(kind, y, [O, R, I], { scale: factor })
      factor = 1
      dims.fill(1, first, last + 1)
    }
    return view(y, shape)
  })
}

function linearReduction(
  name: string,
  x: Tensor,
  options: ReduceOptions,
  scaleOf: (count: number) => number,
): Tensor {
  const axes = normalizeAxes(options.axes, x.shape.length, name)
  const scale = scaleOf(sizeOf(axes.map((d) => x.shape[d])))
  const y = reduceAxes('sum', x, axes, reducedShape(x.shape, axes, options.keepDims ?? false), scale)
  const kept = reducedShape(x.shape, axes, true)
  return record(name, [x], y, (dy) => [() => broadcastTo(reshape(dy, kept), x.shape, { scale })])
}

/** Sum over `axes`. */
export const sum = (x: Tensor, options: ReduceOptions = {}): Tensor =>
  linearReduction('sum', x, options, () => 1)

/** Mean over `axes`. */
export const mean = (x: Tensor, options: ReduceOptions = {}): Tensor =>
  linearReduction('mean', x, options, (count) => 1 / count)

/** Largest value over `axes`, NaN where one is NaN; ties share the gradient, as in PyTorch's amax. */
export function max(x: Tensor, options: ReduceOptions = {}): Tensor {
  const axes = normalizeAxes(options.axes, x.shape.length, 'max')
  const y = reduceAxes('max', x, axes, reducedShape(x.shape, axes, options.keepDims ?? false), 1)
  const kept = reducedShape(x.shape, axes, true)
  return record('max', [x], y, (dy) => [
    () => {
      const winners = equal(x, reshape(y, kept))
      return mul(winners, div(reshape(dy, kept), sum(winners, { axes, keepDims: true })))
    },
  ])
}

/** Mean of squared deviations over `axes` (biased, divided by n), from the centred values. */
export function variance(x: Tensor, options: ReduceOptions = {}): Tensor {
  return mean(square(sub(x, mean(x, { axes: options.axes, keepDims: true }))), options)
}

/** log Σ e^x over `axes`, shifted by the maximum, where that is finite, so that nothing overflows. */
export function logSumExp(x: Tensor, options: ReduceOptions = {}): Tensor {
  const axes = normalizeAxes(options.axes, x.shape.length, 'logSumExp')
  const shift = stopGradient(finiteOr0(max(x, { axes, keepDims: true })))
  const y = add(log(sum(exp(sub(x, shift)), { axes, keepDims: true })), shift)
  return reshape(y, reducedShape(x.shape, axes, options.keepDims ?? false))
}

/** e^x / Σ e^x along `axis`. */
export function softmax(x: Tensor, { axis = -1 }: { axis?: number } = {}): Tensor {
  const e = exp(sub(x, stopGradient(max(x, { axes: axis, keepDims: true }))))
  return div(e, sum(e, { axes: axis, keepDims: true }))
}

/** Sums `x` over the dimensions that broadcasting `shape` to x's shape had added or widened. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  const extra = x.shape.length - shape.length
  const axes = x.shape.flatMap((size, d) => (d < extra || (shape[d - extra] === 1 && size !== 1) ? [d] : []))
  return reshape(sum(x, { axes }), shape)
}
