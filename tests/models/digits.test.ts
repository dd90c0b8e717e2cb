/** The classifier that digits are scored by, and scores by it: on images as simple as they get. */
import { expect, test } from 'vitest'
import {
  CheckpointError,
  mul,
  nn,
  randomState,
  reshape,
  seed,
  type Tensor,
  tensor,
} from '../../src/engine/index.ts'
import { crossEntropy, firstPlaces, type Labelled, moved } from '../../src/models/evaluation/classifier.ts'
import { DigitScorer, pixelsOf } from '../../src/models/evaluation/digits.ts'
import {
  balanced,
  discriminatorFeatures,
  linearAccuracy,
} from '../../src/models/evaluation/discriminatorFeatures.ts'
import type { ImageScores } from '../../src/models/evaluation/metrics/index.ts'
import { pathLengths } from '../../src/models/evaluation/pathLength.ts'
import type { Model } from '../../src/models/family.ts'
import { Discriminator } from '../../src/models/nets/dcgan.ts'
import { expectClose, gpuTest, randomOf, valuesOf } from '../harness.ts'

/** "Digits": digit d is a bright block of 5x14 pixels in a place of its own, over noise. */
function blocks(name: string, count: number): Labelled {
  const random = randomOf(name)
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 10)
  const bytes = Uint8Array.from({ length: count * 784 }, (_, i) => {
    const digit = labels[Math.floor(i / 784)]
    const [row, column] = [Math.floor((i % 784) / 28) - 5 * (digit % 5) - 1, i % 28]
    const isInside = row >= 0 && row < 5 && Math.floor(column / 14) === Math.floor(digit / 5)
    return (isInside ? 200 : 0) + 50 * random()
  })
  return { images: { name, count, size: 28, channels: 1, bytes }, labels }
}
const digits = { train: blocks('train', 200), test: blocks('test', 50) }

gpuTest('cross-entropy is -log of the probability of the label', async () => {
  const logits = [
    [1, 2, 3],
    [0, 0, 0],
  ]
  const p = Math.exp(2) / (Math.exp(1) + Math.exp(2) + Math.exp(3))
  const loss = await valuesOf(() => crossEntropy(tensor(logits), tensor([1, 0])))
  expectClose(loss, [(-Math.log(p) + Math.log(3)) / 2], 1e-6)
})

gpuTest('images are moved by up to a pixel each way, each as it happens', async () => {
  seed(0)
  const N = 60
  const dot = Float32Array.from({ length: N * 784 }, (_, i) => (i % 784 === 5 * 28 + 27 ? 1 : -1)) // row 5, last column
  const values = await valuesOf(() => moved(tensor(dot, [N, 28, 28, 1]), firstPlaces(N)))
  const seen = new Set<string>()
  for (let n = 0; n < N; n++) {
    const image = values.subarray(n * 784, (n + 1) * 784)
    const at = image.indexOf(1)
    expect(image.filter((x) => x !== -1).length).toBe(at < 0 ? 0 : 1)
    seen.add(at < 0 ? 'out' : `${Math.floor(at / 28)},${at % 28}`)
  }
  expect([...seen].sort()).toEqual(['4,26', '4,27', '5,26', '5,27', '6,26', '6,27', 'out'])
})

gpuTest(
  'a scorer learns digits, is the same when read from its file, and tells good samples from bad',
  async () => {
    seed(5)
    const before = randomState()
    const losses: number[] = []
    const scorer = await DigitScorer.make(digits, {
      epochs: 12,
      batch: 20,
      onStep: (_step, _steps, loss) => losses.push(loss),
    })
    expect(randomState()).toEqual(before) // training goes on with the numbers that it would have had
    expect(losses[0]).toBeGreaterThan(5 * losses[losses.length - 1])
    expect(scorer.accuracy).toBe(1)
    expect(scorer.most).toBe(50)

    const file = scorer.write()
    const kept = DigitScorer.read(file)
    expect(kept.write()).toEqual(file)
    const good = pixelsOf(blocks('more', 50))
    const described = await kept.describe(good)
    expect(described.features.size).toBe(64)
    expect(await scorer.describe(good)).toEqual(described)

    const fine = kept.score(described)
    expect(fine.count).toBe(50)
    const collapsed = new Float32Array(50 * 784)
    for (let n = 0; n < 50; n++) collapsed.set(good.subarray(0, 784), n * 784)
    const { generated: poor, real } = kept.score(await kept.describe(collapsed))
    expect(real).toEqual(fine.real)
    const better = (a: ImageScores, b: ImageScores): boolean[] => [
      a.frechet < b.frechet,
      a.kernel < b.kernel,
      a.recall > b.recall,
      a.coverage > b.coverage,
      a.score > b.score,
    ]
    expect(better(fine.generated, poor)).toEqual([true, true, true, true, true])
    expect(fine.generated.score).toBeGreaterThan(8)
    expect(poor.score).toBeCloseTo(1, 5)
    expect(() => kept.score({ ...described, features: kept.train })).toThrow('expected at most 50 images')

    // A stack of digit d with digits 0 and 0: ten modes, each as often.
    const stacked = Float32Array.from({ length: 10 * 784 * 3 }, (_, i) => {
      const [n, pixel, channel] = [Math.floor(i / (784 * 3)), Math.floor(i / 3) % 784, i % 3]
      return good[(channel ? 0 : n) * 784 + pixel]
    })
    const modes = await kept.scoreStacked(stacked, digits.train.labels)
    expect(modes.generated.modes).toBe(10)
    expect(modes.generated.klUniform).toBeCloseTo(Math.log(100), 9)
    expect(modes.generated.kl).toBeCloseTo(Math.log(100), 9)
    expect(modes.real.kl).toBeGreaterThan(Math.log(100) - 0.3) // ten draws are no better

    expect(() => DigitScorer.read(file.subarray(0, 3000))).toThrow(CheckpointError)
  },
)

test('a classifier that learned nothing is refused', async () => {
  const unlabelled = { ...digits, test: { ...digits.test, labels: new Uint8Array(50) } }
  await expect(DigitScorer.make(unlabelled, { epochs: 1, batch: 20 })).rejects.toThrow(
    /came to .*% of the test images, expected at least 99%/,
  )
})

gpuTest(
  'features of a discriminator: each layer on a 4x4 grid, and what a linear classifier makes of them',
  async () => {
    seed(1)
    const network = new Discriminator({ kind: 'image', size: 28, channels: 1 }, { width: 4 })
    const [train, unseen] = [balanced(digits.train, 100), digits.test]
    expect(train.labels.length).toBe(100)
    const rows = await discriminatorFeatures(network, train.images, pixelsOf(train))
    expect(rows.size).toBe(16 * (4 + 8))
    const test = {
      rows: await discriminatorFeatures(network, unseen.images, pixelsOf(unseen)),
      labels: unseen.labels,
    }
    expect(await linearAccuracy({ rows, labels: train.labels }, test)).toBe(1)
    const wrong = { ...test, labels: test.labels.map((label) => (label + 1) % 10) }
    expect(await linearAccuracy({ rows, labels: train.labels }, wrong)).toBe(0)
    for (const t of Object.values(nn.stateDict(network))) t.dispose()
  },
)

gpuTest('perceptual path length: d / ε² of features, in z and in w', async () => {
  seed(2)
  const dim = 6
  const linear = (s: number) => (latents: Tensor) => reshape(mul(latents, s), [latents.shape[0], 1, 1, dim])
  // Images are latents, features are images: in w, d / ε² of a line is the square of its length.
  const model = (s: number) =>
    ({
      views: {
        samples: {
          shows: { kind: 'image', size: 1, channels: dim },
          latents: { z: { kind: 'normal', size: dim } },
          draw: ({ z }: Record<string, Tensor>) => linear(s)(z),
        },
      },
      styles: { of: (z: Tensor) => mul(z, 1), images: linear(s) },
    }) as unknown as Model
  const scorer = {
    describe: async (values: Float32Array) => ({
      features: { values, size: dim },
      probabilities: { values, size: dim },
    }),
  }
  const lengthsOf = (s: number, pairs: number) => {
    seed(4)
    return pathLengths(model(s), scorer, pairs)
  }
  const [z, w] = await lengthsOf(1, 300)
  expect([z.space, z.pairs, w.space, w.pairs]).toEqual(['z', 300, 'w', 300])
  expect(Math.abs(w.mean - 2 * dim)).toBeLessThan(4 * w.error) // E ‖a - b‖² of normal a and b
  expect(w.error).toBeLessThan(0.6)
  expect(z.mean).toBeGreaterThan(w.mean) // an arc is longer than its chord
  const [, twice] = await lengthsOf(2, 300)
  expect(twice.mean / w.mean).toBeCloseTo(4, 2)
  expect((await lengthsOf(0, 10)).map(({ mean }) => mean)).toEqual([0, 0])
})
