/** Scores of generated images from features of a classifier: none is comparable with numbers from Inception's features. */
import { frechetDistance } from './frechet.ts'
import { kernelDistance } from './kernelDistance.ts'
import { classifierScore } from './labels.ts'
import { type Manifold, manifold } from './neighbours.ts'
import type { Rows } from './rows.ts'

export interface ImageScores extends Manifold {
  /** Fréchet distance from the reference. */
  frechet: number
  /** Kernel distance from the reference. */
  kernel: number
  /** As the Inception score is made, from the classifier's probabilities. */
  score: number
}

/** What a classifier says of images. */
export interface Described {
  features: Rows
  /** [N, classes] */
  probabilities: Rows
}

/** Scores of samples against a reference of real images. */
export const scoreImages = (reference: Rows, { features, probabilities }: Described): ImageScores => ({
  frechet: frechetDistance(reference, features),
  kernel: kernelDistance(reference, features),
  ...manifold(reference, features),
  score: classifierScore(probabilities),
})

export const METRICS = ['frechet', 'kernel', 'precision', 'recall', 'density', 'coverage', 'score'] as const
