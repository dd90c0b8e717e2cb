import { type Ref, ref } from './ref.ts'

/** The first singular vectors of a weight, as far as the iteration has come: v [K] and u [C] of length 1. */
export interface Held {
  v: Ref
  u: Ref
}

/** One step of the power iteration from u: v = W u / |W u|, u = Wᵀ v / |Wᵀ v|, W seen as [K, C]. */
export function powerStep(w: Ref, { data: start }: Ref): Held {
  const C = w.shape[w.shape.length - 1]
  const K = w.data.length / C
  const v = unit(Array.from({ length: K }, (_, k) => sumOf(C, (c) => w.data[k * C + c] * start[c])))
  const u = unit(Array.from({ length: C }, (_, c) => sumOf(K, (k) => w.data[k * C + c] * v[k])))
  return { v: ref(v, [K]), u: ref(u, [C]) }
}

/** W / (vᵀ W u). */
export function spectralNorm(w: Ref, { v, u }: Held): Ref {
  const C = u.data.length
  const sigma = sumOf(w.data.length, (i) => w.data[i] * v.data[Math.floor(i / C)] * u.data[i % C])
  return ref(
    w.data.map((value) => value / sigma),
    w.shape,
  )
}

function sumOf(count: number, term: (i: number) => number): number {
  let total = 0
  for (let i = 0; i < count; i++) total += term(i)
  return total
}

function unit(values: number[]): number[] {
  const size = Math.hypot(...values)
  return values.map((value) => value / size)
}
