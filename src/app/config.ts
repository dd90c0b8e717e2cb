/** The page's settings as a training configuration, and back. In the worker only: it brings the engine along. */
import { models, ownOptions } from '../models/index.ts'
import type { ImageSize } from '../models/model.ts'
import type { Config } from '../models/trainer.ts'
import type { Settings } from './state.ts'

export function configFrom(
  { model, seed, batch, ...options }: Settings,
  { size, channels }: ImageSize,
  isSoftware: boolean,
): Config {
  // What the page has no field for is as in the model's preset.
  const all = { ...models[model].presets[kindOf(isSoftware)].options, ...options }
  return { model, options: ownOptions(model, all), image: { size, channels }, batch, seed }
}

export function settingsOf({ model, seed, batch, options }: Config): Settings {
  const { width, lr } = { ...models[model]?.defaults, ...options }
  return { model, seed, width, batch, lr }
}

/** What is trained in reasonable time, for each model; the one to begin with first. */
export function defaultsFor(isSoftware: boolean): Settings[] {
  const all = Object.entries(models).map(([model, { presets, defaults }]) => {
    const { options, batch } = presets[kindOf(isSoftware)]
    const { width, lr } = { ...defaults, ...options }
    return { model, seed: 0, batch, width, lr }
  })
  return all.sort((a, b) => Number(b.model === FIRST) - Number(a.model === FIRST))
}

/** The model that a visitor sees first. */
const FIRST = 'dcgan'
const kindOf = (isSoftware: boolean): 'software' | 'gpu' => (isSoftware ? 'software' : 'gpu')
