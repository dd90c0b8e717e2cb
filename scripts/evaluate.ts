// `npm run evaluate`: how close the samples of a run come to the data that it learned from.
import { join } from 'node:path'
import { DataError } from '../src/engine/index.ts'
import { type Field, type ImageField, isImage, isPoints, sampleOf } from '../src/models/data/fields.ts'
import { ADAPTER_FLAG, type Flag, HOSTS, helpLines, readAdapter, readArgs } from './args.ts'
import { latestCheckpoint } from './checkpoints.ts'
import { COUNTS, dataName, EVALUATIONS, FILE_EVALUATIONS, type Kind, LIMITS, PAIRS } from './evaluations.ts'
import { type Place, type TrainingPage, withTrainingPage } from './headless.ts'
import { npy, readNpy } from './npy.ts'
import { png } from './png.ts'
import { read } from './read.ts'
import { checkReplaceable, checkWritable, replaceFolder, writeWhole } from './save.ts'
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

const NPY = '.npy'
/** Folders of an export, and what is in them. */
const EXPORTED = ['generated', 'real']
const PICTURE = /^\d{6,}\.png$/
/** What images of 28 x 28 pixels are, by their channels. */
const FILE_KINDS: Readonly<Record<number, keyof typeof FILE_EVALUATIONS>> = { 1: 'digits', 3: 'stacked' }

interface Where {
  host: Place['host']
  adapter: ReturnType<typeof readAdapter>
}

const HELP = [
  'npm run evaluate -- DIR [flags]      scores the samples of the run in DIR; also to DIR/evaluation.json',
  'npm run evaluate -- FILE.npy         scores digits made elsewhere, bytes [N, 28, 28, 1] or, stacked, [N, 28, 28, 3];',
  '                                     also to FILE.json',
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
  const { host = 'chrome' } = values
  const place = { host, adapter: readAdapter(values.adapter, host) }
  if (folder.endsWith(NPY)) {
    const unfit = (['count', 'pairs', 'seed', 'features', 'export'] as const).find(
      (name) => values[name] !== undefined,
    )
    if (unfit) throw new Error(`--${unfit}: is for a run, ${folder} is a file of samples`)
    return evaluateFile(folder, place)
  }
  const checkpoint = latestCheckpoint(folder)
  const { config, step, path } = checkpoint
  const data = dataName(folder, checkpoint)
  const kind = kindOf(data, sampleOf(config.fields))
  const { seed = 0, pairs = PAIRS, export: out, features = false } = values
  const { count = COUNTS[kind] } = values
  checkWishes(kind, data, count, out, features)
  const file = join(folder, features ? 'features.json' : 'evaluation.json')
  checkWritable(file)
  if (out) checkExport(out)
  const isDigits = kind === 'digits' || kind === 'stacked'
  const exchange = new Collector({ checkpoint: checkpoint.file, ...(isDigits && scoringFiles()) })
  const isExported = out !== undefined
  const hasClassifier = exchange.files.classifier !== undefined
  const request = { file: path, count, seed, pairs, isExported, hasClassifier }
  const result = await onPage(exchange, place, async (page) => {
    console.log(`model    ${config.model} on ${data} after ${step} steps, seed ${config.seed}`)
    return EVALUATIONS[features ? 'features' : kind](page, request, config.fields)
  })
  for (const line of result.lines) console.log(line)
  keepNeighbours(exchange, join(folder, 'neighbours.png'))
  const made = sampleOf(config.fields)
  if (out && made && isImage(made)) exportImages(out, exchange.taken, made)
  if (kind === 'images') return 0
  const run = { model: config.model, data, step, trainSeed: config.seed }
  const record = features
    ? { ...run, ...result.scores }
    : { ...run, seed, count, ...(isDigits && { classifier: classifierHash() }), ...result.scores }
  writeWhole(file, `${JSON.stringify(record, null, 2)}\n`)
  return 0
}

/** Scores the images of a .npy file, into a .json file beside it. Throws DataError when they are no digits. */
async function evaluateFile(file: string, place: Where): Promise<number> {
  const { shape, values } = readNpy(read(file), file)
  const kind = shape.length === 4 && shape[1] === 28 && shape[2] === 28 ? FILE_KINDS[shape[3]] : undefined
  if (!kind)
    throw new DataError(`${file}: expected digits [N, 28, 28, 1] or, stacked, [N, 28, 28, 3], got [${shape}]`)
  const [count] = shape
  checkCount(kind, count, file)
  const besides = file.slice(0, -NPY.length)
  checkWritable(`${besides}.json`)
  const scoring = scoringFiles()
  const exchange = new Collector({ samples: values, ...scoring })
  const { lines, scores } = await onPage(exchange, place, (page) =>
    FILE_EVALUATIONS[kind](page, scoring.classifier !== undefined),
  )
  for (const line of lines) console.log(line)
  keepNeighbours(exchange, `${besides}-neighbours.png`)
  const record = { file, count, classifier: classifierHash(), ...scores }
  writeWhole(`${besides}.json`, `${JSON.stringify(record, null, 2)}\n`)
  return 0
}

/** Runs `body` with a page whose adapter is told. */
const onPage = <T>(
  exchange: Collector,
  { host, adapter }: Where,
  body: (page: TrainingPage) => Promise<T>,
): Promise<T> =>
  withTrainingPage(exchange, { host, adapter: adapter.name }, async (page) => {
    const { name } = await page.call('describe', { adapter: adapter.choice ?? 'default' })
    console.log(`adapter  ${name}`)
    return body(page)
  })

function keepNeighbours({ taken: { neighbours } }: Collector, file: string): void {
  if (!neighbours) return
  writeWhole(file, neighbours)
  console.log(`nearest training images of some samples: ${file}`)
}

/** Throws an Error for what cannot be had of such data. */
function checkWishes(
  kind: Kind,
  data: string,
  count: number,
  out: string | undefined,
  features: boolean,
): void {
  if (features && kind !== 'digits')
    throw new Error(`--features: is of digits; the run was trained on ${data}`)
  if (features && out) throw new Error('--export: writes samples, --features needs none: one of the two')
  if (kind === 'points' && out) throw new Error('--export: is of images; npm run sample writes points')
  if (kind === 'images' && !out)
    throw new Error(
      `${data} cannot be scored: evaluate knows digits (mnist, stacked) and points. --export DIR writes samples for other tools`,
    )
  checkCount(kind, count, '--count')
}

/** Throws an Error naming `what` when so many samples cannot be scored. */
function checkCount(kind: Kind, count: number, what: string): void {
  const [least, most] = LIMITS[kind]
  if (count < least) throw new Error(`${what}: expected at least ${least}, got ${count}`)
  if (count > most)
    throw new Error(`${what}: expected at most ${most}, as many as there are test digits, got ${count}`)
}

function kindOf(name: string, made: Field | undefined): Kind {
  if (made && isPoints(made)) return 'points'
  if (made && isImage(made) && made.stacked) return 'stacked'
  return name === 'mnist' ? 'digits' : 'images'
}

/** Throws an Error when an export to `out` could not be written, or would take the place of what is none. */
function checkExport(out: string): void {
  checkWritable(join(out, 'generated.npy'))
  for (const name of EXPORTED) checkReplaceable(join(out, name), PICTURE)
}

/**
 * Writes what the page sent as bytes: each image as a PNG, and all generated ones as one array. Nothing of an earlier export
 * stays beside it.
 */
function exportImages(out: string, taken: Record<string, Uint8Array>, { size, channels }: ImageField): void {
  const each = size * size * channels
  for (const name of EXPORTED) {
    const pixels = taken[name]
    const count = (pixels?.length ?? 0) / each
    const pictures = function* (): Generator<[string, Uint8Array]> {
      for (let i = 0; i < count; i++)
        yield [
          `${String(i).padStart(6, '0')}.png`,
          png(pixels.subarray(i * each, (i + 1) * each), size, channels),
        ]
    }
    replaceFolder(join(out, name), pixels && pictures(), PICTURE)
    if (pixels) console.log(`exported  ${count} images to ${join(out, name)}`)
  }
  const { generated } = taken
  writeWhole(join(out, 'generated.npy'), npy(generated, [generated.length / each, size, size, channels]))
  console.log(`exported  ${join(out, 'generated.npy')}: bytes [N, H, W, C]`)
}
