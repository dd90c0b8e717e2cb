// `npm run evaluate`: how close the samples of a run come to the data that it learned from.
import { join } from 'node:path'
import { type DataKind, isToy, sampleSize } from '../src/models/data.ts'
import type { ImageSize } from '../src/models/model.ts'
import { ADAPTER_FLAG, type Flag, HOSTS, helpLines, readAdapter, readArgs } from './args.ts'
import { COUNTS, dataName, EVALUATIONS, type Kind, LIMITS, PAIRS } from './evaluations.ts'
import { withTrainingPage } from './headless.ts'
import { npy } from './npy.ts'
import { png } from './png.ts'
import { CHECKPOINT, readCheckpoint, writeWhole } from './runFolder.ts'
import { Collector, classifierHash, scoringFiles } from './scoring.ts'

const FLAGS = {
  count: {
    kind: 'count',
    about: `samples; ${COUNTS.digits} of digits, ${COUNTS.stacked} of stacked ones, ${COUNTS.points} points if left out`,
  },
  pairs: { kind: 'count', about: `pairs of latents for the perceptual path length; ${PAIRS} if left out` },
  seed: { kind: 'seed', about: 'of the samples; 0 if left out' },
  features: {
    kind: 'switch',
    about: "instead: how well a linear classifier tells digits apart by the discriminator's features",
  },
  export: {
    kind: 'text',
    value: 'DIR',
    about:
      'also writes the samples there, as generated/NNNNNN.png and generated.npy, and as many real images',
  },
  host: { kind: HOSTS, about: 'where the engine runs; chrome if left out' },
  adapter: ADAPTER_FLAG,
  help: { kind: 'switch', about: 'this text' },
} satisfies Record<string, Flag>

const HELP = [
  'npm run evaluate -- DIR [flags]     scores the samples of the run in DIR; also to DIR/evaluation.json',
  'Points: modes, quality, divergences. Digits: Fréchet and kernel distance, precision, recall, density, coverage and',
  'more, by the features of a small classifier, trained at first use; beside each what as many real digits come to.',
  'They do not compare with numbers by the features of Inception. Stacked digits: modes covered.',
]

export async function main(argv: string[]): Promise<number> {
  const { values, positionals } = readArgs(argv, FLAGS, 1)
  if (values.help) {
    for (const line of [...HELP, ...helpLines(FLAGS)]) console.log(line)
    return 0
  }
  const [folder] = positionals
  if (!folder) throw new Error('which run? npm run evaluate -- DIR, the folder of a run of npm run train')
  const checkpoint = readCheckpoint(join(folder, CHECKPOINT))
  const { config, step, path } = checkpoint
  const data = dataName(folder, config.data)
  const kind = kindOf(data, config.data)
  const { seed = 0, host = 'chrome', pairs = PAIRS, export: out, features = false } = values
  const { count = COUNTS[kind] } = values
  checkWishes(kind, data, count, out, features)
  const adapter = readAdapter(values.adapter, host)
  const isDigits = kind === 'digits' || kind === 'stacked'
  const exchange = new Collector({ checkpoint: checkpoint.file, ...(isDigits && scoringFiles()) })
  const isExported = out !== undefined
  const hasClassifier = exchange.files.classifier !== undefined
  const request = { file: path, count, seed, pairs, isExported, hasClassifier }
  const result = await withTrainingPage(exchange, { host, adapter: adapter.name }, async (page) => {
    const { name } = await page.call('describe', { adapter: adapter.choice ?? 'default' })
    console.log(`adapter  ${name}`)
    console.log(`model    ${config.model} on ${data} after ${step} steps, seed ${config.seed}`)
    return EVALUATIONS[features ? 'features' : kind](page, request, config.data)
  })
  for (const line of result.lines) console.log(line)
  const { neighbours } = exchange.taken
  if (neighbours) {
    const file = join(folder, 'neighbours.png')
    writeWhole(file, neighbours)
    console.log(`nearest training images of some samples: ${file}`)
  }
  if (out) exportImages(out, exchange.taken, sampleSize(config.data) as ImageSize)
  if (kind === 'images') return 0
  const run = { model: config.model, data, step, trainSeed: config.seed }
  const record = features
    ? { ...run, ...result.scores }
    : { ...run, seed, count, ...(isDigits && { classifier: classifierHash() }), ...result.scores }
  const file = join(folder, features ? 'features.json' : 'evaluation.json')
  writeWhole(file, `${JSON.stringify(record, null, 2)}\n`)
  return 0
}

/** Throws an Error for what cannot be had of such data. */
function checkWishes(
  kind: Kind,
  data: string,
  count: number,
  out: string | undefined,
  features: boolean,
): void {
  const [least, most] = LIMITS[kind]
  if (features && kind !== 'digits')
    throw new Error(`--features: is of digits; the run was trained on ${data}`)
  if (features && out) throw new Error('--export: writes samples, --features needs none: one of the two')
  if (kind === 'points' && out) throw new Error('--export: is of images; npm run sample writes points')
  if (kind === 'images' && !out)
    throw new Error(
      `${data} cannot be scored: evaluate knows digits (mnist, stacked) and points. --export DIR writes samples for other tools`,
    )
  if (count < least) throw new Error(`--count: expected at least ${least}, got ${count}`)
  if (count > most)
    throw new Error(`--count: expected at most ${most}, as many as there are test digits, got ${count}`)
}

function kindOf(name: string, data: DataKind): Kind {
  if (isToy(data)) return 'points'
  return data.stacked ? 'stacked' : name === 'mnist' ? 'digits' : 'images'
}

/** Writes what the page sent as bytes: each image as a PNG, and all generated ones as one array. */
function exportImages(out: string, taken: Record<string, Uint8Array>, { size, channels }: ImageSize): void {
  const each = size * size * channels
  for (const name of ['generated', 'real']) {
    const pixels = taken[name]
    if (!pixels) continue
    const count = pixels.length / each
    for (let i = 0; i < count; i++)
      writeWhole(
        join(out, name, `${String(i).padStart(6, '0')}.png`),
        png(pixels.subarray(i * each, (i + 1) * each), size, channels),
      )
    console.log(`exported  ${count} images to ${join(out, name)}`)
  }
  const { generated } = taken
  writeWhole(join(out, 'generated.npy'), npy(generated, [generated.length / each, size, size, channels]))
  console.log(`exported  ${join(out, 'generated.npy')}: bytes [N, H, W, C]`)
}
