/** The search for the fastest variants of the kernels that a training launches. */
import { type TuneOptions, type TuneResult, tune } from '../../engine/index.ts'
import type { DataSet } from '../data/dataSet.ts'
import { sourceOf } from '../index.ts'
import { type Config, Trainer } from './trainer.ts'

/** Models whose steps are not all alike begin with one that has everything; the second has what the usual ones have. */
const STEPS = 2

/** Tunes to training steps of a model of its own. Rejects as `tune` and `Trainer` do. */
export async function tuneSteps(data: DataSet, config: Config, options?: TuneOptions): Promise<TuneResult> {
  const metrics: Promise<Float32Array>[] = []
  const body = (): void => {
    const source = sourceOf(data, config)
    const trainer = new Trainer(config)
    for (let i = 0; i < STEPS; i++) {
      const read = trainer.advance(source)
      read.catch(() => {}) // awaited below, unless the search fails before
      metrics.push(read)
    }
    trainer.dispose()
    source.dispose()
  }
  const result = await tune(body, options)
  await Promise.all(metrics)
  return result
}
