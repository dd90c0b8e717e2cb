/** Pointwise ops on NaN, infinities, zeros, denormals and the ends of the range: PyTorch's values and gradients. */
import { describe, expect } from 'vitest'
import * as G from '../../src/engine/index.ts'
import { type Tensor, tensor } from '../../src/engine/index.ts'
import { evaluate, gpuTest, valuesOf } from '../harness.ts'
import { agrees, isDenormal, SPECIAL, specialFloats } from './special.ts'

const { abs, exp, log, sign, sqrt } = Math
const INF = Number.POSITIVE_INFINITY
/** C's pow, which JavaScript's differs from where the base is ±1 or NaN. */
const cPow = (x: number, p: number): number =>
  p === 0 || x === 1 || (x === -1 && abs(p) === INF) ? 1 : x ** p
const sigmoid = (x: number): number => (x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)))
const masked = (keep: boolean, dy: number): number => (keep ? dy : 0)
/** Half of a float32 step, in the reference's place where the engine rounds to float32 on the way. */
const f = Math.fround

/** The op, its value, and dy times its slope as PyTorch's derivatives.yaml has it, `y` being the value in float32. */
type Unary = [
  name: string,
  op: (x: Tensor) => Tensor,
  value: (x: number) => number,
  gradient?: (dy: number, x: number, y: number) => number,
]
const UNARY: Unary[] = [
  ['neg', G.neg, (x) => -x, (dy) => -dy],
  ['abs', G.abs, abs, (dy, x) => dy * sign(x)],
  ['sign', G.sign, sign],
  ['square', G.square, (x) => x * x, (dy, x) => f(dy * x) * 2],
  ['sqrt', G.sqrt, sqrt, (dy, _, y) => dy / (2 * y)],
  ['exp', G.exp, exp, (dy, _, y) => dy * y],
  ['log', G.log, log, (dy, x) => dy / x],
  ['tanh', G.tanh, Math.tanh, (dy, _, y) => dy * (1 - y * y)],
  ['sigmoid', G.sigmoid, sigmoid, (dy, _, y) => f(dy * y) * (1 - y)],
  [
    'softplus',
    G.softplus,
    (x) => (x === INF ? INF : Math.max(x, 0) + Math.log1p(exp(-abs(x)))),
    (dy, x) => dy * sigmoid(x),
  ],
  ['relu', G.relu, (x) => (x <= 0 ? 0 : x), (dy, x) => masked(!(x <= 0), dy)],
  [
    'leakyRelu',
    (x) => G.leakyRelu(x, { slope: 0.25 }),
    (x) => (x > 0 ? x : 0.25 * x),
    (dy, x) => (x > 0 ? dy : 0.25 * dy),
  ],
  [
    'leakyRelu of slope 0',
    (x) => G.leakyRelu(x, { slope: 0 }),
    (x) => (x <= 0 ? 0 : x),
    (dy, x) => masked(!(x <= 0), dy),
  ],
  [
    'leakyRelu of a negative slope',
    (x) => G.leakyRelu(x, { slope: -0.5 }),
    (x) => (x > 0 ? x : -0.5 * x),
    (dy, x) => (x > 0 ? dy : -0.5 * dy),
  ],
  [
    'elu',
    (x) => G.elu(x, { alpha: 1.5 }),
    (x) => (x > 0 ? x : 1.5 * Math.expm1(x)),
    // PyTorch lets dy pass where x is NaN; here NaN stays NaN.
    (dy, x, y) => dy * (x > 0 ? 1 : y + 1.5),
  ],
  [
    'clamp',
    (x) => G.clamp(x, { min: -0.5, max: 2 }),
    (x) => Math.min(Math.max(x, -0.5), 2),
    (dy, x) => masked(x >= -0.5 && x <= 2, dy),
  ],
  ['clamp below', (x) => G.clamp(x, { min: 0 }), (x) => Math.max(x, 0), (dy, x) => masked(x >= 0, dy)],
  ['clamp above', (x) => G.clamp(x, { max: 0 }), (x) => Math.min(x, 0), (dy, x) => masked(x <= 0, dy)],
  ...[0, 0.5, 1, 2, 3, -1, -2, INF, -INF].map(
    (p): Unary => [
      `pow ${p}`,
      (x) => G.pow(x, p),
      (x) => cPow(x, p),
      (dy, x) => (p === 0 ? 0 : f(dy * p) * f(cPow(x, p - 1))),
    ],
  ),
]

/** Beyond these sine and cosine are bounded, no more. */
const isAngle = (x: number): boolean => !Number.isFinite(x) || abs(x) < 1e4

const DYS = [1, Number.NaN, INF, -2, 0]

/** Expects `got` to be `f` of the same place's inputs, of which those that are denormal may count as 0. */
function expectAll(
  got: Float32Array,
  inputs: ArrayLike<number>[],
  expected: (...xs: number[]) => number,
  relative?: number,
): void {
  const wrong: string[] = []
  got.forEach((value, i) => {
    const xs = inputs.map((x) => x[i])
    const flushed = xs.map((x) => (isDenormal(x) ? sign(x) * 0 : x))
    const wanted = [expected(...xs), expected(...flushed)]
    if (!wanted.some((each) => agrees(value, each, relative)))
      wrong.push(`f(${xs.join(', ')}) = ${value}, not ${wanted[0]}`)
  })
  expect(wrong).toEqual([])
}

describe('one operand', () => {
  const floats = specialFloats()
  const all: Unary[] = [
    ...UNARY,
    ['sin', G.sin, Math.sin, (dy, x) => dy * Math.cos(x)],
    ['cos', G.cos, Math.cos, (dy, x) => -(dy * Math.sin(x))],
  ]
  for (const [name, op, value, gradient] of all)
    gpuTest(name, async () => {
      const xs = /^(sin|cos)$/.test(name) ? floats.filter(isAngle) : floats
      expectAll(await valuesOf(() => op(tensor(xs))), [xs], value)
      if (!gradient) return
      for (const dy of DYS) {
        const [y, dx] = await evaluate(() => {
          const x = tensor(xs, [xs.length], { requiresGrad: true })
          const y = op(x)
          return [y, ...G.grad(y, [x], { gradOutput: G.full([xs.length], dy) })]
        })
        expectAll(dx.data, [xs, y.data], (x, y) => gradient(dy, x, y))
      }
    })
})

/** The op, its value, and its gradients by both operands, of dy. */
type Binary = [
  name: string,
  op: (a: Tensor, b: Tensor) => Tensor,
  value: (a: number, b: number) => number,
  gradients?: [Slope, Slope],
]
type Slope = (dy: number, a: number, b: number, y: number) => number

const larger = (dy: number, a: number, b: number): number => (a === b ? dy / 2 : a < b ? 0 : dy)
const BINARY: Binary[] = [
  ['add', G.add, (a, b) => a + b, [(dy) => dy, (dy) => dy]],
  ['sub', G.sub, (a, b) => a - b, [(dy) => dy, (dy) => -dy]],
  ['mul', G.mul, (a, b) => a * b, [(dy, _a, b) => dy * b, (dy, a) => dy * a]],
  ['div', G.div, (a, b) => a / b, [(dy, _a, b) => dy / b, (dy, _a, b, y) => -(f(dy * y) / b)]],
  ['maximum', G.maximum, Math.max, [larger, (dy, a, b) => larger(dy, b, a)]],
  ['minimum', G.minimum, Math.min, [(dy, a, b) => larger(dy, -a, -b), (dy, a, b) => larger(dy, -b, -a)]],
  [
    'pow',
    G.pow,
    cPow,
    [
      // PyTorch gives 0 for b = 0 even where a is NaN; here NaN stays NaN.
      (dy, a, b) => f(dy * b) * f(cPow(a, a === 0 && b === 0 ? 1 : f(b - 1))),
      (dy, a, b, y) => ((b === 0 && a >= 0) || (a === 0 && b >= 0) ? dy * 0 : dy * f(y * log(a))),
    ],
  ],
  ['greater', G.greater, (a, b) => Number(a > b)],
  ['less', G.less, (a, b) => Number(a < b)],
  ['equal', G.equal, (a, b) => Number(a === b)],
  [
    'where',
    (a, b) => G.where(a, b, 7),
    (a, b) => (a !== 0 ? b : 7),
    [() => 0, (dy, a) => (a !== 0 ? dy : 0)],
  ],
  ['mulAdd', (a, b) => G.mulAdd(a, b, -1), (a, b) => a * b - 1, [(dy, _a, b) => dy * b, (dy, a) => dy * a]],
]

describe('two operands, every pair', () => {
  const n = SPECIAL.length
  const [as, bs] = [0, 1].map((which) =>
    Float32Array.from({ length: n * n }, (_, i) => SPECIAL[which ? i % n : Math.floor(i / n)]),
  )
  for (const [name, op, value, gradients] of BINARY)
    gpuTest(name, async () => {
      const relative = name === 'pow' ? 1e-4 : undefined
      // Four values at a time, then one by one, broadcast.
      expectAll(await valuesOf(() => op(tensor(as), tensor(bs))), [as, bs], value, relative)
      const column = Float32Array.from(SPECIAL)
      const pairs = () => op(tensor(column, [n, 1]), tensor(column, [1, n]))
      expectAll(await valuesOf(pairs), [as, bs], value, relative)
      // Infinity times a power below the normal numbers is NaN where the adapter takes that for 0.
      const dys = name === 'pow' ? DYS.filter((dy) => dy !== INF) : DYS
      for (const dy of gradients ? dys : []) {
        const [y, da, db] = await evaluate(() => {
          const xs = [as, bs].map((x) => tensor(x, [n * n], { requiresGrad: true }))
          const y = op(xs[0], xs[1])
          return [y, ...G.grad(y, xs, { gradOutput: G.full([n * n], dy) })]
        })
        for (const [k, got] of [da, db].entries())
          expectAll(got.data, [as, bs, y.data], (a, b, y) => gradients?.[k](dy, a, b, y) ?? 0, 1e-4)
      }
    })
})

gpuTest('log is within 4 steps of float32 everywhere', async () => {
  const around = (x: number): number[] => Array.from({ length: 64 }, (_, i) => x * (1 + (i - 32) * 2 ** -23))
  const xs = Float32Array.from([
    ...[1, 0.5, 2, Math.SQRT2, Math.SQRT1_2, Math.E, 1.01, 0.99].flatMap(around),
    ...Array.from({ length: 4096 }, (_, i) => 2 ** ((i - 2048) / 16.5)).filter(
      (x) => f(x) >= 2 ** -126 && f(x) < INF,
    ),
    ...Array.from({ length: 512 }, (_, i) => 1 + (i - 256) / 1024),
  ])
  const got = await valuesOf(() => G.log(tensor(xs)))
  const steps = got.map((y, i) => {
    const exact = log(xs[i])
    const step = 2 ** (Math.floor(Math.log2(abs(exact) || 2 ** -126)) - 23)
    return abs(y - exact) / step
  })
  expect(Math.max(...steps)).toBeLessThanOrEqual(4)
})
