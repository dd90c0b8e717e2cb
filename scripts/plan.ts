// What a training run will do: from flags and presets, or from the folder of a run to continue.
import type { Adapter, AdapterChoice } from '../src/app/headless.ts'
import { isToy } from '../src/models/data/data.ts'
import { checkAids, models, ownOptions, pointModels, presetFor, WHY } from '../src/models/index.ts'
import { kebab } from '../src/models/kebab.ts'
import type { LossName } from '../src/models/training/losses.ts'
import type { Config, RunRecord } from '../src/models/training/saved.ts'
import { parse, type Settings, textOf } from '../src/models/training/stabilisers/names.ts'
import type { Checkpoint } from './checkpoints.ts'
import { type DataSet, loadDataSet } from './datasets.ts'
import { type RunFolder, recordOf } from './runFolder.ts'

/** What was asked for; what is left out, is picked. */
export interface Wishes {
  model?: string
  /** By the name of their flag. */
  hyperparameters: Record<string, number>
  loss?: LossName
  /** As `parse` takes them. */
  reg?: string
  trick?: string
  data?: string
  steps?: number
  batch?: number
  seed?: number
  out?: string
  adapter?: AdapterChoice
  every: Partial<RunRecord['every']>
}

export interface Plan {
  config: Config
  steps: number
  every: RunRecord['every']
  data: DataSet
  /** Why these hyperparameters. */
  why: string
}

export interface Continued extends Plan {
  record: RunRecord
  checkpoint: Checkpoint
}

/** Trained if no model is named. */
const MODEL = 'dcgan'
/** Trained on points if no model is named. */
const POINT_MODEL = 'gan'
/** Steps to a line of the log: a software adapter's are slow enough to read each. */
const LOG_EVERY = { software: 1, gpu: 10, points: 10 }
/** Lines that a log has at most, however long the run, unless more are asked for: of any model fewer than 100 MB. */
export const MAX_LINES = 100_000
const logEvery = (usual: number, steps: number): number => Math.max(usual, Math.ceil(steps / MAX_LINES))
/** Samples and checkpoints in a run, if nothing else is asked for. */
const SAVES = 12

/** What of a new run does not depend on the adapter. */
export interface Prepared {
  data: DataSet
  model: string
  aids: Settings
}

/** The model and data of a new run, checked before anything is started. */
export function prepare(wishes: Wishes): Prepared {
  const data = loadDataSet(wishes.data ?? 'mnist')
  const onPoints = isToy(data.kind)
  const model = wishes.model ?? (onPoints ? POINT_MODEL : MODEL)
  const { presets, losses } = models[model]
  if (onPoints && !presets.points)
    throw new Error(`${model} makes images: on the points of ${data.name} train ${pointModels().join(', ')}`)
  if (wishes.loss && !losses.includes(wishes.loss))
    throw new Error(`--loss: the paper of ${model} leaves no choice`)
  readOptions(model, wishes)
  const aids = readAids(wishes)
  const { batch = (presets.points ?? presets.software).batch, loss } = wishes
  checkAids(aids, { model, data: data.kind, batch, loss })
  return { data, model, aids }
}

/** A new run, sized for the adapter. */
export function planNew(wishes: Wishes, { model, data, aids }: Prepared, adapter: Adapter): Plan {
  const { loss, seed = 0 } = wishes
  const kind = presetFor(data.kind, adapter.software)
  const { presets, losses } = models[model]
  const preset = presets[kind] ?? presets.software
  const { batch = preset.batch, steps = preset.steps } = wishes
  const save = Math.ceil(steps / SAVES)
  return {
    data,
    config: {
      model,
      options: ownOptions(model, { ...preset.options, ...readOptions(model, wishes) }),
      ...(loss && loss !== losses[0] && { loss }),
      ...(Object.keys(aids).length && { aids: overRun(aids, steps) }),
      data: data.kind,
      batch,
      seed,
    },
    steps,
    every: { log: logEvery(LOG_EVERY[kind], steps), sample: save, checkpoint: save, ...wishes.every },
    why: WHY[kind],
  }
}

/** A run to continue. Throws an Error when `wishes` contradict it, or its data has changed. */
export function planResume(folder: RunFolder, wishes: Wishes): Continued {
  const { path } = folder
  const checkpoint = folder.checkpoint()
  const record = recordOf(path, checkpoint)
  const { config } = checkpoint
  const { defaults, losses } = models[config.model]
  const refuse = (flag: string, asked: unknown, has: unknown) => {
    throw new Error(
      `${flag} ${asked} contradicts the run in ${path}, which has ${has}: leave it out, or start a new run`,
    )
  }
  const check = (flag: string, asked: unknown, has: unknown) => {
    if (asked !== undefined && asked !== has) refuse(flag, asked, has)
  }
  check('model', wishes.model, config.model)
  check('--loss', wishes.loss, config.loss ?? losses[0])
  check('--batch', wishes.batch, config.batch)
  check('--seed', wishes.seed, config.seed)
  check('--out', wishes.out, path)
  const has = config.aids ?? {}
  const aids = readAids(wishes)
  for (const flag of ['reg', 'trick'] as const)
    if (wishes[flag] !== undefined)
      check(
        `--${flag}`,
        textOf(flag, { 'noise-steps': has['noise-steps'], ...aids }),
        textOf(flag, has) || 'none',
      )
  for (const [name, value] of Object.entries(readOptions(config.model, wishes)))
    check(`--${kebab(name)}`, value, { ...defaults, ...config.options }[name])
  const data = loadDataSet(wishes.data ?? record.data.name)
  // The same data, wherever they are now: anything else would not be the same run.
  const { name, sha256 } = record.data
  const isSame = JSON.stringify(data.kind) === JSON.stringify(config.data)
  if (!isSame || (sha256 ? data.identity.sha256 !== sha256 : data.name !== name))
    refuse('--data', data.name, sha256 ? `other images (${record.data.count} of ${name})` : name)
  const { steps = record.steps } = wishes
  // As it was, unless the run is to be longer than was thought when it began.
  const log = steps > record.steps ? logEvery(record.every.log, steps) : record.every.log
  return {
    config,
    steps,
    every: { ...record.every, log, ...wishes.every },
    data,
    why: `as the run in ${path} has it`,
    record,
    checkpoint,
  }
}

/** What --reg and --trick ask for. */
const readAids = ({ reg, trick }: Wishes): Settings => ({
  ...(reg !== undefined && parse('reg', reg)),
  ...(trick !== undefined && parse('trick', trick)),
})

/** Noise that nothing else is said of fades over the run's steps. */
const overRun = (aids: Settings, steps: number): Settings =>
  aids.noise === undefined ? aids : { 'noise-steps': steps, ...aids }

/** Hyperparameters by the name that the model gives them. Throws an Error for one that it does not have. */
function readOptions(model: string, { hyperparameters }: Wishes): Record<string, number> {
  const names = Object.keys(models[model].defaults)
  return Object.fromEntries(
    Object.entries(hyperparameters).map(([flag, value]) => {
      const name = names.find((n) => kebab(n) === flag)
      if (name) return [name, value]
      throw new Error(
        `--${flag} is no hyperparameter of ${model}, which has ${names.map((n) => `--${kebab(n)}`).join(' ')}`,
      )
    }),
  )
}
