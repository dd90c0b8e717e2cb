/** Checks an op completely against its float64 twin: values, first gradients, second gradients, leaks. */
import { expect } from 'vitest'
import * as engine from '../src/engine/index.ts'
import { type Tensor, tensor } from '../src/engine/index.ts'
import { evaluate, expectClose, gpuTest, normalFrom, randomOf } from './harness.ts'
import * as R from './ref/index.ts'

type Ref = R.Ref
type Random = () => number

/** One input: a shape, filled with numbers of size 0.2 to 1.8 and either sign (so away from kinks at 0), or a recipe. */
export type Input = readonly number[] | Recipe
interface Recipe {
  shape: readonly number[]
  /** The values, in order. */
  make: (random: Random, size: number) => ArrayLike<number>
  /** A constant: no gradient is asked for. */
  fixed?: boolean
}

const each = (shape: readonly number[], f: (random: Random) => number): Recipe => ({
  shape,
  make: (random, n) => Array.from({ length: n }, () => f(random)),
})
const signed = (random: Random): number => (random() < 0.5 ? -1 : 1) * (0.2 + 1.6 * random())

/** Uniform in [low, high]. */
export const within = (low: number, high: number, shape: readonly number[]): Recipe =>
  each(shape, (random) => low + (high - low) * random())
export const positive = (shape: readonly number[]): Recipe => within(0.2, 1.8, shape)
/** No two values closer than 2 / size: no ties for max. */
export const distinct = (shape: readonly number[]): Recipe => ({
  shape,
  make: (random, n) => {
    const order = Array.from({ length: n }, (_, i) => [random(), (2 * i + 1) / n - 1])
    return order.sort((a, b) => a[0] - b[0]).map(([, v]) => v)
  },
})
/** These very values, with no gradient: indices, conditions. */
export const fixed = (data: readonly number[], shape: readonly number[] = [data.length]): Recipe => ({
  shape,
  make: () => data,
  fixed: true,
})

/** The op, written once for both libraries: `lib` is the engine, or the twins (then the inputs are Refs). */
// biome-ignore lint/suspicious/noExplicitAny: the twins' options are wider here and narrower there than the ops'
export type Op = (lib: any, ...inputs: any[]) => any

export interface CheckOptions {
  /** False for ops that have no gradient. */
  gradients?: boolean
  /** Relative errors allowed; say why when given. */
  forward?: number
  gradient?: number
}

/** Random directions that a gradient is compared along: one alone lets an error of three times its limit pass too often. */
const DIRECTIONS = 3

/** Registers the test of `op` on `inputs`. */
export function checkOp(name: string, inputs: readonly Input[], op: Op, options: CheckOptions = {}): void {
  const { gradients = true, forward = 2e-5, gradient = 1e-4 } = options
  gpuTest(name, async () => {
    const random = randomOf(name)
    const recipes = inputs.map((x): Recipe => ('make' in x ? x : each(x, signed)))
    const xs = recipes.map(({ shape, make }) => float32(make(random, R.size([...shape])), shape))
    const expected: Ref = op(R, ...xs)
    const c = normals(expected.shape, random)
    const tracked = xs.flatMap((_, i) => (gradients && !recipes[i].fixed ? [i] : []))

    const [y, ...grads] = await evaluate(() => {
      const leaves = xs.map((x, i) => upload(x, tracked.includes(i)))
      const y: Tensor = op(engine, ...leaves)
      if (!tracked.length) return [y]
      const wanted = tracked.map((i) => leaves[i])
      const cotangent = upload(c, true)
      const first = engine.grad(y, wanted, { gradOutput: cotangent, createGraph: true })
      const penalty = first.map((g) => engine.sum(engine.square(g))).reduce((a, b) => engine.add(a, b))
      return [y, ...first, ...engine.grad(penalty, [...wanted, cotangent])]
    })

    expect(y.shape, 'shape').toEqual(expected.shape)
    expectClose(y.data, expected.data, forward, 'of the values')
    if (!tracked.length) return

    // F(xs, c) = <op(xs), c>. The cotangent c is the last input, and P = Σ |dF/dx|² depends on it, too.
    const all = [...xs, c]
    const F = (at: Ref[]): number => dot((op(R, ...at.slice(0, -1)) as Ref).data, at[xs.length].data)
    const first = grads.slice(0, tracked.length)
    const second = grads.slice(tracked.length)
    for (const [k, g] of [...first, ...second].entries())
      expect(g.shape, `shape of gradient ${k}`).toEqual(all[[...tracked, ...tracked, xs.length][k]].shape)

    const compare = (
      what: string,
      got: ArrayLike<number>[],
      which: number[],
      along: (v: Ref[]) => number,
    ) => {
      const total = Math.hypot(...got.map(norm))
      // One input at a time, then all at once, each along random directions v: the mean of <error, v>² is |error|².
      for (const set of [...which.map((_, k) => [k]), which.map((_, k) => k)]) {
        const errors = Array.from({ length: DIRECTIONS }, () => {
          const v = all.map((x, i) =>
            set.some((k) => which[k] === i) ? normals(x.shape, random) : R.zeros(x.shape),
          )
          return set.reduce((s, k) => s + dot(got[k], v[which[k]].data), 0) - along(v)
        })
        // Where the derivative vanishes, the difference quotient's rounding must not count.
        const size = Math.max(Math.hypot(...set.map((k) => norm(got[k]))), 0.01 * total, 1e-30)
        const names =
          set.length > 1
            ? 'all inputs'
            : which[set[0]] === xs.length
              ? 'the cotangent'
              : `input ${which[set[0]]}`
        expect(
          norm(errors) / Math.sqrt(DIRECTIONS) / size,
          `relative error of the ${what} by ${names}`,
        ).toBeLessThanOrEqual(gradient)
      }
    }
    const gradientsOf = first.map((g) => g.data)
    compare('first gradient', gradientsOf, tracked, (v) => R.directionalDerivative(F, all, v))

    // The derivative of P along v is 2 d²F / du dv with u = dF/dx held fixed: a mixed second difference.
    const u = all.map((x) => R.zeros(x.shape))
    tracked.forEach((i, k) => {
      u[i] = { data: Float64Array.from(first[k].data), shape: u[i].shape }
    })
    const slope = (at: Ref[]): number => R.directionalDerivative(F, at, u, 2e-4)
    compare(
      'second gradient',
      second.map((g) => g.data),
      [...tracked, xs.length],
      (v) => 2 * R.directionalDerivative(slope, all, v, 2e-4),
    )
  })
}

const float32 = (data: ArrayLike<number>, shape: readonly number[]): Ref =>
  R.ref(Float32Array.from(data), [...shape])
const normals = (shape: readonly number[], random: Random): Ref =>
  float32(
    Array.from({ length: R.size([...shape]) }, () => normalFrom(random)),
    shape,
  )
const upload = (x: Ref, requiresGrad: boolean): Tensor =>
  tensor(Float32Array.from(x.data), x.shape, { requiresGrad })

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let total = 0
  for (let i = 0; i < a.length; i++) total += a[i] * b[i]
  return total
}
const norm = (a: ArrayLike<number>): number => Math.sqrt(dot(a, a))
