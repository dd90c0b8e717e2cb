// What a training run will do: from flags and presets, or from the folder of a run to continue.
import type { Adapter, AdapterChoice } from '../src/app/headless.ts'
import { sameField } from '../src/models/data/dataSet.ts'
import { isPoints } from '../src/models/data/fields.ts'
import {
  checkAids,
  familyOf,
  fieldsFor,
  pointFamilies,
  presetFor,
  presetOf,
  WHY,
} from '../src/models/index.ts'
import { kebab } from '../src/models/kebab.ts'
import { changed, defaultsOf, type OptionValue, optionText } from '../src/models/options.ts'
import type { Config, RunRecord } from '../src/models/training/saved.ts'
import { parse, type Settings, textOf } from '../src/models/training/stabilisers/names.ts'
import type { Checkpoint } from './checkpoints.ts'
import { type Loaded, loadDataSet } from './datasets.ts'
import { defaultModel } from './familyArgs.ts'
import { type RunFolder, recordOf } from './runFolder.ts'

/** What was asked for; what is left out, is picked. */
export interface Wishes {
  model?: string
  /** Options of the model's family. */
  options: Record<string, OptionValue>
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
  data: Loaded
  /** Why these hyperparameters. */
  why: string
}

export interface Continued extends Plan {
  record: RunRecord
  checkpoint: Checkpoint
}

/** Steps to a line of the log: a software adapter's are slow enough to read each. */
const LOG_EVERY = { software: 1, gpu: 10, points: 10 }
/** Lines that a log has at most, however long the run, unless more are asked for: of any model fewer than 100 MB. */
export const MAX_LINES = 100_000
const logEvery = (usual: number, steps: number): number => Math.max(usual, Math.ceil(steps / MAX_LINES))
/** Samples and checkpoints in a run, if nothing else is asked for. */
const SAVES = 12

/** What of a new run does not depend on the adapter. */
export interface Prepared {
  data: Loaded
  model: string
  aids: Settings
}

/** The model and data of a new run, checked before anything is started. */
export function prepare(wishes: Wishes): Prepared {
  const data = loadDataSet(wishes.data ?? 'mnist')
  const model = wishes.model ?? defaultModel(data.name)
  const fields = fieldsFor(model, data.set)
  const { presets } = familyOf(model)
  if (Object.values(fields).some(isPoints) && !presets.points)
    throw new Error(
      `${model} makes images: on the points of ${data.name} train ${pointFamilies().join(', ')}`,
    )
  const aids = readAids(wishes)
  const { batch = (presets.points ?? presets.software).batch, options } = wishes
  checkAids(aids, { model, fields, batch, options })
  return { data, model, aids }
}

/** A new run, sized for the adapter. */
export function planNew(wishes: Wishes, { model, data, aids }: Prepared, adapter: Adapter): Plan {
  const { seed = 0 } = wishes
  const fields = fieldsFor(model, data.set)
  const kind = presetFor(fields, adapter.software)
  const preset = presetOf(model, fields, adapter.software)
  const { batch = preset.batch, steps = preset.steps } = wishes
  const save = Math.ceil(steps / SAVES)
  const options = { ...preset.options, ...wishes.options } as Record<string, OptionValue>
  return {
    data,
    config: {
      model,
      options: changed(familyOf(model).options, options),
      ...(Object.keys(aids).length && { aids: overRun(aids, steps) }),
      fields,
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
  const refuse = (flag: string, asked: unknown, has: unknown) => {
    throw new Error(
      `${flag} ${asked} contradicts the run in ${path}, which has ${has}: leave it out, or start a new run`,
    )
  }
  const check = (flag: string, asked: unknown, has: unknown) => {
    if (asked !== undefined && asked !== has) refuse(flag, asked, has)
  }
  check('model', wishes.model, config.model)
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
  const all = { ...defaultsOf(familyOf(config.model).options), ...config.options }
  for (const [name, value] of Object.entries(wishes.options))
    check(`--${kebab(name)}`, optionText(value), optionText(all[name]))
  const data = loadDataSet(wishes.data ?? record.data.name)
  // The same data, wherever they are now: anything else would not be the same run.
  const { name, sha256 } = record.data
  const fields = fieldsFor(config.model, data.set)
  const isSame = Object.entries(config.fields).every(([own, field]) => sameField(field, fields[own]))
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
