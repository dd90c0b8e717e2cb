/** One NaN or infinity among ordinary numbers, and what it reached. */
import { expect } from 'vitest'
import { type Tensor, tensor } from '../../src/engine/index.ts'
import { normalFrom, randomOf, valuesOf } from '../harness.ts'

export const [NAN, INF, MAX] = [Number.NaN, Number.POSITIVE_INFINITY, 3.4028234663852886e38]

/** Normal numbers, the same for the same shape, but `value` at these places. */
export function withOne(shape: readonly number[], value: number, ...places: number[]): Tensor {
  const random = randomOf(`${shape}`)
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => normalFrom(random))
  for (const at of places) data[at] = value
  return tensor(data, shape, { requiresGrad: true })
}
export const normals = (...shape: number[]): Tensor => withOne(shape, 0)

/** The places that are NaN; everything else must be finite. */
export function nans(data: Float32Array): number[] {
  const found = places(data.length, (i) => Number.isNaN(data[i]))
  expect(data.filter((x) => !Number.isFinite(x))).toHaveLength(found.length)
  return found
}
export const nansOf = async (fn: () => Tensor): Promise<number[]> => nans(await valuesOf(fn))

/** Those of the first n places. */
export const places = (n: number, isOne: (i: number) => boolean): number[] =>
  Array.from({ length: n }, (_, i) => i).filter(isOne)
