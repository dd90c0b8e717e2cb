/** Scores samples while a model trains. */
import { seed } from '../engine/index.ts'
import { type Field, isPoints } from '../models/data/fields.ts'
import { toyOf } from '../models/data/toys.ts'
import { scorePoints } from '../models/evaluation/toyMetrics.ts'
import type { Trainer } from '../models/training/trainer.ts'
import { samplesOf } from './checkpoint.ts'
import { scorerOf, servedDigits } from './evaluation.ts'
import type { MetricsLine } from './report.ts'

/** Samples scored: fewer than an evaluation's, so that training goes on soon. */
export const METERED = { points: 2500, digits: 2000, stacked: 2600 }

/** Scores of a trainer's samples, always of the same latents. */
export type Meter = (trainer: Trainer) => Promise<MetricsLine>

/** For data that can be scored: points, digits, stacked digits. */
export async function meterOf(shows: Field, hasClassifier: boolean): Promise<Meter> {
  const drawn = (trainer: Trainer, count: number): Promise<Float32Array> => {
    seed(0)
    return samplesOf(trainer, count)
  }
  if (isPoints(shows)) {
    const toy = toyOf(shows.toy)
    return async (trainer) => ({
      step: trainer.step,
      ...scorePoints(toy, await drawn(trainer, METERED.points)),
    })
  }
  const digits = await servedDigits()
  const scorer = await scorerOf(digits, hasClassifier)
  if (shows.kind === 'image' && shows.stacked)
    return async (trainer) => {
      const images = await drawn(trainer, METERED.stacked)
      const { generated } = await scorer.scoreStacked(images, digits.train.labels)
      return { step: trainer.step, ...generated }
    }
  return async (trainer) => {
    const described = await scorer.describe(await drawn(trainer, METERED.digits))
    return { step: trainer.step, ...scorer.scoreGenerated(described) }
  }
}
