import { describe, expect } from 'vitest'
import * as G from '../src/engine/index.ts'
import { nn, scope, type Tensor, tensor } from '../src/engine/index.ts'
import { evaluate, expectClose, gpuTest, valuesOf } from './harness.ts'
import { full, moments, powerStep, ref, spectralNorm } from './ref/index.ts'

const disposeAll = (model: object) => {
  for (const t of Object.values(nn.stateDict(model))) t.dispose()
}

describe('layers are their ops', () => {
  const cases: [
    string,
    () => nn.Layer & object,
    number[],
    (layer: Record<string, Tensor>, x: Tensor) => Tensor,
  ][] = [
    ['Linear', () => new nn.Linear(5, 3), [2, 4, 5], (l, x) => G.linear(x, l.weight, l.bias)],
    [
      'Linear without bias',
      () => new nn.Linear(5, 3, { bias: false }),
      [2, 5],
      (l, x) => G.matmul(x, l.weight),
    ],
    [
      'Conv2d',
      () => new nn.Conv2d(3, 4, [3, 2], { stride: 2, padding: 1 }),
      [2, 5, 7, 3],
      (l, x) => G.conv2d(x, l.weight, { stride: 2, padding: 1, bias: l.bias }),
    ],
    [
      'ConvTranspose2d',
      () => new nn.ConvTranspose2d(3, 4, 4, { stride: 2, padding: 1 }),
      [2, 3, 4, 3],
      (l, x) => G.convTranspose2d(x, l.weight, { stride: 2, padding: 1, bias: l.bias }),
    ],
    [
      'InstanceNorm',
      () => new nn.InstanceNorm(3),
      [2, 3, 4, 3],
      (l, x) => G.instanceNorm(x, l.gamma, l.beta),
    ],
    ['LayerNorm', () => new nn.LayerNorm([4, 3]), [2, 3, 4, 3], (l, x) => G.layerNorm(x, l.gamma, l.beta)],
    ['BatchNorm', () => new nn.BatchNorm(3), [2, 3, 4, 3], (l, x) => G.batchNorm(x, l.gamma, l.beta)],
  ]
  for (const [name, make, shape, op] of cases)
    gpuTest(name, async () => {
      G.seed(1)
      const [y, expected] = await evaluate(() => {
        const layer = make()
        const x = G.randn(shape)
        return [layer.forward(x), op(layer as unknown as Record<string, Tensor>, x)]
      })
      expect(y.shape).toEqual(expected.shape)
      expect(y.data).toEqual(expected.data)
    })

  gpuTest('AdaIN: scale 1 + A w, shift B w', async () => {
    const [y, expected] = await evaluate(() => {
      const layer = new nn.AdaIN(5, 3)
      const [x, w] = [G.randn([2, 3, 4, 3]), G.randn([2, 5])]
      const style = layer.affine.forward(w)
      const [scale, shift] = [G.slice(style, { end: [2, 3] }), G.slice(style, { start: [0, 3] })]
      return [layer.forward(x, w), G.adain(x, G.add(scale, 1), shift)]
    })
    expect(y.data).toEqual(expected.data)
  })

  gpuTest('Embedding', async () => {
    const [y, row] = await evaluate(() => {
      const layer = new nn.Embedding(4, 3)
      return [layer.forward(tensor([2, 0])), G.slice(layer.weight, { start: [2], end: [3] })]
    })
    expect([...y.data.subarray(0, 3)]).toEqual([...row.data])
  })
})

describe('BatchNorm', () => {
  gpuTest('keeps running statistics, the variance unbiased, and evaluates with them', async () => {
    const layer = new nn.BatchNorm(2, { momentum: 0.5 })
    const x = tensor([1, 10, 3, 30], [2, 2])
    scope(() => void layer.forward(x))
    // mean 2 and 20; variances 2 and 200 divided by n - 1 = 1
    expect([...(await layer.runningMean.data())]).toEqual([1, 10])
    expect([...(await layer.runningVariance.data())]).toEqual([1.5, 100.5])
    nn.setTraining({ nested: [layer] }, false)
    const y = await valuesOf(() => layer.forward(x))
    const expected = [0, 0, 2 / Math.sqrt(1.5 + 1e-5), 20 / Math.sqrt(100.5 + 1e-5)]
    expectClose(y, expected, 1e-6)
    expect([...(await layer.runningMean.data())]).toEqual([1, 10])
    disposeAll(layer)
    x.dispose()
  })
})

describe('models', () => {
  const make = () =>
    new nn.Sequential(
      new nn.Conv2d(1, 2, 3),
      new nn.BatchNorm(2),
      G.relu,
      new nn.Dropout(0.3),
      new nn.Linear(2, 1, { bias: false }),
    )

  gpuTest('parameters and stateDict walk the fields', () => {
    const model = make()
    const names = [
      '0.weight',
      '0.bias',
      '1.gamma',
      '1.beta',
      '1.runningMean',
      '1.runningVariance',
      '4.weight',
    ]
    expect(Object.keys(nn.stateDict(model))).toEqual(names.map((n) => `layers.${n}`))
    expect(nn.parameters(model).map((t) => t.shape)).toEqual([[3, 3, 1, 2], [2], [2], [2], [2, 1]])
    disposeAll(model)
  })

  gpuTest('loadStateDict copies one model into another', async () => {
    const [a, b] = [make(), make()]
    const saved = Object.fromEntries(
      await Promise.all(
        Object.entries(nn.stateDict(a)).map(
          async ([name, t]) => [name, { shape: t.shape, data: await t.data() }] as const,
        ),
      ),
    )
    nn.loadStateDict(b, saved)
    for (const model of [a, b]) nn.setTraining(model, false)
    const [ya, yb] = await evaluate(() => {
      const x = G.randn([2, 4, 5, 1])
      return [a.forward(x), b.forward(x)]
    })
    expect(ya.data).toEqual(yb.data)
    for (const model of [a, b]) disposeAll(model)
  })

  gpuTest('Dropout acts in training only', async () => {
    const layer = new nn.Dropout(0.5)
    const zeros = async () =>
      (await valuesOf(() => G.mul(layer.forward(G.ones([100])), 1))).filter((v) => v === 0).length
    expect(await zeros()).toBeGreaterThan(20)
    nn.setTraining(layer, false)
    expect(await zeros()).toBe(0)
  })
})

describe('initialisers', () => {
  const shape = [5, 5, 8, 16] // fan in 200, fan out 400
  const { normal, xavierNormal, xavierUniform, heNormal, heUniform, orthogonal } = nn.init
  const stds: [string, (s: readonly number[]) => Tensor, number][] = [
    ['normal', normal(), 0.02],
    ['normal, std 3', normal({ std: 3 }), 3],
    ['xavierNormal', xavierNormal({ gain: 2 }), 2 * Math.sqrt(2 / 600)],
    ['xavierUniform', xavierUniform(), Math.sqrt(2 / 600)],
    ['heNormal', heNormal(), Math.sqrt(2 / 200)],
    ['heUniform, leaky', heUniform({ slope: 0.2 }), Math.sqrt(2 / 1.04 / 200)],
  ]
  for (const [name, init, std] of stds)
    gpuTest(name, async () => {
      G.seed(1)
      const { mean, variance } = moments(await valuesOf(() => init(shape)))
      // 3,200 values: four standard deviations of the estimates
      expect(Math.abs(mean)).toBeLessThan((4 * std) / Math.sqrt(3200))
      expect(Math.abs(Math.sqrt(variance) / std - 1)).toBeLessThan(4 / Math.sqrt(2 * 3200))
    })
  gpuTest('normal about a mean', async () => {
    const { mean } = moments(await valuesOf(() => normal({ mean: 1, std: 0.02 })([1000])))
    expect(Math.abs(mean - 1)).toBeLessThan(0.003)
  })

  for (const [rows, columns] of [
    [12, 5],
    [5, 12],
    [7, 7],
    [1, 4],
    [64, 64],
  ])
    gpuTest(`orthogonal ${rows} x ${columns}`, async () => {
      G.seed(2)
      const small = Math.min(rows, columns)
      const gram = await valuesOf(() => {
        const w = G.reshape(orthogonal({ gain: 2 })([1, 1, rows, columns]), [rows, columns])
        return rows < columns ? G.matmul(w, w, { transposeB: true }) : G.matmul(w, w, { transposeA: true })
      })
      gram.forEach((v, i) => {
        expect(Math.abs(v - (i % (small + 1) === 0 ? 4 : 0))).toBeLessThan(1e-4)
      })
    })
})

describe('SpectralNorm', () => {
  class Net implements nn.Layer {
    private readonly first = new nn.Conv2d(2, 3, 3)
    private readonly norm0 = new nn.BatchNorm(3)
    private readonly out = new nn.Linear(3, 1)
    readonly norm = new nn.SpectralNorm(this)
    forward(x: Tensor): Tensor {
      const y = this.norm0.forward(this.first.forward(x))
      return this.out.forward(G.sum(y, { axes: [1, 2] }))
    }
  }

  gpuTest(
    'knows dense and conv layers by their names, adds u of each to the state, and trains the same',
    async () => {
      await evaluate(() => {
        const net = new Net()
        expect(Object.keys(net.norm.u)).toEqual(['first', 'out'])
        const names = Object.keys(nn.stateDict(net))
        expect(names.filter((name) => name.startsWith('norm.'))).toEqual(['norm.u.first', 'norm.u.out'])
        expect(nn.stateDict(net)['norm.u.first'].shape).toEqual([3])
        expect(nn.parameters(net).length).toBe(6)
        return []
      })
    },
  )

  gpuTest('layers compute with W / σ, and have their own weights back, even after an error', async () => {
    const [inside, divided] = await evaluate(() => {
      const net = new Net()
      const { out } = net as unknown as { out: nn.Linear }
      const own = out.weight
      const inside = net.norm.normalized(() => {
        expect(out.weight).not.toBe(own)
        return G.add(out.weight, 0)
      })
      expect(out.weight).toBe(own)
      expect(() =>
        net.norm.normalized(() => {
          throw new Error('inside')
        }),
      ).toThrow('inside')
      expect(out.weight).toBe(own)
      // σ of a single column is its length.
      return [inside, G.div(own, G.sqrt(G.sum(G.square(own))))]
    })
    expectClose(inside.data, divided.data, 1e-6)
  })

  gpuTest('σ is close from the first step on', async () => {
    const size = 64 // where one step from a random u finds little of it
    const [w] = await evaluate(() => {
      G.seed(3)
      const layer = new nn.Linear(size, size)
      return [new nn.SpectralNorm({ layer }).normalized(() => G.add(layer.weight, 0))]
    })
    const matrix = ref(w.data, [size, size])
    let held = powerStep(matrix, full([size], 1))
    for (let i = 0; i < 1000; i++) held = powerStep(matrix, held.u)
    // Divided by its own largest singular value, which is then 1, it stays.
    expectClose(spectralNorm(matrix, held).data, w.data, 0.06)
  })

  gpuTest('a network without such layers is refused', () => {
    scope(() => expect(() => new nn.SpectralNorm(new nn.BatchNorm(3))).toThrow('no dense or conv layer'))
  })
})

describe('other tensors in the place of parameters', () => {
  gpuTest('withTensors: for as long as it runs, also when that ends in an error', async () => {
    const net = { layers: [new nn.Linear(2, 1, { bias: false })] }
    const [{ weight }] = net.layers
    weight.write([1, 2])
    const [y, again] = await evaluate(() => {
      const x = tensor([[1, 1]])
      const instead = new Map([[weight, tensor([10, 20], [2, 1])]])
      const y = nn.withTensors(net, instead, () => net.layers[0].forward(x))
      expect(() =>
        nn.withTensors(net, instead, () => {
          throw new Error('stop')
        }),
      ).toThrow('stop')
      return [y, net.layers[0].forward(x)]
    })
    expect([y.data[0], again.data[0]]).toEqual([30, 3])
    expect(net.layers[0].weight).toBe(weight)
    disposeAll(net)
  })

  gpuTest('weights: of dense and conv layers, with the axis of their outputs', () => {
    const net = {
      norm: new nn.BatchNorm(2),
      inner: [new nn.Linear(2, 3), new nn.Conv2d(2, 3, 4), new nn.ConvTranspose2d(2, 3, 4)],
    }
    expect(nn.weights(net).map(({ tensor: t, outputs }) => [t.shape, outputs])).toEqual([
      [[2, 3], 1],
      [[4, 4, 2, 3], 3],
      [[4, 4, 3, 2], 2],
    ])
    disposeAll(net)
  })
})
