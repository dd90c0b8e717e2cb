// `npm run import`: a run's folder made of a file with PyTorch's names and layouts.
import { join } from 'node:path'
import type { Report } from '../src/app/headless.ts'
import { DataError } from '../src/engine/index.ts'
import type { DataKind } from '../src/models/data/data.ts'
import { models, ownOptions } from '../src/models/index.ts'
import { kebab } from '../src/models/kebab.ts'
import { type LossName, losses } from '../src/models/training/losses.ts'
import { readTorchFile } from '../src/models/training/torchFile.ts'
import type { Config } from '../src/models/training/trainer.ts'
import { ADAPTER_FLAG, type Flag, HOSTS, helpLines, readAdapter, readArgs } from './args.ts'
import { read } from './datasets.ts'
import { environment } from './environment.ts'
import { oneFile, withTrainingPage } from './headless.ts'
import { checkLoss, planNew, prepare, readOptions, type Wishes } from './plan.ts'
import { CHECKPOINT, RunFolder, refuseExisting } from './runFolder.ts'
import { checkModel, HYPERPARAMETERS, recordOf } from './train.ts'

const FLAGS = {
  model: { kind: 'text', value: 'NAME', about: 'the family; as the file says if left out' },
  data: {
    kind: 'text',
    value: 'NAME',
    about:
      'what training goes on with, as npm run train takes it; without it there are samples, and no --resume',
  },
  size: { kind: 'count', about: 'pixels of a side of the images, where neither --data nor the file says' },
  channels: { kind: ['1', '3'], about: 'of these images; 1 if left out' },
  loss: { kind: Object.keys(losses).map(kebab), about: "another loss than the model's own" },
  batch: { kind: 'count', about: 'samples in a minibatch' },
  seed: { kind: 'seed', about: 'of the random numbers that training goes on with' },
  out: { kind: 'text', value: 'DIR', about: "the run's folder" },
  host: { kind: HOSTS, about: 'where the engine runs; chrome if left out' },
  adapter: ADAPTER_FLAG,
  help: { kind: 'switch', about: 'this text' },
} satisfies Record<string, Flag>

const HELP = [
  'npm run import -- FILE.safetensors --out DIR [flags]',
  'What the file says of its model is used (npm run export and scripts/torch write it); flags say the rest, or otherwise:',
  "--model, its hyperparameters (the paper's if left out), and --data or --size. docs/torch.md has names and layouts.",
]

export async function main(argv: string[]): Promise<number> {
  const { values, numbers, positionals } = readArgs(argv, FLAGS, 1, HYPERPARAMETERS)
  if (values.help) {
    for (const line of [...HELP, ...helpLines(FLAGS)]) console.log(line)
    return 0
  }
  const [from] = positionals
  if (!from) throw new Error('which file? npm run import -- FILE.safetensors --out DIR')
  const { out, host = 'chrome' } = values
  if (out === undefined)
    throw new Error('--out: which folder to write? npm run import -- FILE.safetensors --out DIR')
  refuseExisting(out)
  const adapter = readAdapter(values.adapter, host)
  const file = Uint8Array.from(read(from)) // a Buffer's slices are no copies
  const { config: known, step } = readTorchFile(file, from)
  const model = values.model ?? known?.model
  if (model === undefined) throw new Error(`--model: ${from} does not say which family it is of`)
  checkModel(model)
  const wishes: Wishes = {
    model,
    hyperparameters: numbers,
    loss: (Object.keys(losses) as LossName[]).find((name) => kebab(name) === values.loss),
    ...pick(values, 'data', 'batch', 'seed', 'out'),
    every: {},
  }
  checkLoss(model, wishes.loss)
  const prepared = values.data === undefined ? undefined : prepare(wishes, new Date())
  const own = known?.model === model ? known : undefined
  const images = values.size && { size: values.size, channels: Number(values.channels ?? 1) }
  const data = prepared?.data.kind ?? (images || known?.data)
  if (!data) throw new DataError(`--data or --size: ${from} does not say how large its images are`)
  const config = configOf(model, wishes, data, own)

  const exchange = oneFile<Report>({ torch: file })
  const folder = new RunFolder(out)
  await withTrainingPage(exchange, { host, adapter: adapter.name }, async (page) => {
    const choice = adapter.choice ?? 'default'
    const described = await page.call('describe', { adapter: choice })
    await page.call('importTorch', { file: from, config })
    if (!prepared) return
    const picked = planNew(wishes, prepared, described)
    const plan = { ...picked, config, steps: Math.max(picked.steps, step) }
    const made = environment(described, choice, await page.version())
    folder.writeRecord(recordOf(plan, made, new Date().toISOString()))
  })
  folder.write(CHECKPOINT, exchange.content)
  folder.checkpoint() // what was written can be read
  console.log(`${model} after ${step} steps, from ${from}: ${join(out, CHECKPOINT)}`)
  console.log(`Samples: npm run sample -- ${out}`)
  if (prepared) console.log(`Train on: npm run train -- --resume ${out} --steps N`)
  return 0
}

/** The file's own configuration, if it is of this model, with what was asked for in its place. */
function configOf(model: string, wishes: Wishes, data: DataKind, own: Config | undefined): Config {
  const { loss = own?.loss } = wishes
  const { losses: known, presets } = models[model]
  return {
    model,
    options: ownOptions(model, { ...own?.options, ...readOptions(model, wishes) }),
    ...(loss && loss !== known[0] && { loss }),
    ...(own?.aids && { aids: own.aids }),
    data,
    batch: wishes.batch ?? own?.batch ?? presets.software.batch,
    seed: wishes.seed ?? own?.seed ?? 0,
  }
}

const pick = <T, K extends keyof T>(values: T, ...keys: K[]): Pick<T, K> =>
  Object.fromEntries(keys.map((key) => [key, values[key]])) as Pick<T, K>
