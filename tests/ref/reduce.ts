import { div, exp, sub } from './pointwise.ts'
import { forEachIndex, offset, type Ref, ref, wrapAxis } from './ref.ts'

export interface ReduceOptions {
  axes?: number[]
  keepDims?: boolean
}

/**
 * Gathers, for each output element, the inputs that share its index on the kept axes, and applies f to that
 * list. `axes` undefined reduces all of them; reduced axes vanish, or stay with size 1 under keepDims.
 */
function reduce(x: Ref, { axes, keepDims = false }: ReduceOptions, f: (values: number[]) => number): Ref {
  const rank = x.shape.length
  const all = x.shape.map((_, axis) => axis)
  const reduced = new Set(axes === undefined ? all : axes.map((axis) => wrapAxis(axis, rank)))
  const kept = x.shape.map((d, axis) => (reduced.has(axis) ? 1 : d))

  const groups: number[][] = []
  forEachIndex(kept, () => groups.push([]))
  forEachIndex(x.shape, (index, position) => {
    const group = index.map((i, axis) => (reduced.has(axis) ? 0 : i))
    groups[offset(kept, group)].push(x.data[position])
  })
  const shape = keepDims ? kept : x.shape.filter((_, axis) => !reduced.has(axis))
  return ref(groups.map(f), shape)
}

function total(values: number[]): number {
  let result = 0
  for (const v of values) result += v
  return result
}

function largest(values: number[]): number {
  let result = -Infinity
  for (const v of values) result = Math.max(result, v)
  return result
}

/** Σ x over the axes. */
export const sum = (x: Ref, options: ReduceOptions = {}): Ref => reduce(x, options, total)

/** Σ x / n over the axes, n values each. */
export const mean = (x: Ref, options: ReduceOptions = {}): Ref =>
  reduce(x, options, (values) => total(values) / values.length)

/** The largest x over the axes. */
export const max = (x: Ref, options: ReduceOptions = {}): Ref => reduce(x, options, largest)

/** Σ (x - mean)² / (n - correction) over the axes; correction 0 is the biased variance. */
export function variance(x: Ref, options: ReduceOptions & { correction?: number } = {}): Ref {
  return reduce(x, options, (values) => {
    const centre = total(values) / values.length
    return total(values.map((v) => (v - centre) ** 2)) / (values.length - (options.correction ?? 0))
  })
}

/** ln Σ eˣ = m + ln Σ e^(x-m) over the axes, m the largest x so that nothing overflows. */
export function logSumExp(x: Ref, options: ReduceOptions = {}): Ref {
  return reduce(x, options, (values) => {
    const m = largest(values)
    if (m === -Infinity || m === Infinity) return m
    return m + Math.log(total(values.map((v) => Math.exp(v - m))))
  })
}

/** eˣ / Σ eˣ along one axis, shifted by the largest x. Same shape as x. */
export function softmax(x: Ref, { axis = -1 } = {}): Ref {
  const along = { axes: [axis], keepDims: true }
  const e = exp(sub(x, max(x, along)))
  return div(e, sum(e, along))
}
