/** What `npm run evaluate` asks of the page: scores, pictures and files of a checkpoint's samples. */
import { DataError, seed } from '../engine/index.ts'
import { isPoints } from '../models/data/fields.ts'
import { parseIdx, parseLabels } from '../models/data/idx.ts'
import { PointStore } from '../models/data/source.ts'
import { toyOf } from '../models/data/toys.ts'
import { CLASSES, type Labelled } from '../models/evaluation/classifier.ts'
import { DigitScorer, type Digits, fromBytes, pixelsOf, type Scored } from '../models/evaluation/digits.ts'
import {
  balanced,
  discriminatorFeatures,
  layeredOf,
  linearAccuracy,
} from '../models/evaluation/discriminatorFeatures.ts'
import type { Described, ImageScores } from '../models/evaluation/metrics/index.ts'
import { labelsOf, type ModeScores } from '../models/evaluation/metrics/labels.ts'
import { nearest } from '../models/evaluation/metrics/neighbours.ts'
import type { Rows } from '../models/evaluation/metrics/rows.ts'
import { type PathLength, pathLengths } from '../models/evaluation/pathLength.ts'
import { scorePoints, type ToyScores } from '../models/evaluation/toyMetrics.ts'
import type { View } from '../models/family.ts'
import { Trainer } from '../models/training/trainer.ts'
import { CHUNK, type Draw, samplesOf, withSamples, withTrainer } from './checkpoint.ts'
import { get, send } from './commands.ts'
import { drawNeighbours, SHOWN } from './neighbours.ts'
import { Progress } from './report.ts'

export interface DigitsRequest extends Draw {
  /** Whether a classifier is served; else one is trained and sent. */
  hasClassifier: boolean
  /** Pairs for the path lengths; 0 for none. */
  pairs: number
  /** Whether to send the samples and as many training images, as bytes. */
  isExported: boolean
}

export interface DigitScores extends Scored<ImageScores> {
  accuracy: number
  pathLengths: PathLength[]
  /** Of a model that is asked for digits by class: the share of samples that the classifier reads as the asked one. */
  asked?: number
}

export type StackedScores = Scored<ModeScores> & { accuracy: number }

/** Aids by which a discriminator sees other images than single ones, or has other weights. */
const CHANGED = ['pack', 'spectral', 'weightnorm'] as const

export interface FeatureScores {
  /** Training images with their labels, as many of each class. */
  labels: number
  /** Share of the test digits, by what the linear classifier is given. */
  accuracy: Record<string, number>
}

/** The digits that are served. */
export async function servedDigits(): Promise<Digits> {
  const set = async (name: string) => ({
    images: parseIdx(await get(`${name}-images`), `${name}-images`),
    labels: parseLabels(await get(`${name}-labels`), `${name}-labels`),
  })
  return { train: await set('train'), test: await set('test') }
}

/** The classifier that is served, or one trained now and sent as `classifier`. */
export async function scorerOf(digits: Digits, hasClassifier: boolean): Promise<DigitScorer> {
  if (hasClassifier) return DigitScorer.read(await get('classifier'))
  let progress: Progress | undefined
  const scorer = await DigitScorer.make(digits, {
    onStep: (step, steps, loss) => {
      progress ??= new Progress('classifier', steps)
      progress.at(step, { loss })
    },
  })
  await send('classifier', scorer.write())
  return scorer
}

export const evaluation = {
  /** Scores of generated points, and of as many real ones. */
  async evaluatePoints(request: Draw): Promise<Record<'generated' | 'real', ToyScores>> {
    return withSamples(request, async (trainer, samples) => {
      const { shows } = trainer.view()
      if (!isPoints(shows)) throw new DataError(`${request.file}: makes images, not points`)
      const toy = toyOf(shows.toy)
      const store = new PointStore(toy)
      const points = store.fresh(request.count)
      const real = await points.data()
      points.dispose()
      store.dispose()
      return { generated: scorePoints(toy, samples), real: scorePoints(toy, real) }
    })
  },

  /** Scores of generated digits; sends `neighbours.png`, and what is exported. */
  async evaluateDigits(request: DigitsRequest): Promise<DigitScores> {
    const digits = await servedDigits()
    const scorer = await scorerOf(digits, request.hasClassifier)
    return withTrainer(request.file, async (trainer) => {
      const samples = await drawn(trainer, request)
      const described = await scorer.describe(samples)
      const scores = await scoredDigits(digits, scorer, samples, described)
      if (request.isExported) await sendBytes(samples, digits.train.images.bytes)
      const asked = shareAsAsked(trainer.view(), described)
      return {
        ...scores,
        ...(asked !== undefined && { asked }),
        pathLengths: request.pairs ? await pathLengths(trainer.model, scorer, request.pairs) : [],
      }
    })
  },

  /** Scores of the digits that are served as bytes, whoever made them; sends `neighbours.png`. */
  async scoreDigits({ hasClassifier }: Pick<DigitsRequest, 'hasClassifier'>): Promise<DigitScores> {
    const digits = await servedDigits()
    const scorer = await scorerOf(digits, hasClassifier)
    const samples = fromBytes(await get('samples'))
    const scores = await scoredDigits(digits, scorer, samples, await scorer.describe(samples))
    return { ...scores, pathLengths: [] }
  },

  /** Modes of the stacks of digits that are served as bytes. */
  async scoreStacked({ hasClassifier }: Pick<DigitsRequest, 'hasClassifier'>): Promise<StackedScores> {
    const digits = await servedDigits()
    const scorer = await scorerOf(digits, hasClassifier)
    const scores = await scorer.scoreStacked(fromBytes(await get('samples')), digits.train.labels)
    return { accuracy: scorer.accuracy, ...scores }
  },

  /** Modes of generated stacks of digits. */
  async evaluateStacked(request: DigitsRequest): Promise<StackedScores> {
    const digits = await servedDigits()
    const scorer = await scorerOf(digits, request.hasClassifier)
    return withTrainer(request.file, async (trainer) => {
      const samples = await drawn(trainer, request)
      if (request.isExported) await sendBytes(samples)
      const scores = await scorer.scoreStacked(samples, digits.train.labels)
      return { accuracy: scorer.accuracy, ...scores }
    })
  },

  /** How well digits are told apart by the discriminator's features, by those of one untrained, and by pixels. */
  async evaluateFeatures({
    file,
    labels,
  }: {
    file: string
    labels: readonly number[]
  }): Promise<FeatureScores[]> {
    const { train, test } = await servedDigits()
    const image = { size: train.images.size, channels: train.images.channels }
    return withTrainer(file, async (trainer) => {
      const fresh = new Trainer(trainer.config)
      try {
        const pixels = (set: Labelled): Promise<Rows> =>
          Promise.resolve({ values: pixelsOf(set), size: image.size * image.size * image.channels })
        const ofNetwork = ({ model, config }: Trainer) => {
          const changed = CHANGED.filter((name) => config.aids?.[name])
          if (changed.length)
            throw new DataError(
              `${file}: with ${changed} the discriminator's layers are not used as they are`,
            )
          const network = layeredOf(model)
          if (!network) throw new DataError(`${config.model}: has no discriminator of convs as DCGAN has`)
          return (set: Labelled) => discriminatorFeatures(network, image, pixelsOf(set))
        }
        const ways = { trained: ofNetwork(trainer), untrained: ofNetwork(fresh), pixels }
        const progress = new Progress('features', labels.length * Object.keys(ways).length)
        const scores: FeatureScores[] = labels.map((count) => ({ labels: count, accuracy: {} }))
        let done = 0
        for (const [way, rowsOf] of Object.entries(ways)) {
          const unseen = { rows: await rowsOf(test), labels: test.labels }
          for (const { labels: count, accuracy } of scores) {
            const known = balanced(train, count)
            accuracy[way] = await linearAccuracy({ rows: await rowsOf(known), labels: known.labels }, unseen)
            await progress.at(++done)
          }
        }
        return scores
      } finally {
        fresh.dispose()
      }
    })
  },

  /** Sends the samples of any model of images, as bytes. */
  async exportSamples(request: Draw): Promise<void> {
    await withTrainer(request.file, async (trainer) => sendBytes(await drawn(trainer, request)))
  },
}

/** Samples of the request's seed, with progress. */
function drawn(trainer: Trainer, { seed: from, count }: Draw): Promise<Float32Array> {
  seed(from)
  const progress = new Progress('samples', count)
  return samplesOf(trainer, count, {}, (done) => progress.at(done))
}

async function scoredDigits(
  digits: Digits,
  scorer: DigitScorer,
  samples: Float32Array,
  described: Described,
): Promise<Omit<DigitScores, 'pathLengths'>> {
  await sendNeighbours(digits, scorer, samples, described.features)
  return { accuracy: scorer.accuracy, ...scorer.score(described) }
}

/**
 * The share of samples that are read as the class that they were asked to be: one class after the other, as samplesOf draws
 * them. Undefined for a view that is not asked for by the ten digits.
 */
function shareAsAsked({ latents }: View, { probabilities }: Described): number | undefined {
  const classes = Object.values(latents).flatMap((latent) =>
    latent.kind === 'class' ? [latent.classes] : [],
  )
  if (classes.length !== 1 || classes[0].length !== CLASSES) return undefined
  const read = labelsOf(probabilities)
  const right = read.reduce((sum, label, i) => sum + Number(label === (i % CHUNK) % CLASSES), 0)
  return right / read.length
}

/** Sends `generated`, and the first `real` images of the training set, as many. */
async function sendBytes(samples: Float32Array, real?: Uint8Array): Promise<void> {
  await send(
    'generated',
    Uint8Array.from(samples, (x) => Math.round(Math.min(255, Math.max(0, (x + 1) * 127.5)))),
  )
  if (real) await send('real', real.slice(0, samples.length))
}

/** Sends `neighbours.png`: the first samples, each with the training images nearest to it, by pixels and by features. */
async function sendNeighbours(
  digits: Digits,
  scorer: DigitScorer,
  samples: Float32Array,
  features: Rows,
): Promise<void> {
  const { images } = digits.train
  const pixels = images.size * images.size
  const real: Rows = { values: pixelsOf(digits.train), size: pixels }
  const shown = { values: samples.subarray(0, SHOWN.samples * pixels), size: pixels }
  const described = { ...features, values: features.values.subarray(0, SHOWN.samples * features.size) }
  const canvas = drawNeighbours(images, shown, real, {
    pixels: nearest(real, shown, SHOWN.neighbours),
    features: nearest(scorer.train, described, SHOWN.neighbours),
  })
  await send('neighbours', await canvas.convertToBlob({ type: 'image/png' }))
}
