import { describe, expect } from 'vitest'
import * as G from '../../src/engine/index.ts'
import { type Tensor, tensor } from '../../src/engine/index.ts'
import { checkOp, fixed, positive, within } from '../checkOp.ts'
import { evaluate, gpuTest, valuesOf } from '../harness.ts'

describe('one operand', () => {
  for (const name of ['neg', 'abs', 'square', 'exp', 'sin', 'cos', 'tanh', 'sigmoid', 'softplus', 'relu'])
    checkOp(name, [[3, 5]], (o, x) => o[name](x))
  for (const name of ['sqrt', 'log']) checkOp(name, [positive([13])], (o, x) => o[name](x))
  checkOp('sign', [[7]], (o, x) => o.sign(x), { gradients: false })
  checkOp('leakyRelu', [[2, 3, 1, 5]], (o, x) => o.leakyRelu(x, { slope: 0.2 }))
  checkOp('leakyRelu by default', [[7]], (o, x) => o.leakyRelu(x))
  checkOp('elu', [[17]], (o, x) => o.elu(x, { alpha: 1.5 }))
  checkOp('clamp', [within(-0.9, 0.9, [11])], (o, x) => o.clamp(o.mul(x, 1), { min: -0.5, max: 0.3 }))
  checkOp('clamp below only', [[5]], (o, x) => o.clamp(x, { min: 0 }))
  checkOp('a scalar', [[]], (o, x) => o.tanh(x))
})

describe('two operands', () => {
  for (const name of ['add', 'sub', 'mul', 'div', 'maximum', 'minimum']) {
    checkOp(
      `${name}, same shape`,
      [
        [3, 5],
        [3, 5],
      ],
      (o, a, b) => o[name](a, b),
    )
    checkOp(`${name}, a number`, [[7]], (o, a) => o[name](a, 0.07))
  }
  checkOp('pow, positive base', [positive([3, 5]), [5]], (o, a, b) => o.pow(a, b))
  for (const p of [-2, 0.5, 2, 3])
    checkOp(`pow ${p}`, [p === 0.5 ? positive([7]) : [7]], (o, a) => o.pow(a, p))
  for (const name of ['greater', 'less', 'equal']) {
    const values = [fixed([1, 2, 3, -1, 0, 2]), fixed([2, 2, 2, -2, 0, 3])]
    checkOp(name, values, (o, a, b) => o[name](a, b))
    checkOp(`${name} than a number`, [values[0]], (o, a) => o[name](a, 2))
  }
  const condition = fixed([1, 0, 0, -2, 0.5, 0], [2, 3])
  checkOp('where', [condition, [2, 3], [2, 3]], (o, c, a, b) => o.where(c, a, b))
  checkOp('where, wider values', [condition, [5, 1, 3], [1, 1]], (o, c, a, b) => o.where(c, a, b))
  checkOp('where, numbers', [condition, [3]], (o, c, a) => o.add(o.where(c, a, 2), o.where(c, 3, a)))
})

describe('broadcasting', () => {
  const shapes: [number[], number[]][] = [
    [[2, 3, 5], [5]],
    [[5], [2, 3, 5]],
    [
      [3, 1],
      [3, 5],
    ],
    [
      [3, 4],
      [3, 1],
    ],
    [
      [2, 3, 1, 4],
      [2, 1, 5, 4],
    ],
    [
      [2, 1, 1, 7],
      [2, 3, 5, 7],
    ],
    [
      [2, 3, 5, 8],
      [2, 1, 1, 8],
    ],
    [[2, 3, 5, 8], [8]],
    [[], [3, 5]],
    [[4, 3], []],
    [[], []],
    [[1], [1, 1]],
    [
      [1, 1, 3],
      [2, 1],
    ],
    [
      [7, 1, 2, 1, 3],
      [1, 5, 1, 2, 1],
    ],
    [
      [4, 1, 4],
      [1, 4, 1],
    ],
  ]
  for (const [a, b] of shapes) checkOp(`[${a}] * [${b}]`, [a, b], (o, x, y) => o.mul(x, y))
  checkOp(
    'div [N, 1, 1, C]',
    [
      [2, 3, 2, 5],
      [2, 1, 1, 5],
    ],
    (o, x, y) => o.div(x, y),
  )
  checkOp('broadcastTo', [[3, 1]], (o, x) => o.broadcastTo(x, [2, 3, 4]))
})

gpuTest('mulAdd', async () => {
  const [y, ...grads] = await evaluate(() => {
    const xs = [tensor([2, 3], [2, 1], { requiresGrad: true }), tensor([5, 7], [2], { requiresGrad: true })]
    const y = G.mulAdd(xs[0], xs[1], 10)
    return [y, ...G.grad(y, xs)]
  })
  expect([...y.data]).toEqual([20, 24, 25, 31])
  expect(grads.map((g) => [...g.data])).toEqual([
    [12, 12],
    [5, 5],
  ])
})

gpuTest('Tensor methods are the ops', async () => {
  const value = await valuesOf(() => {
    const x = tensor([[1, 2]])
    return x
      .add(1)
      .mul(2)
      .sub(x)
      .div(x)
      .neg()
      .reshape([1, 2])
      .matmul(tensor([[1], [1]]))
      .sum()
      .add(x.mean())
  })
  expect([...value]).toEqual([-3.5])
})

gpuTest('a grid of more than 65,535 workgroups folds over y', async () => {
  // 7 columns are no multiple of 4, so each invocation makes one value.
  const rows = 600_001
  const values = await valuesOf(() => {
    const x = G.broadcastTo(tensor([1, 2, 3, 4, 5, 6, 7]), [rows, 7])
    return G.add(x, G.concat([G.zeros([rows - 1, 1]), G.ones([1, 1])]))
  })
  let wrong = 0
  for (let i = 0; i < values.length; i++) if (values[i] !== (i % 7) + 1 + Number(i >= 7 * (rows - 1))) wrong++
  expect(wrong).toBe(0)
})

describe('finite wherever the mathematics is', () => {
  const ends = [0, 1e-30, 1e-10, 1e-4, 0.3, 0.54, 0.56, 1, 10, 88, 100, 1e4, 3e38].flatMap((x) => [x, -x])
  const sigmoid = (x: number) => (x < 0 ? Math.exp(x) / (1 + Math.exp(x)) : 1 / (1 + Math.exp(-x)))
  const softplus = (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))
  const cases: [string, (x: Tensor) => Tensor, (x: number) => number, number[]][] = [
    ['tanh', G.tanh, Math.tanh, ends],
    ['sigmoid', G.sigmoid, sigmoid, ends],
    ['softplus', G.softplus, softplus, ends],
    ['elu', G.elu, (x) => (x > 0 ? x : Math.expm1(x)), ends],
    ['exp', G.exp, Math.exp, ends],
    ['relu', G.relu, (x) => Math.max(x, 0), ends],
    ['abs', G.abs, Math.abs, ends],
    ['sqrt', G.sqrt, Math.sqrt, ends],
    ['log', G.log, Math.log, [1e-37, 1e-10, 0.5, 1.0001, 3, 3e38]],
    ['sin', G.sin, Math.sin, [...ends.filter((x) => Math.abs(x) < 1e4), 3.14, 999]],
    ['cos', G.cos, Math.cos, [...ends.filter((x) => Math.abs(x) < 1e4), 1.57, 999]],
    ['pow 3', (x) => G.pow(x, 3), (x) => x ** 3, [-3, -1, -1e-5, 0, 1e-5, 2, 1e12]],
    ['pow -3', (x) => G.pow(x, -3), (x) => x ** -3, [-3, -1e-5, 1e-5, 2, 1e12, 0]],
    ['pow 0', (x) => G.pow(x, 0), () => 1, [-3, 0, 2, 3e38]],
    ['pow 2', (x) => G.pow(x, 2), (x) => x * x, [-3, 0, 2, -1e15]],
    ['pow 0.5', (x) => G.pow(x, 0.5), (x) => x ** 0.5, [0, 4, 1e30, -1]],
  ]
  for (const [name, op, f, xs] of cases)
    gpuTest(name, async () => {
      const values = await valuesOf(() => op(tensor(xs)))
      xs.forEach((x, i) => {
        const expected = Math.fround(f(Math.fround(x)))
        // f32 has no more than its range; below 1e-37 adapters may flush to 0.
        if (!Number.isFinite(expected)) expect(values[i], `${name} ${x}`).toBe(expected)
        else
          expect(
            Math.abs(values[i] - expected),
            `${name} ${x} = ${values[i]}, not ${expected}`,
          ).toBeLessThanOrEqual(1e-5 * Math.abs(expected) + 1e-37)
      })
    })

  const smooth: [string, (x: Tensor) => Tensor][] = [
    ['tanh', G.tanh],
    ['sigmoid', G.sigmoid],
    ['softplus', G.softplus],
    ['elu', (x) => G.elu(x)],
    ['relu', G.relu],
    ['sin', G.sin],
    ['cos', G.cos],
    ['pow 2', (x) => G.pow(G.div(x, 1e20), 2)],
    ['pow, an exponent of 0 at 0', (x) => G.pow(G.mul(x, 0), tensor(0, [], { requiresGrad: true }))],
  ]
  for (const [name, op] of smooth)
    gpuTest(`${name}: gradients up to the third`, async () => {
      const all = await evaluate(() => {
        const x = tensor(ends, [ends.length], { requiresGrad: true })
        const first = G.grad(op(x), [x], { createGraph: true })
        const second = G.grad(first[0], [x], { createGraph: true })
        return [...first, ...second, ...G.grad(second[0], [x])]
      })
      for (const { data } of all) expect([...data].every(Number.isFinite), `${[...data]}`).toBe(true)
    })
})
