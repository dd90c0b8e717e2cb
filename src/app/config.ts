/** The page's settings as a training configuration, and back. In the worker only: it brings the engine along. */
import { models, ownOptions } from '../models/index.ts'
import type { ImageSize } from '../models/model.ts'
import type { Config } from '../models/trainer.ts'
import type { Settings } from './state.ts'

const MODEL = 'dcgan'

export function configFrom({ seed, batch, ...options }: Settings, { size, channels }: ImageSize): Config {
  return { model: MODEL, options: ownOptions(MODEL, options), image: { size, channels }, batch, seed }
}

export function settingsOf({ model, seed, batch, options }: Config): Settings {
  const { width, lr } = { ...models[model]?.defaults, ...options }
  return { seed, width, batch, lr }
}

/** What an adapter trains in reasonable time. */
export function defaultsFor(isSoftware: boolean): Settings {
  const { presets, defaults } = models[MODEL]
  const { options, batch } = presets[isSoftware ? 'software' : 'gpu']
  const { width, lr } = { ...defaults, ...options }
  return { seed: 0, batch, width, lr }
}
