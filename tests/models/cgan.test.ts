/** The conditional GAN: that the class decides, for G and for D, in training and in what is shown. */
import { describe, expect } from 'vitest'
import { nn, randn, scope, type Tensor, tensor, zeros } from '../../src/engine/index.ts'
import type { DataSet } from '../../src/models/data/dataSet.ts'
import { imageSet } from '../../src/models/data/open.ts'
import { firstView, generatorOf, type Optimizer } from '../../src/models/family.ts'
import { sourceOf } from '../../src/models/index.ts'
import type { LabelledDiscriminator, LabelledGenerator } from '../../src/models/nets/conditional.ts'
import { Trainer } from '../../src/models/training/trainer.ts'
import { ROWS, SAMPLES, sheetOf } from '../../src/models/training/views.ts'
import { evaluate, gpuTest, valuesOf } from '../harness.ts'
import { configFor, noiseFor, SIZE } from './tiny.ts'

const BATCH = 4
const PIXELS = SIZE * SIZE

/** Images of one brightness each, of as many classes. */
function plain(classes: number): DataSet {
  const bytes = Uint8Array.from({ length: classes * PIXELS }, (_, i) =>
    Math.round((255 * Math.floor(i / PIXELS)) / (classes - 1)),
  )
  const labels = Uint8Array.from({ length: classes }, (_, i) => i)
  const images = { name: 'plain', count: classes, size: SIZE, channels: 1, bytes }
  return imageSet(images, { values: labels, name: 'labels' })
}

const modelTest = (
  name: string,
  body: (trainer: Trainer) => Promise<void>,
  {
    options = {},
    data = noiseFor('cgan'),
  }: { options?: Record<string, boolean | number>; data?: DataSet } = {},
): void =>
  gpuTest(name, async () => {
    const trainer = new Trainer(configFor({ model: 'cgan', data, options }, BATCH))
    try {
      await body(trainer)
    } finally {
      trainer.dispose()
    }
  })

const networksOf = ({ model }: Trainer): { G: LabelledGenerator; D: LabelledDiscriminator } => ({
  G: model.networks.generator as LabelledGenerator,
  D: model.networks.discriminator as LabelledDiscriminator,
})

/** The values of everything that `layer` is called with from now on as its argument of this number. */
function watched(layer: { forward(...inputs: Tensor[]): Tensor }, argument: number): Promise<number[]>[] {
  const seen: Promise<number[]>[] = []
  const forward = layer.forward.bind(layer)
  layer.forward = (...inputs) => {
    seen.push(inputs[argument].data().then((values) => [...values]))
    return forward(...inputs)
  }
  return seen
}

describe.each([
  ['convolutional', {}],
  ['dense', { dense: true }],
])('%s networks', (_, options) => {
  modelTest(
    'another class makes another image of the same z, and another opinion of the same image',
    async (trainer) => {
      const { G, D } = networksOf(trainer)
      const made = await evaluate(() => {
        const [z, x] = [randn([2, 8]), randn([2, SIZE, SIZE, 1])]
        const of = (classes: number[]) => [G.forward(z, tensor(classes)), D.forward(x, tensor(classes))]
        return [...of([0, 1]), ...of([0, 1]), ...of([0, 2])]
      })
      const [image, opinion, imageAgain, opinionAgain, otherImage, otherOpinion] = made
      expect([image.shape, opinion.shape]).toEqual([
        [2, SIZE, SIZE, 1],
        [2, 1],
      ])
      expect(imageAgain.data).toEqual(image.data)
      expect(opinionAgain.data).toEqual(opinion.data)
      expect(otherImage.data).not.toEqual(image.data)
      expect(otherOpinion.data[1]).not.toBe(opinion.data[1])
      // D of images as small as these has no batch norm: its opinion of the first sample is of that one alone.
      expect(otherOpinion.data[0]).toBe(opinion.data[0])
    },
    { options },
  )

  modelTest(
    'gradients reach the embeddings of the classes in the minibatch, and of no others',
    async (trainer) => {
      const { model } = trainer
      const reads: Promise<Float32Array>[] = []
      for (const [name, net] of Object.entries(networksOf(trainer))) {
        const optimizer: Optimizer = model.optimizers[name === 'G' ? 'generator' : 'discriminator']
        const at = optimizer.parameters.indexOf(net.embedding.weight)
        expect(at, name).toBeGreaterThanOrEqual(0)
        const step = optimizer.step.bind(optimizer)
        optimizer.step = (grads) => {
          reads.push(grads[at].data())
          step(grads)
        }
      }
      scope(() => {
        const draw = () => ({ x: randn([BATCH, SIZE, SIZE, 1]), y: tensor([0, 2, 2, 0]) })
        model.step({ ...trainer.context(), draw })
      })
      expect(reads.length).toBe(2)
      for (const gradient of await Promise.all(reads)) {
        const size = gradient.length / 3
        const lengths = [0, 1, 2].map((row) => Math.hypot(...gradient.subarray(row * size, (row + 1) * size)))
        expect(lengths[0]).toBeGreaterThan(0)
        expect(lengths[1]).toBe(0)
        expect(lengths[2]).toBeGreaterThan(0)
      }
    },
    { options },
  )

  modelTest(
    'a step has one class a sample: D is told it of the real image, and G and D of the generated one',
    async (trainer) => {
      const { G, D } = networksOf(trainer)
      const [toldG, toldD] = [watched(G, 1), watched(D, 1)]
      const y = [2, 0, 1, 1]
      scope(() => {
        const draw = () => ({ x: zeros([BATCH, SIZE, SIZE, 1]), y: tensor(y) })
        trainer.model.step({ ...trainer.context(), draw })
      })
      expect(await Promise.all(toldG)).toEqual([y])
      expect(await Promise.all(toldD)).toEqual([y, y, y]) // of real ones, of generated ones, and again for G
    },
    { options },
  )
})

describe('what is shown', () => {
  /** The latents of the pictures that `body` has drawn. */
  async function latentsOf(trainer: Trainer, body: () => Promise<unknown>) {
    const view = firstView(trainer.model)
    const seen: Promise<Float32Array>[] = []
    const { draw } = view
    Object.assign(view, {
      draw: (inputs: Record<string, Tensor>) => {
        seen.push(inputs.z.data(), inputs.label.data())
        return draw(inputs)
      },
    })
    await body()
    Object.assign(view, { draw })
    const [z, label] = await Promise.all(seen)
    const each = z.length / label.length
    return { z: Array.from(label, (_, i) => z.slice(i * each, (i + 1) * each).join()), label: [...label] }
  }
  const images = (values: Float32Array): string[] =>
    Array.from({ length: values.length / PIXELS }, (_, i) =>
      values.slice(i * PIXELS, (i + 1) * PIXELS).join(),
    )

  modelTest('a column for each class, and in a row the same z', async (trainer) => {
    expect(sheetOf(firstView(trainer.model))).toEqual({ count: 3 * ROWS, columns: 3 })
    const { z, label } = await latentsOf(trainer, () => trainer.snapshot())
    expect(label).toEqual(Array.from({ length: ROWS }, () => [0, 1, 2]).flat())
    const rows = Array.from({ length: ROWS }, (_, row) => z.slice(3 * row, 3 * row + 3))
    for (const row of rows) expect(new Set(row).size).toBe(1)
    expect(new Set(z).size).toBe(ROWS)
    const { columns } = await trainer.snapshot()
    expect(new Set(images(columns[0])).size).toBe(3 * ROWS)
  })

  modelTest('of one class that is chosen: the column of that class, in all of them', async (trainer) => {
    const [all, chosen] = [await trainer.snapshot(), await trainer.snapshot({ chosen: { label: 1 } })]
    const ofClass = images(all.columns[0]).filter((_, i) => i % 3 === 1)
    expect(images(chosen.columns[0])).toEqual(ofClass.flatMap((image) => [image, image, image]))
  })

  modelTest(
    'of too many classes for columns: samples of other z, one class after the other',
    async (trainer) => {
      expect(sheetOf(firstView(trainer.model))).toEqual({ count: SAMPLES, columns: ROWS })
      const { z, label } = await latentsOf(trainer, () => trainer.snapshot())
      expect(label).toEqual(Array.from({ length: SAMPLES }, (_, i) => i % 17))
      expect(new Set(z).size).toBe(SAMPLES)
    },
    { data: plain(17) },
  )

  modelTest('fresh samples are of all classes in turn, or of the one that is asked for', async (trainer) => {
    const of = (chosen?: Record<string, number>) =>
      latentsOf(trainer, () => trainer.sample(4, undefined, chosen)).then(({ label }) => label)
    expect(await of()).toEqual([0, 1, 2, 0])
    expect(await of({ label: 2 })).toEqual([2, 2, 2, 2])
  })

  modelTest('its generator of z alone makes images of one class, the first unless named', async (trainer) => {
    const { model } = trainer
    const { G } = networksOf(trainer)
    expect(generatorOf(model)?.size).toBe(8)
    const [first, second, ...expected] = await evaluate(() => {
      nn.setTraining(G, false)
      const z = randn([2, 8])
      const of = [0, 1].map((label) => G.forward(z, tensor([label, label])))
      nn.setTraining(G, true)
      return [0, 1].map((label) => generatorOf(model, label)?.images(z) as Tensor).concat(of)
    })
    expect([first.data, second.data]).toEqual(expected.map(({ data }) => data))
    expect(first.data).not.toEqual(second.data)
  })
})

const WELL = { options: { lr: 5e-3, dense: true, width: 16, embedding: 4 }, data: plain(2) }
modelTest(
  'after some training, dark images are of the class of dark ones',
  async (trainer) => {
    const source = sourceOf(WELL.data, trainer.config)
    for (let step = 0; step < 100; step++) await trainer.advance(source)
    source.dispose()
    const brightness = async (label: number): Promise<number> => {
      const values = await valuesOf(() => generatorOf(trainer.model, label)?.images(randn([16, 8])) as Tensor)
      return values.reduce((a, b) => a + b) / values.length
    }
    const [dark, bright] = [await brightness(0), await brightness(1)]
    expect(dark).toBeLessThan(-0.3)
    expect(bright).toBeGreaterThan(0.3)
  },
  WELL,
)

gpuTest('images without labels are refused', () => {
  const images = { name: 'plain', count: 1, size: SIZE, channels: 1, bytes: new Uint8Array(PIXELS) }
  expect(() => configFor({ model: 'cgan', data: imageSet(images) }, BATCH)).toThrow(
    'cgan learns from images and labels; plain has 8x8x1 images',
  )
})
