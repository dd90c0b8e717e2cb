// `npm run import`: a run's folder made of a file with PyTorch's names and layouts.
import { join } from 'node:path'
import type { Report } from '../src/app/headless.ts'
import { DataError } from '../src/engine/index.ts'
import type { Fields } from '../src/models/data/fields.ts'
import { checkConfig, familyOf, fieldsFor } from '../src/models/index.ts'
import { changed } from '../src/models/options.ts'
import type { Config } from '../src/models/training/saved.ts'
import { readTorchFile } from '../src/models/training/torchFile.ts'
import { ADAPTER_FLAG, type Flag, HOSTS, helpLines, readAdapter, readArgs } from './args.ts'
import { CHECKPOINT } from './checkpoints.ts'
import { environment } from './environment.ts'
import { flagsOfFamily, lookAhead, optionLines } from './familyArgs.ts'
import { oneFile, withTrainingPage } from './headless.ts'
import { planNew, prepare, type Wishes } from './plan.ts'
import { read } from './read.ts'
import { RunFolder } from './runFolder.ts'
import { recordFor } from './train.ts'

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
  batch: { kind: 'count', about: 'samples in a minibatch' },
  seed: { kind: 'seed', about: 'of the random numbers that training goes on with' },
  out: { kind: 'text', value: 'DIR', about: "the run's folder" },
  host: { kind: HOSTS, about: 'where the engine runs; chrome if left out' },
  adapter: ADAPTER_FLAG,
  help: { kind: 'switch', about: 'this text' },
} satisfies Record<string, Flag>

export async function main(argv: string[]): Promise<number> {
  // Which other flags there are depends on the family, which the file may name.
  const {
    positionals: [from],
    texts,
  } = lookAhead(argv, FLAGS)
  if (argv.includes('--help')) return help(texts.model)
  if (!from) throw new Error('which file? npm run import -- FILE.safetensors --out DIR')
  if (texts.out === undefined)
    throw new Error('--out: which folder to write? npm run import -- FILE.safetensors --out DIR')
  const file = read(from)
  const { config: known, step } = readTorchFile(file, from)
  const model = texts.model ?? known?.model
  if (model === undefined) throw new Error(`--model: ${from} does not say which family it is of`)
  const { values, options } = readArgs(argv, FLAGS, 1, flagsOfFamily(model))
  const { data, batch, seed, size, channels, out = texts.out, host = 'chrome' } = values
  const adapter = readAdapter(values.adapter, host)

  const own = known?.model === model ? known : undefined
  const wishes: Wishes = { model, options, data, batch, seed, out, every: {} }
  const prepared = data === undefined ? undefined : prepare(wishes)
  const images = size && imagesFor(model, size, Number(channels ?? 1), own)
  const fields = prepared ? fieldsFor(model, prepared.data.set) : images || own?.fields
  if (!fields) throw new DataError(`--data or --size: ${from} does not say how large its images are`)
  const config = configOf(model, wishes, fields, own)
  checkConfig(config)

  const exchange = oneFile<Report>({ torch: file })
  const folder = RunFolder.create(out)
  try {
    const record = await withTrainingPage(exchange, { host, adapter: adapter.name }, async (page) => {
      const choice = adapter.choice ?? 'default'
      const described = await page.call('describe', { adapter: choice })
      await page.call('importTorch', { file: from, config })
      if (!prepared) return undefined
      const picked = planNew(wishes, prepared, described)
      const plan = { ...picked, config, steps: Math.max(picked.steps, step) }
      return recordFor(plan, environment(described, choice, await page.version()), new Date().toISOString())
    })
    folder.saveCheckpoint(exchange.content)
    if (record) folder.writeRecord(record)
  } finally {
    folder.close()
  }
  console.log(`${model} after ${step} steps, from ${from}: ${join(out, CHECKPOINT)}`)
  console.log(`Samples: npm run sample -- ${out}`)
  if (prepared) console.log(`Train on: npm run train -- --resume ${out} --steps N`)
  return 0
}

/** The fields with images of such a size as the first that a family takes; of others, what the file says. */
const imagesFor = (model: string, size: number, channels: number, own: Config | undefined): Fields => {
  const [first] = Object.keys(familyOf(model).takes)
  return { ...own?.fields, [first]: { kind: 'image', size, channels } }
}

/** The file's own configuration, if it is of this model, with what was asked for in its place. */
function configOf(model: string, wishes: Wishes, fields: Fields, own: Config | undefined): Config {
  const { options, presets } = familyOf(model)
  return {
    model,
    options: changed(options, { ...own?.options, ...wishes.options }),
    ...(own?.aids && { aids: own.aids }),
    fields,
    batch: wishes.batch ?? own?.batch ?? presets.software.batch,
    seed: wishes.seed ?? own?.seed ?? 0,
  }
}

function help(model: string | undefined): number {
  const lines = [
    'npm run import -- FILE.safetensors --out DIR [flags]',
    'What the file says of its model is used (npm run export and scripts/torch write it); flags say the rest, or otherwise:',
    "--model, its options (the paper's if left out), and --data or --size. docs/torch.md has names and layouts.",
    ...helpLines(FLAGS),
    ...(model === undefined
      ? ['Each model has flags of its own: --model NAME --help shows them.']
      : [`Of ${model}, with the paper's values:`, ...optionLines(familyOf(model).options)]),
  ]
  for (const line of lines) console.log(line)
  return 0
}
