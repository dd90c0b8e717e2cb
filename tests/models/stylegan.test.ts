/** The parts of StyleGAN against what they stand for, and the model's own promises. */
import { describe, expect } from 'vitest'
import * as G from '../../src/engine/index.ts'
import { mixStyles } from '../../src/models/families/styleganLite.ts'
import { firstView, type Model, type Styles } from '../../src/models/family.ts'
import { EqualConv, EqualLinear, withDeviation } from '../../src/models/nets/styleganLayers.ts'
import { type Generator, pyramid } from '../../src/models/nets/styleganNets.ts'
import { r1 } from '../../src/models/training/stabilisers/penalties.ts'
import { Trainer } from '../../src/models/training/trainer.ts'
import { evaluate, expectClose, gpuTest, valuesOf } from '../harness.ts'

const TINY = { latent: 8, depth: 2, width: 4, maxWidth: 8 }
const NETS = { ...TINY, mappingLr: 0.01 }

const trainerFor = (size: number, options: Record<string, number> = {}): Trainer =>
  new Trainer({
    model: 'stylegan-lite',
    options: { ...TINY, ...options },
    fields: { x: { kind: 'image', size, channels: 1 } },
    batch: 4,
    seed: 0,
  })

interface Parts {
  trainer: Trainer
  generator: Generator
  styles: Styles
  /** Images of z. */
  sample(z: G.Tensor): G.Tensor
}

const partsOf = (trainer: Trainer): Parts => ({
  trainer,
  generator: trainer.model.networks.generator as Generator,
  styles: trainer.styles as Styles,
  sample: (z) => firstView(trainer.model).draw({ z }) as G.Tensor,
})

/** A test with a tiny model for images of `size` pixels. */
const modelTest = (
  name: string,
  body: (parts: Parts) => Promise<void>,
  { size = 8, options = {} as Record<string, number> } = {},
): void =>
  gpuTest(name, async () => {
    const trainer = trainerFor(size, options)
    try {
      const parts = partsOf(trainer)
      // Noise counts only once its factors have left 0.
      for (const layer of parts.generator.synthesis.layers)
        layer.noiseScale.write(new Float32Array(layer.noiseScale.size).fill(0.5))
      trainer.model.averages?.generator.update()
      await body(parts)
    } finally {
      trainer.dispose()
    }
  })

/** The model's step on images of noise. */
function step(trainer: Trainer, size = 8): ReturnType<Model['step']> {
  const metrics = trainer.model.step({
    ...trainer.context(),
    draw: () => ({ x: G.randn([4, size, size, 1]) }),
  })
  trainer.step++
  return metrics
}

describe('equalised learning rate', () => {
  gpuTest('scales by the gain over √fan_in, a bias by the multiplier', async () => {
    const [y] = await evaluate(() => {
      const layer = new EqualLinear(2, 1, { gain: 1, multiplier: 0.01 })
      layer.weight.write([300, 400])
      layer.bias.write([5])
      return [layer.forward(G.tensor([[1, 1]]))]
    })
    expect(y.data[0]).toBeCloseTo((700 / Math.SQRT2 + 5) * 0.01, 5)
    G.scope(() => {
      expect(new EqualConv(5, 7, 3).scale).toBeCloseTo(Math.sqrt(2 / 45), 12)
      expect(new EqualConv(5, 7, 3, { resample: 'up' }).scale).toBeCloseTo(Math.sqrt(2 / 45), 12)
      expect(new EqualConv(16, 1, 1, { gain: 1 }).scale).toBe(0.25)
    })
  })
  gpuTest('weights start as N(0, 1), of a slower layer so much larger', async () => {
    const [usual, slow] = await evaluate(() => [
      new EqualLinear(100, 100).weight,
      new EqualLinear(100, 100, { multiplier: 0.01 }).weight,
    ])
    const deviation = (x: Float32Array) => Math.sqrt(x.reduce((s, v) => s + v * v, 0) / x.length)
    expect(deviation(usual.data)).toBeCloseTo(1, 1)
    expect(deviation(slow.data) / 100).toBeCloseTo(1, 1)
  })
})

describe('resampling', () => {
  gpuTest("a conv 'up' is nearest-neighbour upsampling and a conv, by the transposed kernel", async () => {
    const [one, two] = await evaluate(() => {
      const conv = new EqualConv(3, 5, 3, { resample: 'up' })
      const x = G.randn([2, 4, 3, 3])
      // [kh, kw, cout, cin] mirrored is the kernel of the conv.
      const flat = G.reshape(conv.weight, [9, 15])
      const mirrored = G.concat(
        Array.from({ length: 9 }, (_, i) => G.slice(flat, { start: [8 - i], end: [9 - i] })),
      )
      const w = G.permute(G.reshape(mirrored, [3, 3, 5, 3]), [0, 1, 3, 2])
      const y = G.conv2d(G.upsample2d(x, { scale: 2 }), G.mul(w, conv.scale), { padding: 1 })
      return [conv.forward(x), y]
    })
    expect(one.shape).toEqual([2, 8, 6, 5])
    expectClose(one.data, two.data, 1e-5)
  })
  gpuTest("a conv 'down' is a conv and the mean of 2x2 pixels", async () => {
    const [one, two] = await evaluate(() => {
      const conv = new EqualConv(3, 5, 3, { resample: 'down' })
      const x = G.randn([2, 8, 6, 3])
      const y = G.conv2d(x, G.mul(conv.weight, conv.scale), { padding: 1 })
      return [conv.forward(x), G.avgPool2d(y, { kernel: 2 })]
    })
    expect(one.shape).toEqual([2, 4, 3, 5])
    expectClose(one.data, two.data, 1e-5)
  })
  gpuTest('blur spreads a pixel by [1, 2, 1] / 4 each way, in a corner as elsewhere', async () => {
    const image = new Float32Array(25)
    image.set([16], 6)
    image.set([16], 24)
    const y = await valuesOf(() => G.blur2d(G.tensor(image, [1, 5, 5, 1])))
    expect([...y]).toEqual([1, 2, 1, 0, 0, 2, 4, 2, 0, 0, 1, 2, 1, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 2, 4])
  })
  gpuTest('channels double towards 4x4, up to the widest', () => {
    expect(pyramid(32, { ...NETS, width: 8, maxWidth: 32 })).toEqual([
      { size: 4, channels: 32 },
      { size: 8, channels: 32 },
      { size: 16, channels: 16 },
      { size: 32, channels: 8 },
    ])
  })
})

describe('discriminator', () => {
  gpuTest('minibatch standard deviation of groups of four', async () => {
    // Two groups, samples 0, 2, 4, 6 and 1, 3, 5, 7: the first varies by ±3, the second not at all.
    const [y] = await evaluate(() => [withDeviation(G.tensor([-3, 5, 3, 5, -3, 5, 3, 5], [8, 1, 1, 1]))])
    expect(y.shape).toEqual([8, 1, 1, 2])
    const deviation = [...y.data].filter((_, i) => i % 2)
    for (const [n, v] of deviation.entries()) expect(v).toBeCloseTo(n % 2 ? 1e-4 : 3, 5)
  })
  gpuTest('compares groups of three where four do not divide the batch', async () => {
    // Samples i, i + 3 and i + 6: 2, 2, 2 and 1, 4, 7 and 0, 0, 3.
    const [y] = await evaluate(() => [withDeviation(G.tensor([2, 1, 0, 2, 4, 0, 2, 7, 3], [9, 1, 1, 1]))])
    const deviation = [...y.data].filter((_, i) => i % 2)
    for (const [n, v] of deviation.entries())
      expect(v).toBeCloseTo([1e-4, Math.sqrt(6), Math.sqrt(2)][n % 3], 5)
  })
  gpuTest('R1 of a linear critic is the square of its norm, whatever the batch', async () => {
    const [value] = await valuesOf(() => {
      const x = G.randn([3, 2, 2, 1])
      x.requiresGrad = true
      return r1(G.matmul(G.reshape(x, [3, 4]), G.tensor([1, -2, 2, 4], [4, 1])), x)
    })
    expect(value).toBe(25)
  })
})

describe('styles', () => {
  gpuTest('mixing takes the first style before the crossover, the second from it on', async () => {
    const [w1, w2] = [new Float32Array(8).fill(1.5), new Float32Array(8).fill(-2.5)]
    for (const crossover of [1, 3, 4]) {
      const styles = await evaluate(() =>
        mixStyles(G.tensor(w1, [2, 4]), G.tensor(w2, [2, 4]), G.tensor([crossover]), 4),
      )
      expect(styles.map(({ data }) => data)).toEqual([0, 1, 2, 3].map((i) => (i < crossover ? w1 : w2)))
    }
  })

  modelTest("mix() is a's image without b's layers, and b's with all of them", async ({ styles, sample }) => {
    const [a, b, none, all, some] = await evaluate(() => {
      const [zA, zB] = [G.randn([2, 8]), G.randn([2, 8])]
      return [
        sample(zA),
        sample(zB),
        styles.mix(zA, zB, [0, 0]),
        styles.mix(zA, zB, [0, 4]),
        styles.mix(zA, zB, [2, 4]),
      ]
    })
    expect(none.data).toEqual(a.data)
    expect(all.data).toEqual(b.data)
    expect(some.data).not.toEqual(a.data)
    expect(some.data).not.toEqual(b.data)
  })

  modelTest(
    'truncation to the mean gives one image, and the mean follows w',
    async ({ trainer, generator, styles }) => {
      G.scope(() => void step(trainer))
      const [mean, w] = await evaluate(() => {
        return [
          G.add(generator.meanStyle, 0),
          G.sub(generator.truncate(G.randn([2, 8]), 0), generator.meanStyle),
        ]
      })
      expect(mean.data.some((v) => v !== 0)).toBe(true)
      expect(w.data.every((v) => v === 0)).toBe(true)
      const [truncated, whole] = await evaluate(() => {
        const w = styles.of(G.randn([3, 8]))
        return [styles.images(w, { psi: 0 }), styles.images(w)]
      })
      const image = (values: Float32Array, i: number) => values.slice(64 * i, 64 * (i + 1))
      for (const i of [1, 2]) {
        expect(image(truncated.data, i)).toEqual(image(truncated.data, 0))
        expect(image(whole.data, i)).not.toEqual(image(whole.data, 0))
      }
    },
  )

  modelTest('noise is the same for every sample, new, or none', async ({ styles, sample }) => {
    const [shown, fixed, again, random, other, none] = await evaluate(() => {
      const z = G.randn([2, 8])
      const w = styles.of(z)
      const made = (['fixed', 'fixed', G.randn, G.randn, 'none'] as const).map((noise) =>
        styles.images(w, { noise }),
      )
      return [sample(z), ...made]
    })
    expect(shown.data, 'what is shown of z').toEqual(fixed.data)
    expect(again.data).toEqual(fixed.data)
    expect(other.data).not.toEqual(random.data)
    for (const { data } of [random, none]) expect(data).not.toEqual(fixed.data)
  })
})

modelTest(
  'images of 6 pixels are worked on at 8, and cut again',
  async ({ trainer, generator, sample }) => {
    const [images] = await evaluate(() => {
      step(trainer, 6)
      return [sample(G.randn([3, 8]))]
    })
    expect(images.shape).toEqual([3, 6, 6, 1])
    expect(generator.synthesis.layers.at(-1)?.fixedNoise.shape).toEqual([1, 8, 8, 1])
  },
  { size: 6 },
)

modelTest(
  'r1Every = 2 takes the penalty every other step, and reports it twice',
  async ({ trainer }) => {
    const reported: number[] = []
    for (let i = 0; i < 4; i++) {
      const [R1] = await evaluate(() => [step(trainer).R1])
      reported.push(R1.data[0])
    }
    const [first, second, third, fourth] = reported
    expect([second, fourth]).toEqual([first, third])
    expect(third).not.toBe(first)
  },
  { options: { r1Every: 2 } },
)

gpuTest('a size below 5 is refused', () => {
  expect(() => trainerFor(4)).toThrow('the size must be at least 5, got 4')
})
