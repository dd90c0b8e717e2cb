// What is asked of the page for each kind of data, and how the scores are told.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { DigitScores, DigitsRequest, FeatureScores, StackedScores } from '../src/app/evaluation.ts'
import { type Fields, isPoints, sampleOf } from '../src/models/data/fields.ts'
import { toyOf } from '../src/models/data/toys.ts'
import type { ImageScores } from '../src/models/evaluation/metrics/index.ts'
import type { ModeScores } from '../src/models/evaluation/metrics/labels.ts'
import { COUNTED, type ToyScores } from '../src/models/evaluation/toyMetrics.ts'
import type { Checkpoint } from './checkpoints.ts'
import type { TrainingPage } from './headless.ts'
import { recordOf } from './runFolder.ts'
import { type Row, table } from './table.ts'

/** Samples, if nothing else is asked for: of digits as many as take about a minute on two cores. */
export const COUNTS = { points: 25_000, digits: 5_000, stacked: 26_000, images: 5_000 }
export type Kind = keyof typeof COUNTS
/** Samples that can be scored: neighbours need some, and there are 10,000 test digits to compare with. */
export const LIMITS: Record<Kind, readonly [least: number, most: number]> = {
  points: [COUNTED, Number.POSITIVE_INFINITY],
  digits: [6, 10_000],
  stacked: [1, Number.POSITIVE_INFINITY],
  images: [1, Number.POSITIVE_INFINITY],
}
/** Labelled digits that linear classifiers learn from: the paper's number for another data set, and ten times as many. */
const LABELS = [1000, 10_000]
/** Pairs of latents for the path lengths. */
export const PAIRS = 1_000

interface Result {
  /** For evaluation.json. */
  scores: object
  /** For people. */
  lines: string[]
}

export const EVALUATIONS: Record<
  Kind | 'features',
  (page: TrainingPage, request: DigitsRequest, fields: Fields) => Promise<Result>
> = {
  async points(page, { file, count, seed }, fields) {
    const scores = await page.call('evaluatePoints', { file, count, seed })
    return { scores, lines: points(toyNameOf(fields) ?? '', count, scores) }
  },
  digits: async (page, request) => ofDigits(await page.call('evaluateDigits', request)),
  stacked: async (page, request) => ofStacked(await page.call('evaluateStacked', request)),
  async features(page, { file }) {
    const scores = await page.call('evaluateFeatures', { file, labels: LABELS })
    return { scores: { features: scores }, lines: features(scores) }
  },
  async images(page, { file, count, seed }) {
    await page.call('exportSamples', { file, count, seed })
    return { scores: {}, lines: [] }
  },
}

/** The same of samples that are served, whoever made them. */
export const FILE_EVALUATIONS = {
  digits: async (page: TrainingPage, hasClassifier: boolean): Promise<Result> =>
    ofDigits(await page.call('scoreDigits', { hasClassifier })),
  stacked: async (page: TrainingPage, hasClassifier: boolean): Promise<Result> =>
    ofStacked(await page.call('scoreStacked', { hasClassifier })),
}

const ofDigits = (scores: DigitScores): Result => ({
  scores: { ...scores, frechetOverFloor: scores.generated.frechet / scores.real.frechet },
  lines: digits(scores),
})

const ofStacked = (scores: StackedScores): Result => ({ scores, lines: stacked(scores) })

/** Generated points beside as many real ones: no model can be expected to do better than those. */
function points(toy: string, count: number, scores: Record<'generated' | 'real', ToyScores>): string[] {
  const { centres } = toyOf(toy)
  const row = (name: string, show: (scores: ToyScores) => string): Row => ({
    name,
    cells: [show(scores.generated), show(scores.real)],
  })
  const modes = row(`modes covered, of ${COUNTED} samples`, ({ modes }) => `${modes} of ${centres.length}`)
  return table(
    ['samples', 'real data'],
    [
      ...(scores.generated.modes === undefined ? [] : [modes]),
      row(`within 3 standard deviations of a centre, of ${COUNTED}`, ({ quality }) => percent(quality)),
      row(`KL(samples || data) in nats, of ${count}`, ({ kl }) => kl.toFixed(4)),
      row(`Jensen-Shannon divergence in nats, of ${count}`, ({ js }) => js.toFixed(4)),
    ],
  )
}

const percent = (share: number): string => `${(100 * share).toFixed(1)}%`

const DIGIT_ROWS: readonly [keyof ImageScores, string, (value: number) => string][] = [
  ['frechet', 'Fréchet distance', (x) => x.toFixed(3)],
  ['kernel', 'kernel distance (MMD², cubic)', (x) => x.toFixed(4)],
  ['precision', 'precision (k = 3)', percent],
  ['recall', 'recall (k = 3)', percent],
  ['density', 'density (k = 5)', (x) => x.toFixed(3)],
  ['coverage', 'coverage (k = 5)', percent],
  ['score', 'score of the classifier, 1 to 10', (x) => x.toFixed(3)],
]

function digits({ generated, real, count, accuracy, pathLengths, asked }: DigitScores): string[] {
  const n = count.toLocaleString('en')
  const rows = DIGIT_ROWS.map(([key, name, show]) => ({
    name,
    cells: [
      show(generated[key]),
      show(real[key]),
      ...(key === 'frechet' ? [`${(generated.frechet / real.frechet).toFixed(1)} x real`] : []),
    ],
  }))
  return [
    `features of a classifier (${(100 * accuracy).toFixed(2)}% of the test digits): not comparable with Inception's`,
    `${n} samples, and ${n} test digits as real data, each against ${n} training digits`,
    ...table(['samples', 'real data', ''], rows),
    ...(asked === undefined
      ? []
      : [
          `read as the digit that was asked for: ${percent(asked)} of the samples; of real test digits, as what they are: ${percent(accuracy)}`,
        ]),
    ...pathLengths.map(
      ({ space, pairs, mean, error }) =>
        `perceptual path length in ${space}, full, of ${pairs.toLocaleString('en')} pairs: ${mean.toPrecision(4)} ± ${error.toPrecision(2)}`,
    ),
  ]
}

function stacked({ generated, real, count, accuracy }: StackedScores): string[] {
  const row = (name: string, show: (scores: ModeScores) => string): Row => ({
    name,
    cells: [show(generated), show(real)],
  })
  return [
    `modes by a classifier (${(100 * accuracy).toFixed(2)}% of the test digits), ${count.toLocaleString('en')} samples, as many of real digits`,
    ...table(
      ['samples', 'real data'],
      [
        row('modes covered', ({ modes }) => `${modes} of 1000`),
        row('KL(samples || data) in nats', ({ kl }) => kl.toFixed(4)),
        row('KL(samples || uniform) in nats', ({ klUniform }) => klUniform.toFixed(4)),
      ],
    ),
  ]
}

const WAYS: Record<string, string> = {
  trained: "the discriminator's features",
  untrained: 'the same, untrained',
  pixels: 'pixels',
}

function features(scores: readonly FeatureScores[]): string[] {
  const rows = Object.entries(WAYS).map(([way, name]) => ({
    name,
    cells: scores.map(({ accuracy }) => `${(100 * accuracy[way]).toFixed(2)}%`),
  }))
  return [
    '10,000 test digits told apart by a linear classifier (L2-SVM), by the labelled digits that it learned from:',
    ...table(
      scores.map(({ labels }) => labels.toLocaleString('en')),
      rows,
    ),
  ]
}

/** What the run in `folder` learned from: a toy's name, or as its record has it. Throws CheckpointError as `recordOf` does. */
export function dataName(folder: string, checkpoint: Checkpoint): string {
  const toy = toyNameOf(checkpoint.config.fields)
  if (toy !== undefined) return toy
  return existsSync(join(folder, 'run.json')) ? recordOf(folder, checkpoint).data.name : 'unknown images'
}

function toyNameOf(fields: Fields): string | undefined {
  const made = sampleOf(fields)
  return made && isPoints(made) ? made.toy : undefined
}
