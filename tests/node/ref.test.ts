import { describe, expect, test } from 'vitest'
import * as R from '../ref/index.ts'

const range = (n: number, from = 0) => Array.from({ length: n }, (_, i) => i + from)

/** Shape exactly, numbers to ten decimals. */
function expectRef(actual: R.Ref, data: number[], shape: number[]) {
  expect(actual.shape).toEqual(shape)
  expect(actual.data.length).toBe(data.length)
  for (let i = 0; i < data.length; i++) expect(actual.data[i]).toBeCloseTo(data[i], 10)
}

describe('shapes and pointwise', () => {
  test('strides are row-major', () => {
    expect(R.strides([2, 3, 4])).toEqual([12, 4, 1])
    expect(R.size([])).toBe(1)
  })

  test('shapes broadcast from the right', () => {
    expect(R.broadcastShapes([2, 1, 3], [4, 1])).toEqual([2, 4, 3])
    expect(() => R.broadcastShapes([2], [3])).toThrow()
  })

  test('a column plus a row is a table', () => {
    expectRef(R.add(R.ref([10, 20], [2, 1]), R.ref([1, 2, 3], [3])), [11, 12, 13, 21, 22, 23], [2, 3])
    expectRef(R.sub(R.ref([1, 2], [2]), 1), [0, 1], [2])
  })

  test('comparisons give 0 and 1, and where chooses by them', () => {
    const x = R.ref([-1, 0, 1], [3])
    expectRef(R.greater(x, 0), [0, 0, 1], [3])
    expectRef(R.where(R.equal(x, 0), 7, x), [-1, 7, 1], [3])
  })

  test('sigmoid and softplus do not overflow', () => {
    const x = R.ref([-1000, 0, 1000], [3])
    expectRef(R.sigmoid(x), [0, 0.5, 1], [3])
    expectRef(R.softplus(x), [0, Math.LN2, 1000], [3])
  })

  test('the leaky ones', () => {
    const x = R.ref([-2, 3], [2])
    expectRef(R.leakyRelu(x, { slope: 0.2 }), [-0.4, 3], [2])
    expectRef(R.elu(x, { alpha: 2 }), [2 * (Math.exp(-2) - 1), 3], [2])
    expectRef(R.clamp(x, { min: -1 }), [-1, 3], [2])
  })
})

describe('matmul', () => {
  const a = R.ref([1, 2, 3, 4, 5, 6], [2, 3])
  const b = R.ref([1, 0, 0, 1, 1, 1], [3, 2])

  test('by hand, plain and transposed', () => {
    expectRef(R.matmul(a, b), [4, 5, 10, 11], [2, 2])
    expectRef(R.matmul(R.permute(a, [1, 0]), b, { transposeA: true }), [4, 5, 10, 11], [2, 2])
    expectRef(R.matmul(a, R.permute(b, [1, 0]), { transposeB: true }), [4, 5, 10, 11], [2, 2])
  })

  test('a 2-D operand serves every batch', () => {
    const batch = R.concat([R.reshape(a, [1, 2, 3]), R.reshape(R.neg(a), [1, 2, 3])], { axis: 0 })
    expectRef(R.matmul(batch, b), [4, 5, 10, 11, -4, -5, -10, -11], [2, 2, 2])
  })

  test('linear adds its bias', () => {
    expectRef(R.linear(a, b, R.ref([100, 200], [2])), [104, 205, 110, 211], [2, 2])
  })
})

describe('convolutions', () => {
  const x = R.ref(range(9, 1), [1, 3, 3, 1])
  const w = R.ref([1, 2, 3, 4], [2, 2, 1, 1])

  test('conv2d 2x2 does not flip its kernel', () => {
    // 1·1 + 2·2 + 4·3 + 5·4 = 37, and each step right or down adds 10 or 30
    expectRef(R.conv2d(x, w), [37, 47, 67, 77], [1, 2, 2, 1])
    expectRef(R.conv2d(x, w, { stride: 2, bias: R.ref([5], [1]) }), [42], [1, 1, 1, 1])
  })

  test('conv2d pads with zeros, by sides', () => {
    expectRef(R.conv2d(x, w, { stride: 2, padding: [1, 0, 1, 0] }), [4, 18, 36, 77], [1, 2, 2, 1])
  })

  test('conv2d mixes channels by [cin, cout]', () => {
    const pixel = R.ref([1, 2], [1, 1, 1, 2])
    expectRef(R.conv2d(pixel, R.ref(range(6, 1), [1, 1, 2, 3])), [9, 12, 15], [1, 1, 1, 3])
    expectRef(R.convTranspose2d(pixel, R.ref(range(6, 1), [1, 1, 3, 2])), [5, 11, 17], [1, 1, 1, 3])
  })

  test('convTranspose2d 1x1 of stride 2 spreads pixels apart', () => {
    const y = R.convTranspose2d(R.ref([1, 2, 3, 4], [1, 2, 2, 1]), R.ref([10], [1, 1, 1, 1]), { stride: 2 })
    expectRef(y, [10, 0, 20, 0, 0, 0, 30, 0, 40], [1, 3, 3, 1])
  })

  test('the three are adjoint: <conv(x,w), dy> = <x, convT(dy,w)> = <w, weightGrad(x,dy)>', () => {
    const big = R.fill([2, 7, 6, 3], ([n, h, v, c]) => Math.sin(1 + n + 2 * h + 3 * v + 5 * c))
    const kernel = R.fill([3, 2, 3, 4], ([h, v, i, o]) => Math.cos(h + 2 * v + 3 * i + 4 * o))
    const at = { stride: [2, 3], padding: [1, 0, 2, 1] } satisfies R.ConvOptions
    const y = R.conv2d(big, kernel, at)
    const dy = R.fill(y.shape, ([n, h, v, c]) => Math.sin(n + h * v + c))
    const dot = (a: R.Ref, b: R.Ref) => R.sum(R.mul(a, b)).data[0]
    // (7 + 1 - 3) % 2 = 1 row and (6 + 3 - 2) % 3 = 1 column are not reached by any window
    const dx = R.convTranspose2d(dy, kernel, { ...at, outputPadding: 1 })
    expect(dx.shape).toEqual(big.shape)
    expect(dot(big, dx)).toBeCloseTo(dot(y, dy), 10)
    expect(dot(kernel, R.conv2dWeightGrad(big, dy, { ...at, kernel: [3, 2] }))).toBeCloseTo(dot(y, dy), 10)
  })
})

describe('reduce and norm', () => {
  const x = R.ref([1, 2, 3, 4, 5, 6], [2, 3])

  test('sums, means and maxima over chosen axes', () => {
    expectRef(R.sum(x), [21], [])
    expectRef(R.sum(x, { axes: [0] }), [5, 7, 9], [3])
    expectRef(R.mean(x, { axes: [-1], keepDims: true }), [2, 5], [2, 1])
    expectRef(R.max(x, { axes: [1] }), [3, 6], [2])
  })

  test('variance is biased unless corrected', () => {
    expectRef(R.variance(x, { axes: [1] }), [2 / 3, 2 / 3], [2])
    expectRef(R.variance(x, { axes: [1], correction: 1 }), [1, 1], [2])
  })

  test('logSumExp and softmax survive large numbers', () => {
    const big = R.ref([1000, 1000], [2])
    expectRef(R.logSumExp(big), [1000 + Math.LN2], [])
    expectRef(R.softmax(big), [0.5, 0.5], [2])
  })

  test('batch, layer and pixel norm differ in their axes', () => {
    const y = R.ref([1, 10, 3, 30], [2, 2])
    const one = R.ref([1, 1], [2])
    const zero = R.ref([0, 0], [2])
    expectRef(R.batchNorm(y, one, zero, { eps: 0 }), [-1, -1, 1, 1], [2, 2])
    expectRef(R.layerNorm(y, one, zero, { eps: 0 }), [-1, 1, -1, 1], [2, 2])
    expectRef(
      R.pixelNorm(R.ref([3, 4], [1, 2]), { eps: 0 }),
      [3 / Math.sqrt(12.5), 4 / Math.sqrt(12.5)],
      [1, 2],
    )
  })

  test('adain scales and shifts each image by its own style', () => {
    const images = R.ref([0, 2, 10, 30], [2, 1, 2, 1])
    const y = R.adain(images, R.ref([3, 5], [2, 1]), R.ref([1, 2], [2, 1]), { eps: 0 })
    expectRef(y, [-2, 4, -3, 7], [2, 1, 2, 1])
  })
})

describe('movement', () => {
  const x = R.ref(range(6), [2, 3])

  test('permute, concat, slice', () => {
    expectRef(R.permute(x, [1, 0]), [0, 3, 1, 4, 2, 5], [3, 2])
    expectRef(R.concat([x, R.ref([8, 9], [2, 1])], { axis: 1 }), [0, 1, 2, 8, 3, 4, 5, 9], [2, 4])
    expectRef(R.slice(x, { start: [0, 1], end: [2, 3] }), [1, 2, 4, 5], [2, 2])
    expectRef(R.slice(x, { start: [-1, 0], end: [2, -1] }), [3, 4], [1, 2])
  })

  test('pad with zeros or a reflection', () => {
    const row = R.ref([1, 2, 3], [3])
    expectRef(R.pad(row, { padding: [[1, 2]] }), [0, 1, 2, 3, 0, 0], [6])
    expectRef(R.pad(row, { padding: [[2, 2]], mode: 'reflect' }), [3, 2, 1, 2, 3, 2, 1], [7])
    expect(() => R.pad(row, { padding: [[3, 0]], mode: 'reflect' })).toThrow()
  })

  test('gather takes rows, scatterAdd returns them', () => {
    const indices = R.ref([1, 0, 1], [3])
    expectRef(R.gather(x, indices), [3, 4, 5, 0, 1, 2, 3, 4, 5], [3, 3])
    expectRef(R.scatterAdd(R.ref([1, 10, 100], [3, 1]), indices, 3), [10, 101, 0], [3, 1])
    expectRef(R.oneHot(indices, { depth: 2 }), [0, 1, 1, 0, 0, 1], [3, 2])
    expect(() => R.gather(x, R.ref([2], [1]))).toThrow()
  })

  test('pixelShuffle takes channel c r² + ry r + rx', () => {
    expectRef(
      R.pixelShuffle(R.ref(range(8), [1, 1, 1, 8]), { factor: 2 }),
      [0, 4, 1, 5, 2, 6, 3, 7],
      [1, 2, 2, 2],
    )
  })
})

describe('resample', () => {
  test('upsample2d, nearest and bilinear', () => {
    const x = R.ref([0, 4], [1, 1, 2, 1])
    expectRef(R.upsample2d(x, { scale: 2 }), [0, 0, 4, 4, 0, 0, 4, 4], [1, 2, 4, 1])
    expectRef(R.upsample2d(x, { scale: [1, 2], mode: 'bilinear' }), [0, 1, 3, 4], [1, 1, 4, 1])
  })

  test('pools, with padding', () => {
    const x = R.ref([-1, -2, -3, -4], [1, 2, 2, 1])
    expectRef(R.avgPool2d(x, { kernel: 2 }), [-2.5], [1, 1, 1, 1])
    expectRef(R.maxPool2d(x, { kernel: 2 }), [-1], [1, 1, 1, 1])
    expectRef(R.avgPool2d(x, { kernel: 2, padding: 1 }), [-0.25, -0.5, -0.75, -1], [1, 2, 2, 1])
    expectRef(R.maxPool2d(x, { kernel: 2, padding: 1 }), [-1, -2, -3, -4], [1, 2, 2, 1])
  })
})

describe('optim', () => {
  test('sgd with momentum, twice', () => {
    const p = Float64Array.of(1)
    const v = Float64Array.of(0)
    R.sgd(p, [2], v, { lr: 0.1, momentum: 0.5 })
    expect(p[0]).toBeCloseTo(0.8, 12)
    R.sgd(p, [2], v, { lr: 0.1, momentum: 0.5 })
    expect(p[0]).toBeCloseTo(0.5, 12)
  })

  test("rmsprop's first step is lr / √(1 - alpha)", () => {
    const p = Float64Array.of(1)
    R.rmsprop(p, [-3], Float64Array.of(0), { lr: 0.01, alpha: 0.99, eps: 0 })
    expect(p[0]).toBeCloseTo(1.1, 12)
  })

  test("adam's first step is lr, whatever the gradient", () => {
    const p = Float64Array.of(1, 1)
    R.adam(p, [5, -0.01], new Float64Array(2), new Float64Array(2), { lr: 0.1, step: 1, eps: 0 })
    expect(p[0]).toBeCloseTo(0.9, 12)
    expect(p[1]).toBeCloseTo(1.1, 12)
  })
})

describe('random', () => {
  const hex = (words: number[]) => words.map((word) => word.toString(16).padStart(8, '0')).join(' ')

  test("Philox gives Random123's known answers", () => {
    const ones = 0xffffffff
    expect(hex(R.philox4x32_10([0, 0, 0, 0], [0, 0]))).toBe('6627e8d5 e169c58d bc57ac4c 9b00dbd8')
    expect(hex(R.philox4x32_10([ones, ones, ones, ones], [ones, ones]))).toBe(
      '408f276d 41c83b0e a20bc7c6 6d5451fd',
    )
    const pi = R.philox4x32_10([0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344], [0xa4093822, 0x299f31d0])
    expect(hex(pi)).toBe('d16cfe09 94fdcceb 5001e420 24126ea1')
  })

  const uniform = range(2500).flatMap((i) =>
    R.philox4x32_10([i, 0, 0, 0], [1, 2]).map((word) => word / 2 ** 32),
  )

  test('Philox looks uniform, and the test would notice if it did not', () => {
    expect(R.ksUniform(uniform).pValue).toBeGreaterThan(0.01)
    expect(R.ksUniform(uniform.map((u) => u ** 1.1)).pValue).toBeLessThan(1e-6)
    expect(R.ksUniform([...uniform, Number.NaN]).pValue).toBeNaN()
  })

  test('Box-Muller of Philox looks normal', () => {
    const half = uniform.length / 2
    const normal = range(half).map(
      (i) => Math.sqrt(-2 * Math.log(1 - uniform[i])) * Math.cos(2 * Math.PI * uniform[i + half]),
    )
    expect(R.ksNormal(normal).pValue).toBeGreaterThan(0.01)
    expect(R.ksNormal(normal.map((z) => z + 0.1)).pValue).toBeLessThan(1e-6)
    expect(Math.abs(R.moments(normal).kurtosis)).toBeLessThan(0.3)
  })

  test('moments by hand', () => {
    const { mean, variance, skew, kurtosis } = R.moments([0, 0, 0, 4])
    expect([mean, variance]).toEqual([1, 3])
    expect(skew).toBeCloseTo(2 / Math.sqrt(3), 12)
    expect(kurtosis).toBeCloseTo(7 / 3 - 3, 12)
  })
})

describe('gradient', () => {
  test('directionalDerivative of Σ a² b', () => {
    const f = ([a, b]: R.Ref[]) => R.sum(R.mul(R.square(a), b)).data[0]
    const inputs = [R.ref([1, 2], [2]), R.ref([3, 5], [2])]
    const directions = [R.ref([1, -1], [2]), R.ref([0.5, 2], [2])]
    // Σ 2ab da + a² db = (6 - 20) + (0.5 + 8)
    expect(R.directionalDerivative(f, inputs, directions)).toBeCloseTo(-5.5, 7)
  })

  test('relativeError is loud', () => {
    expect(R.relativeError([3, 4.5], [3, 4])).toBeCloseTo(0.1, 12)
    expect(R.relativeError([0, 0], [0, 0])).toBe(0)
    expect(R.relativeError([1], [1, 2])).toBe(Infinity)
    expect(R.relativeError([Number.NaN], [1])).toBe(Infinity)
    expect(R.relativeError([1], [Number.NaN])).toBe(Infinity)
    expect(R.relativeError([Infinity, 1], [Infinity, 1])).toBe(0)
  })
})

describe('gradients of norms', () => {
  const random = (shape: number[], seed: number) =>
    R.ref(
      range(R.size(shape)).map((i) => Math.sin(1 + 3.7 * i + seed) + 0.3 * Math.cos(i * i + seed)),
      shape,
    )
  const dot = (a: R.Ref, b: R.Ref) => a.data.reduce((total, x, i) => total + x * b.data[i], 0)

  /** `gradients` of <f(inputs), dy> against difference quotients, an input at a time. */
  function expectGradients(f: (...inputs: R.Ref[]) => R.Ref, inputs: R.Ref[], dy: R.Ref, gradients: R.Ref[]) {
    inputs.forEach((x, k) => {
      const along = inputs.map((y, i) => (i === k ? random(y.shape, 9) : R.zeros(y.shape)))
      const slope = R.directionalDerivative((at) => dot(f(...at), dy), inputs, along)
      expect(gradients[k].shape).toEqual(x.shape)
      expect(dot(gradients[k], along[k])).toBeCloseTo(slope, 6)
    })
  }

  test('batchNorm', () => {
    const [x, g, b, dy] = [random([3, 2, 2, 4], 0), random([4], 1), random([4], 2), random([3, 2, 2, 4], 3)]
    expectGradients((x, g, b) => R.batchNorm(x, g, b), [x, g, b], dy, R.batchNormBackward(x, g, dy))
  })

  test('adain', () => {
    const [x, s, b, dy] = [
      random([2, 3, 2, 3], 0),
      random([2, 3], 1),
      random([2, 3], 2),
      random([2, 3, 2, 3], 3),
    ]
    expectGradients((x, s, b) => R.adain(x, s, b), [x, s, b], dy, R.adainBackward(x, s, dy))
  })

  test('styleLayer', () => {
    const [x, noise, dy] = [random([2, 3, 2, 3], 0), random([1, 3, 2, 1], 1), random([2, 3, 2, 3], 2)]
    const [scale, bias, style] = [random([3], 3), random([3], 4), random([2, 6], 5)]
    expectGradients(
      (x, scale, bias, style) => R.styleLayer(x, noise, scale, bias, style),
      [x, scale, bias, style],
      dy,
      R.styleLayerBackward(x, noise, scale, bias, style, dy),
    )
  })
})
