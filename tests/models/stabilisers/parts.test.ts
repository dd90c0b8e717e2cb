/** Each part of the stabilisers against its formula in float64, and by its gradient where that is more than its ops'. */
import { describe, expect } from 'vitest'
import * as G from '../../../src/engine/index.ts'
import { grad, nn, scope, type Tensor, tensor } from '../../../src/engine/index.ts'
import type { PointField } from '../../../src/models/data/fields.ts'
import { MinibatchDeviation, MinibatchDiscrimination } from '../../../src/models/nets/minibatch.ts'
import { leastSquares, nonSaturating } from '../../../src/models/training/losses.ts'
import { augmented } from '../../../src/models/training/stabilisers/augment.ts'
import { noisy, packed, packedField } from '../../../src/models/training/stabilisers/input.ts'
import { StabilisedJudge } from '../../../src/models/training/stabilisers/judge.ts'
import {
  around,
  between,
  gradientPenalty,
  orthogonality,
} from '../../../src/models/training/stabilisers/penalties.ts'
import { Replay } from '../../../src/models/training/stabilisers/replay.ts'
import { withTargets } from '../../../src/models/training/stabilisers/targets.ts'
import { WeightNorm } from '../../../src/models/training/stabilisers/weights.ts'
import { evaluate, expectClose, gpuTest, normalFrom, randomOf, valuesOf } from '../../harness.ts'

const normals = (name: string, count: number): number[] => {
  const random = randomOf(name)
  return Array.from({ length: count }, () => Math.fround(normalFrom(random)))
}
const meanOf = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((a, b) => a + b) / values.length
const deviation = (values: ArrayLike<number>): number =>
  Math.sqrt(meanOf(Array.from(values, (v) => (v - meanOf(values)) ** 2)))
/** Of points anywhere. */
const points = (dims: number, unit: number): PointField => ({ kind: 'points', dims, unit, toy: 'ring' })
const disposeAll = (model: object): void => {
  for (const t of Object.values(nn.stateDict(model))) t.dispose()
}

describe('penalties', () => {
  gpuTest('points between are on the lines, those around as far as is said', async () => {
    const [line, real, near] = await evaluate(() => {
      G.seed(1)
      const x = G.mul(G.randn([512, 4]), 3)
      return [between(G.ones([200, 2]), G.zeros([200, 2])), x, G.sub(around(x, 0.25), x)]
    })
    for (let n = 0; n < 200; n++) expect(line.data[2 * n]).toBe(line.data[2 * n + 1])
    expect(Math.min(...line.data)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...line.data)).toBeLessThan(1)
    expect(deviation(line.data)).toBeCloseTo(1 / Math.sqrt(12), 1)
    // four standard errors of a standard deviation of 2,048 values
    expect(Math.abs(deviation(near.data) / (0.25 * deviation(real.data)) - 1)).toBeLessThan(
      4 / Math.sqrt(4096),
    )
  })

  gpuTest("a pack's gradient is one", async () => {
    const w = tensor([3, 4, 0, 0], [4, 1]) // of packs of two points; length 5
    const D = { forward: (x: Tensor) => G.matmul(packed(x, { pack: 2 }), w) }
    const [value] = await valuesOf(() => gradientPenalty(D, G.randn([6, 2]), 2))
    expect(value).toBeCloseTo(16, 4)
    w.dispose()
  })

  /** ‖WᵀW - I‖² and without the diagonal, of columns. */
  function forms(columns: number[][]): [number, number] {
    let [all, off] = [0, 0]
    columns.forEach((a, i) => {
      columns.forEach((b, j) => {
        const dot = a.reduce((s, v, k) => s + v * b[k], 0)
        all += (dot - (i === j ? 1 : 0)) ** 2
        off += i === j ? 0 : dot ** 2
      })
    })
    return [all, off]
  }
  const layers: [
    string,
    () => nn.Layer & { weight: Tensor },
    (i: number, o: number) => number,
    number,
    number,
  ][] = [
    ['dense', () => new nn.Linear(6, 4), (i, o) => i * 4 + o, 6, 4],
    ['conv', () => new nn.Conv2d(3, 4, 2), (i, o) => i * 4 + o, 12, 4],
    // [kh, kw, cout, cin]
    [
      'transposed conv',
      () => new nn.ConvTranspose2d(3, 4, 2),
      (i, o) => Math.floor(i / 3) * 12 + o * 3 + (i % 3),
      12,
      4,
    ],
  ]
  for (const [name, make, at, inputs, outputs] of layers)
    gpuTest(`orthogonality of a ${name} layer: both forms, and the first one's gradient`, async () => {
      const layer = make()
      const values = normals(name, inputs * outputs)
      layer.weight.write(values)
      const columns = Array.from({ length: outputs }, (_, o) =>
        Array.from({ length: inputs }, (_, i) => values[at(i, o)]),
      )
      const [all, off, dW] = await evaluate(() => {
        const penalty = orthogonality(layer)
        return [penalty, orthogonality(layer, { offDiagonal: true }), ...grad(penalty, [layer.weight])]
      })
      const [a, o] = forms(columns)
      expectClose(all.data, [a], 1e-5, 'with the diagonal')
      expectClose(off.data, [o], 1e-5, 'without')
      // 4 W (WᵀW - I)
      const expected = new Float64Array(values.length)
      columns.forEach((b, j) => {
        columns.forEach((c, k) => {
          const dot = b.reduce((s, v, i) => s + v * c[i], 0) - (j === k ? 1 : 0)
          for (let i = 0; i < inputs; i++) expected[at(i, j)] += 4 * c[i] * dot
        })
      })
      expectClose(dW.data, expected, 1e-5, 'of the gradient')
      disposeAll(layer)
    })
})

describe('weight norm', () => {
  gpuTest(
    'w = g v / ‖v‖ for each output: at first v, then what g and v say; gradients as of the paper',
    async () => {
      const net = { dense: new nn.Linear(3, 2), conv: new nn.Conv2d(2, 2, 2) }
      const norm = new WeightNorm(net)
      const c = normals('cotangent', 6)
      const [atFirst, later, dg, dv] = await evaluate(() => {
        const first = norm.weights().get(net.dense.weight) as Tensor
        const before = G.add(G.sub(first, net.dense.weight), 0)
        norm.gains[0].write([2, 5])
        const w = norm.weights().get(net.dense.weight) as Tensor
        return [before, w, ...grad(G.mul(w, tensor(c, [3, 2])), [norm.gains[0], net.dense.weight])]
      })
      for (const difference of atFirst.data) expect(Math.abs(difference)).toBeLessThan(1e-6)
      const v = await net.dense.weight.data()
      for (const [o, g] of [2, 5].entries()) {
        const column = [0, 1, 2].map((i) => v[2 * i + o])
        const length = Math.hypot(...column)
        const slope = column.reduce((s, x, i) => s + (c[2 * i + o] * x) / length, 0) // ∇_g L = ∇_w L · v / ‖v‖
        expect(dg.data[o]).toBeCloseTo(slope, 4)
        column.forEach((x, i) => {
          expect(later.data[2 * i + o]).toBeCloseTo((g * x) / length, 5)
          // ∇_v L = g / ‖v‖ ∇_w L - g ∇_g L / ‖v‖² v
          expect(dv.data[2 * i + o]).toBeCloseTo(
            (g / length) * c[2 * i + o] - ((g * slope) / length ** 2) * x,
            3,
          )
        })
      }
      expect(norm.gains[1].shape).toEqual([1, 1, 1, 2])
      disposeAll(net)
      disposeAll(norm.gains)
    },
  )
})

describe('spectral norm', () => {
  gpuTest('D computes with W / σ(W), and being asked for its opinion moves nothing', async () => {
    const net = new nn.Sequential(new nn.Linear(3, 3, { bias: false }), new nn.Linear(3, 1, { bias: false }))
    const [first, second] = net.layers as nn.Linear[]
    first.weight.write([3, 0, 0, 0, 2, 0, 0, 0, 1]) // σ = 3
    second.weight.write([2, 3, 6]) // σ = 7
    const D = new StabilisedJudge(net, points(3, 1), { spectral: 1 })
    const state = D.state as object
    const u = () => Promise.all(Object.values(nn.stateDict(state)).map((t) => t.data()))
    const pass = (f: (x: Tensor) => Tensor) => valuesOf(() => f(tensor([1, 1, 1], [1, 3])))
    for (let n = 0; n < 30; n++) await pass((x) => D.onReal(x))
    const before = await u()
    expect(before.length).toBe(2)
    const [logit] = await pass((x) => D.judge(x))
    expect(logit).toBeCloseTo((1 * 2 + (2 / 3) * 3 + (1 / 3) * 6) / 7, 4)
    expect(await u()).toEqual(before)
    first.weight.write([1, 0, 0, 0, 2, 0, 0, 0, 3])
    await pass((x) => D.judge(x))
    expect(await u()).toEqual(before)
    await pass((x) => D.onReal(x))
    expect(await u()).not.toEqual(before)
    disposeAll(net)
    disposeAll(state)
  })
})

describe('targets', () => {
  const [real, fake] = [normals('real', 400), normals('fake', 400)]
  const softplus = (a: number): number => Math.log1p(Math.exp(a))
  const entropy = (a: number, t: number): number => softplus(a) - t * a
  const column = (values: number[]): Tensor => tensor(values, [values.length, 1])

  gpuTest('smooth: the cross-entropy with α for real samples alone, or least squares', async () => {
    const [logistic, squares] = await evaluate(() =>
      [nonSaturating, leastSquares].map((loss) =>
        withTargets(loss, { smooth: 0.9 }).discriminator(column(real), column(fake)),
      ),
    )
    expect(logistic.data[0]).toBeCloseTo(
      meanOf(real.map((a) => entropy(a, 0.9))) + meanOf(fake.map((a) => entropy(a, 0))),
      5,
    )
    expect(squares.data[0]).toBeCloseTo(
      (meanOf(real.map((a) => (a - 0.9) ** 2)) + meanOf(fake.map((a) => a ** 2))) / 2,
      5,
    )
  })

  /** The targets that a loss had, from its gradient: N (σ(a) - dL/da). */
  async function targetsOf(settings: { soft?: number; flip?: number; smooth?: number }): Promise<number[][]> {
    const grads = await evaluate(() => {
      G.seed(3)
      const logits = [real, fake].map((values) => {
        const t = column(values)
        t.requiresGrad = true
        return t
      })
      return grad(withTargets(nonSaturating, settings).discriminator(logits[0], logits[1]), logits)
    })
    return [real, fake].map((values, k) =>
      values.map((a, i) => 1 / (1 + Math.exp(-a)) - values.length * grads[k].data[i]),
    )
  }

  gpuTest('soft: uniform within w of 1 and of 0, each sample its own', async () => {
    const [ones, zeros] = await targetsOf({ soft: 0.3 })
    for (const [targets, low] of [
      [ones, 0.7],
      [zeros, 0],
    ] as const) {
      expect(Math.min(...targets)).toBeGreaterThan(low - 1e-4)
      expect(Math.max(...targets)).toBeLessThan(low + 0.3 + 1e-4)
      // four standard errors of a mean and of a standard deviation
      expect(Math.abs(meanOf(targets) - low - 0.15)).toBeLessThan((4 * 0.3) / Math.sqrt(12 * 400))
      expect(deviation(targets)).toBeCloseTo(0.3 / Math.sqrt(12), 1)
    }
  })

  gpuTest("flip: a share p has the other kind's target, also a smoothed one", async () => {
    const [ones, zeros] = await targetsOf({ flip: 0.2, smooth: 0.9 })
    for (const [targets, own, other] of [
      [ones, 0.9, 0],
      [zeros, 0, 0.9],
    ] as const) {
      const flipped = targets.filter((t) => Math.abs(t - other) < 1e-4).length
      expect(targets.filter((t) => Math.abs(t - own) < 1e-4).length).toBe(400 - flipped)
      expect(Math.abs(flipped / 400 - 0.2)).toBeLessThan(4 * Math.sqrt((0.2 * 0.8) / 400))
    }
  })

  gpuTest('nothing asked for, or no targets to change: the loss itself', () => {
    expect(withTargets(nonSaturating, {})).toBe(nonSaturating)
  })
})

describe('input', () => {
  gpuTest('noise falls evenly to 0 by the step, in the unit of points, also in a recorded step', async () => {
    let step = 0
    const settings = { noise: 0.5, 'noise-steps': 4 }
    G.seed(2)
    const take = G.capture(() => noisy(G.zeros([1024, 2]), points(2, 4), settings, () => step))
    for (; step < 6; step++) {
      const expected = 0.5 * 4 * Math.max(0, 1 - step / 4)
      const values = await take().data()
      // four standard errors of a standard deviation of 2,048 values
      expect(Math.abs(deviation(values) - expected)).toBeLessThanOrEqual((4 * expected) / Math.sqrt(4096))
    }
    take.dispose()
  })

  gpuTest('packs: points end to end, images on top of each other', async () => {
    const [pairs, images] = await evaluate(() => [
      packed(tensor([1, 2, 3, 4, 5, 6, 7, 8], [4, 2]), { pack: 2 }),
      packed(
        tensor(
          Array.from({ length: 16 }, (_, i) => i),
          [4, 1, 2, 2],
        ),
        { pack: 2 },
      ),
    ])
    expect(pairs.shape).toEqual([2, 4])
    expect([...pairs.data]).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    expect(images.shape).toEqual([2, 1, 2, 4])
    expect([...images.data]).toEqual([0, 1, 4, 5, 2, 3, 6, 7, 8, 9, 12, 13, 10, 11, 14, 15])
    expect(packedField({ kind: 'image', size: 8, channels: 3 }, { pack: 2 })).toEqual({
      kind: 'image',
      size: 8,
      channels: 6,
    })
    expect(packedField(points(2, 4), { pack: 3 })).toEqual(points(6, 4))
  })
})

describe('DiffAugment', () => {
  const SHAPE = [64, 8, 8, 3]
  const changed = (settings: Parameters<typeof augmented>[1]) =>
    evaluate(() => {
      G.seed(5)
      const x = G.uniform(SHAPE, { min: -1, max: 1 })
      x.requiresGrad = true
      const y = augmented(x, settings)
      return [x, y, ...grad(y, [x])]
    })

  gpuTest(
    'cutout: a square of zeros in each image, its own, cut at the edges; no gradient there',
    async () => {
      const [x, y, dx] = await changed({ cutout: 0.5 })
      const places = new Set<string>()
      for (let n = 0; n < 64; n++) {
        const cut = Array.from({ length: 64 }, (_, p) =>
          [0, 1, 2].every((c) => y.data[(n * 64 + p) * 3 + c] === 0),
        )
        const rows = [...cut.keys()].filter((p) => cut[p]).map((p) => Math.floor(p / 8))
        const columns = [...cut.keys()].filter((p) => cut[p]).map((p) => p % 8)
        const [top, left] = [Math.min(...rows), Math.min(...columns)]
        const [height, width] = [Math.max(...rows) - top + 1, Math.max(...columns) - left + 1]
        expect(rows.length).toBe(height * width)
        for (const [from, size] of [
          [top, height],
          [left, width],
        ])
          expect(
            size === 4 || (size >= 2 && size < 4 && (from === 0 || from + size === 8)),
            `${from} ${size}`,
          ).toBe(true)
        places.add(`${top} ${left}`)
      }
      expect(places.size).toBeGreaterThan(20)
      y.data.forEach((v, i) => {
        expect(v === 0 || v === x.data[i]).toBe(true)
        expect(dx.data[i]).toBe(v === 0 ? 0 : 1)
      })
    },
  )

  gpuTest('translation: each image moved by whole pixels of its own, at most so far', async () => {
    const [x, y] = await changed({ translation: 0.25 })
    const at = (values: Float32Array, n: number, h: number, w: number): number =>
      h < 0 || w < 0 || h > 7 || w > 7 ? 0 : values[((n * 8 + h) * 8 + w) * 3]
    const shifts = Array.from({ length: 64 }, (_, n) => {
      for (let dy = -2; dy <= 2; dy++)
        for (let dx = -2; dx <= 2; dx++)
          if (
            Array.from({ length: 64 }, (_, p) => [p >> 3, p & 7]).every(
              ([h, w]) => at(y.data, n, h, w) === at(x.data, n, h + dy, w + dx),
            )
          )
            return `${dy} ${dx}`
      throw new Error(`image ${n} is none of those moved`)
    })
    expect(new Set(shifts).size).toBeGreaterThan(12)
  })

  gpuTest(
    'color: brightness moves, saturation and contrast stretch, each image by its own numbers',
    async () => {
      const [x, y, dx] = await changed({ color: 1 })
      const contrasts: number[] = []
      for (let n = 0; n < 64; n++) {
        const [a, b] = [x, y].map(({ data }) => data.subarray(n * 192, (n + 1) * 192))
        // What stays: a pixel's channels around its grey are stretched by saturation times contrast, greys by contrast.
        const greys = [a, b].map((image) =>
          Array.from({ length: 64 }, (_, p) => meanOf(image.subarray(3 * p, 3 * p + 3))),
        )
        const contrast = (greys[1][0] - greys[1][1]) / (greys[0][0] - greys[0][1])
        const chroma = (b[0] - greys[1][0]) / (a[0] - greys[0][0])
        const brightness = meanOf(b) - meanOf(a)
        for (let p = 0; p < 64; p++)
          for (let c = 0; c < 3; c++)
            expect(b[3 * p + c]).toBeCloseTo(
              meanOf(a) +
                brightness +
                contrast * (greys[0][p] - meanOf(a)) +
                chroma * (a[3 * p + c] - greys[0][p]),
              3,
            )
        expect(Math.abs(brightness)).toBeLessThanOrEqual(0.5 + 1e-3)
        expect(contrast).toBeGreaterThan(0.49)
        expect(contrast).toBeLessThan(1.51)
        expect(chroma / contrast).toBeGreaterThan(-0.01)
        expect(chroma / contrast).toBeLessThan(2.01)
        contrasts.push(contrast)
        // Brightness moves all, and stretching is about a mean: the sum's gradient is 1 everywhere.
        for (const g of dx.data.subarray(n * 192, (n + 1) * 192)) expect(g).toBeCloseTo(1, 4)
      }
      expect(deviation(contrasts)).toBeGreaterThan(0.2)
    },
  )
})

describe('features of the minibatch', () => {
  gpuTest('minibatch discrimination: o(x_i)_b = Σ_j exp(-‖M_ib - M_jb‖₁)', async () => {
    const layer = new MinibatchDiscrimination(3, 2)
    const [h, T] = [normals('h', 12), normals('T', 30)]
    layer.T.write(T)
    const [o] = await evaluate(() => [layer.forward(tensor(h, [4, 3]))])
    const M = (i: number, b: number, c: number): number =>
      [0, 1, 2].reduce((s, k) => s + h[3 * i + k] * T[10 * k + 5 * b + c], 0)
    const expected = Array.from({ length: 8 }, (_, at) => {
      const [i, b] = [at >> 1, at & 1]
      return [0, 1, 2, 3].reduce(
        (s, j) => s + Math.exp(-[0, 1, 2, 3, 4].reduce((d, c) => d + Math.abs(M(i, b, c) - M(j, b, c)), 0)),
        0,
      )
    })
    expect(o.shape).toEqual([4, 2])
    expectClose(o.data, expected, 1e-5)
    disposeAll(layer)
  })

  gpuTest('minibatch deviation: of each group, averaged over the features', async () => {
    const h = normals('deviation', 12)
    const [o] = await evaluate(() => [new MinibatchDeviation(2).forward(tensor(h, [4, 3]))])
    // Groups are made of samples that lie N / group apart.
    const of = (i: number): number =>
      meanOf([0, 1, 2].map((f) => deviation([h[3 * i + f], h[3 * (i + 2) + f]])))
    expect(o.shape).toEqual([4, 1])
    expectClose(o.data, [of(0), of(1), of(0), of(1)], 1e-5)
  })
})

describe('replay', () => {
  gpuTest('the newest samples stay; half of a batch is of the past, once there is one', async () => {
    const pool = new Replay(6, [1])
    const step = async (batch: number[]): Promise<{ mixed: number[]; kept: number[]; filled: number }> => {
      const mixed = await valuesOf(() => pool.mix(tensor(batch, [4, 1])))
      const [kept, filled] = await Promise.all([pool.samples.data(), pool.filled.data()])
      return { mixed: [...mixed], kept: [...kept], filled: filled[0] }
    }
    G.seed(1)
    expect(await step([1, 2, 3, 4])).toEqual({ mixed: [3, 4, 1, 2], kept: [1, 2, 0, 0, 0, 0], filled: 2 })
    const second = await step([11, 12, 13, 14])
    expect(second.mixed.slice(0, 2)).toEqual([13, 14])
    for (const past of second.mixed.slice(2)) expect([1, 2]).toContain(past)
    expect(second).toMatchObject({ kept: [11, 12, 1, 2, 0, 0], filled: 4 })
    await step([21, 22, 23, 24])
    const fourth = await step([31, 32, 33, 34])
    expect(fourth).toMatchObject({ kept: [31, 32, 21, 22, 11, 12], filled: 6 })
    const drawn = new Set<number>()
    for (let n = 0; n < 40; n++)
      for (const past of (await step([31, 32, 5, 6])).mixed.slice(2)) drawn.add(past)
    expect([...drawn].every((past) => [11, 12, 21, 22, 31, 32].includes(past))).toBe(true)
    expect(drawn.size).toBeGreaterThan(2)
    disposeAll(pool)
  })

  gpuTest('a pool smaller than half a batch keeps the first; a batch of one is what it was', async () => {
    const pool = new Replay(1, [1])
    expect([...(await valuesOf(() => pool.mix(tensor([1, 2, 3, 4], [4, 1]))))]).toEqual([3, 4, 1, 2])
    expect([...(await valuesOf(() => pool.mix(tensor([5, 6, 7, 8], [4, 1]))))]).toEqual([7, 8, 1, 1])
    expect([...(await pool.samples.data())]).toEqual([5])
    scope(() => {
      const one = tensor([9], [1, 1])
      expect(pool.mix(one)).toBe(one)
    })
    disposeAll(pool)
  })
})
