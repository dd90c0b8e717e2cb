/** What generated digits are scored by: a classifier, and what it says of the real ones. Kept in a file between uses. */
import {
  CheckpointError,
  checkSeal,
  nn,
  randomIntegers,
  safetensors,
  scope,
  sealed,
  seed,
} from '../../engine/index.ts'
import { STACKED } from '../data/dataSet.ts'
import { apart, read } from '../family.ts'
import {
  CLASSES,
  Classifier,
  describe,
  FEATURES,
  type Labelled,
  savedTensors,
  type TrainingOptions,
  trainClassifier,
} from './classifier.ts'
import { type Described, type ImageScores, scoreImages } from './metrics/index.ts'
import { labelsOf, type ModeScores, scoreModes, stackedModeOf, stackedModes } from './metrics/labels.ts'
import { countOf, firstRows, type Rows } from './metrics/rows.ts'

/** Another one for every change of the classifier or its training. */
const FORMAT = 'ganvas digits 1'
/** Below this share of the test digits something is wrong, with the classifier or with what it ran on. */
const LEAST_ACCURACY = 0.99

export interface Digits {
  train: Labelled
  test: Labelled
}

/** Scores of generated images and of as many real ones: no generator can be expected to do better than those. */
export interface Scored<T> {
  /** Samples scored, and training images that they are compared with. */
  count: number
  generated: T
  /** Of test images. */
  real: T
}

export class DigitScorer {
  private constructor(
    private readonly net: Record<string, safetensors.SavedTensor>,
    /** Features of the training images. */
    readonly train: Rows,
    private readonly test: Described,
    /** Share of the test images whose label it says. */
    readonly accuracy: number,
  ) {}

  /**
   * Trains the classifier, and describes the real digits; the random numbers of whoever calls stay as they are. Throws an
   * Error when it comes to less than 99% of the test digits.
   */
  static async make(digits: Digits, options: TrainingOptions = {}): Promise<DigitScorer> {
    return apart(async () => {
      const net = await trainClassifier(digits.train, options)
      try {
        const test = await describe(net, pixelsOf(digits.test))
        const { features: train } = await describe(net, pixelsOf(digits.train))
        const labels = labelsOf(test.probabilities)
        const right = labels.reduce((sum, label, i) => sum + Number(label === digits.test.labels[i]), 0)
        const accuracy = right / labels.length
        if (accuracy < LEAST_ACCURACY)
          throw new Error(
            `the classifier of digits came to ${(100 * accuracy).toFixed(2)}% of the test images, expected at least 99%: scores by it would mean little`,
          )
        return new DigitScorer(await savedTensors(net), train, test, accuracy)
      } finally {
        for (const t of Object.values(nn.stateDict(net))) t.dispose()
      }
    })
  }

  /** Throws CheckpointError when the file is not what write() made, or damaged. */
  static read(file: Uint8Array, name = 'classifier'): DigitScorer {
    const saved = safetensors.read(file, name)
    const { tensors, metadata } = saved
    if (metadata.format !== FORMAT)
      throw new CheckpointError(`${name}: format '${metadata.format ?? 'none'}', expected '${FORMAT}'`)
    if (!checkSeal(saved, name)) throw new CheckpointError(`${name} has no checksum`)
    const { 'real.train': train, 'real.test': test, 'real.probabilities': probabilities, ...net } = tensors
    if (!train || !test || !probabilities)
      throw new CheckpointError(`${name}: lacks what was said of the real digits`)
    return new DigitScorer(
      net,
      { values: train.data, size: FEATURES },
      {
        features: { values: test.data, size: FEATURES },
        probabilities: { values: probabilities.data, size: CLASSES },
      },
      Number(metadata.accuracy),
    )
  }

  write(): Uint8Array {
    const table = ({ values, size }: Rows): safetensors.SavedTensor => ({
      shape: [values.length / size, size],
      data: values,
    })
    const tensors = {
      ...this.net,
      'real.train': table(this.train),
      'real.test': table(this.test.features),
      'real.probabilities': table(this.test.probabilities),
    }
    const metadata = { format: FORMAT, accuracy: String(this.accuracy) }
    return safetensors.write(sealed({ tensors, metadata }))
  }

  /** Runs `body` with the classifier on the device; the random numbers of whoever calls stay as they are. */
  async withNet<T>(body: (net: Classifier) => Promise<T>): Promise<T> {
    return apart(async () => {
      const net = scope(() => new Classifier())
      try {
        nn.loadStateDict(net, this.net)
        return await body(net)
      } finally {
        for (const t of Object.values(nn.stateDict(net))) t.dispose()
      }
    })
  }

  /** Features and probabilities of images [N, 28, 28, 1] in [-1, 1]. */
  describe(images: Float32Array): Promise<Described> {
    return this.withNet((net) => describe(net, images))
  }

  /** The most that score() takes: as many as there are test images. */
  get most(): number {
    return countOf(this.test.features)
  }

  /** Scores of images [N, 28, 28, 1] and of as many test images, each against as many training images. */
  score(described: Described): Scored<ImageScores> {
    const count = countOf(described.features)
    return { count, generated: this.scoreGenerated(described), real: this.scoreReal(count) }
  }

  /** Scores of images against as many training images, or all if there are fewer. */
  scoreGenerated(described: Described): ImageScores {
    return scoreImages(firstRows(this.train, countOf(described.features)), described)
  }

  /** Scores of the first `count` test images. Throws RangeError when there are fewer. */
  scoreReal(count: number): ImageScores {
    if (count > this.most)
      throw new RangeError(
        `expected at most ${this.most} images, as many as there are to compare with, got ${count}`,
      )
    const { features, probabilities } = this.test
    return this.scoreGenerated({
      features: firstRows(features, count),
      probabilities: firstRows(probabilities, count),
    })
  }

  /** Modes of stacked images [N, 28, 28, 3] and of as many made of test images, against those of the training labels. */
  async scoreStacked(images: Float32Array, trainLabels: Uint8Array): Promise<Scored<ModeScores>> {
    const { probabilities } = await this.describe(unstacked(images))
    const generated = stackedModeOf(labelsOf(probabilities))
    const known = labelsOf(this.test.probabilities)
    const drawn = await apart(() => {
      seed(0)
      return read(() => randomIntegers([STACKED * generated.length], known.length))
    })
    const real = stackedModeOf(Uint8Array.from(drawn, (place) => known[place]))
    const data = stackedModes(trainLabels)
    return {
      count: generated.length,
      generated: scoreModes(generated, data),
      real: scoreModes(real, data),
    }
  }
}

/** Images as bytes to values in [-1, 1], as the networks take them. */
export const pixelsOf = ({ images: { bytes } }: Pick<Labelled, 'images'>): Float32Array => fromBytes(bytes)

/** Bytes to values in [-1, 1]. */
export function fromBytes(bytes: Uint8Array): Float32Array {
  const values = new Float32Array(bytes.length)
  for (let i = 0; i < bytes.length; i++) values[i] = bytes[i] * (2 / 255) - 1
  return values
}

/** Stacked images [N, H, W, 3] as grey ones [3 N, H, W, 1], three to a sample. */
export function unstacked(images: Float32Array, pixels = 28 * 28): Float32Array {
  const grey = new Float32Array(images.length)
  for (let i = 0; i < images.length; i++) {
    const [at, channel] = [Math.floor(i / STACKED), i % STACKED]
    const [n, pixel] = [Math.floor(at / pixels), at % pixels]
    grey[(n * STACKED + channel) * pixels + pixel] = images[i]
  }
  return grey
}
