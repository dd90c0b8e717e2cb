/** What is trained when nothing else is asked for: as much as gives readable pictures in a few minutes. */
import { models } from './index.ts'

export interface Preset {
  /** Hyperparameters by name; a model takes those it has. */
  options: Readonly<Record<string, number>>
  batch: number
  steps: number
  /** A log line every so many steps. */
  logEvery: number
  why: string
}

export const presets: Readonly<Record<'software' | 'gpu', Preset>> = {
  software: {
    options: { width: 32, lr: 5e-4 },
    batch: 32,
    steps: 1500,
    logEvery: 1,
    why: 'a small model and a higher rate, as the adapter is a software one: readable digits within minutes on a CPU',
  },
  gpu: {
    options: { width: 64, lr: 2e-4 },
    batch: 128,
    steps: 6000,
    logEvery: 10,
    why: "the paper's rate and batch on a model of full width, as there is a GPU",
  },
}

/** The part of `options` that `model` has and whose values are not its defaults: what a Config holds. */
export function ownOptions(model: string, options: Readonly<Record<string, number>>): Record<string, number> {
  const { defaults } = models[model]
  return Object.fromEntries(
    Object.entries(options).filter(([name, value]) => name in defaults && defaults[name] !== value),
  )
}
