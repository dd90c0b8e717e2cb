// `npm run latent`: what the latents of a run's generator do: sheets of images, animations, inversions.
import { extname, join } from 'node:path'
import { CHUNK } from '../src/app/checkpoint.ts'
import type { Operands } from '../src/app/latents/arithmetic.ts'
import type { InvertRequest } from '../src/app/latents/index.ts'
import { DataError } from '../src/engine/index.ts'
import { type ImageScores, METRICS } from '../src/models/evaluation/metrics/index.ts'
import { apng } from './apng.ts'
import { ADAPTERS, type Flag, helpLines, readArgs, type Values } from './args.ts'
import { type Checkpoint, latestCheckpoint } from './checkpoints.ts'
import { loadDataSet } from './datasets.ts'
import { dataName } from './evaluations.ts'
import { type TrainingPage, withTrainingPage } from './headless.ts'
import { read } from './read.ts'
import { checkWritable, writeWhole } from './save.ts'
import { Collector, classifierHash, scoringFiles } from './scoring.ts'
import { type Row, table } from './table.ts'

const SPACES = ['z', 'w'] as const

const FLAGS = {
  seed: { kind: 'seed', about: 'of the latents; 0 if left out' },
  a: {
    kind: 'text',
    value: '0,1,2',
    about: 'arithmetic: places in the samples of the seed, from 0, whose mean is A',
  },
  b: { kind: 'text', value: '3,4,5', about: 'of B' },
  c: { kind: 'text', value: '6,7,8', about: 'of C' },
  count: { kind: 'count', about: 'truncate, of digits: samples scored for each ψ; 1000 if left out' },
  target: {
    kind: 'text',
    value: 'IMAGE',
    about: "invert: a PNG, or the place of an image in the run's data, from 0; 0 if left out",
  },
  space: { kind: SPACES, about: 'invert: where to search; z if left out' },
  steps: { kind: 'count', about: 'invert: steps of the search; 300 if left out' },
  starts: { kind: 'count', about: 'invert: places to search from at once; 16 if left out' },
  out: { kind: 'text', value: 'FILE', about: 'a .png; DIR/KIND-seedN.png if left out' },
  adapter: { kind: ADAPTERS, about: 'which WebGPU adapter' },
  help: { kind: 'switch', about: 'this text' },
} satisfies Record<string, Flag>

const HELP = [
  'npm run latent -- DIR KIND [flags]     of the run in DIR, a picture of KIND:',
  '  interpolate  from one z to another, along lines and arcs (and lines in w); also as an animation',
  '  arithmetic   A - B + C of means of some z, and what lies around it',
  '  invert       the z or w whose image comes closest to a given one, by gradient descent',
  'and of models with styles:',
  '  mix          styles of some layers from another image',
  '  noise        drawn again and again in all layers; in none, coarse ones only, fine ones only',
  '  truncate     styles from their own through the mean one to the opposite; of digits also scores for each ψ',
]

/** How long a frame of the animation is shown. */
const FRAME = { ms: 80, lastMs: 80 }
/** ψ that samples are scored for. */
const PSIS = [1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.2]

interface Task {
  page: TrainingPage
  file: string
  seed: number
  values: Values<typeof FLAGS>
  exchange: Collector
}

interface Kind {
  /** What the page needs; wrong flags are told of before Chrome starts. */
  files?(
    values: Values<typeof FLAGS>,
    folder: string,
    checkpoint: Checkpoint,
  ): Record<string, Uint8Array | undefined>
  /** Asks the page for `sheet`; gives more files by the end of their name, and lines to say. */
  run(task: Task): Promise<{ files?: Record<string, string | Uint8Array>; lines?: string[] } | undefined>
}

const style = (kind: 'mix' | 'noise'): Kind => ({
  async run({ page, file, seed }) {
    await page.call('styles', { kind, file, seed })
    return {}
  },
})

const KINDS: Record<string, Kind> = {
  interpolate: {
    async run({ page, file, seed, exchange: { taken } }) {
      await page.call('interpolate', { file, seed })
      const frames = Object.keys(taken)
        .filter((name) => name.startsWith('frame-'))
        .sort()
      return {
        files: {
          '-animated.png': apng(
            frames.map((name) => taken[name]),
            FRAME,
          ),
        },
      }
    },
  },
  arithmetic: {
    files: (values) => {
      operandsOf(values)
      return {}
    },
    async run({ page, file, seed, values }) {
      await page.call('arithmetic', { file, seed, operands: operandsOf(values) })
      return {}
    },
  },
  invert: {
    files: (values, folder, checkpoint) => {
      const target = targetOf(values)
      if (target === 'png') return { target: read(values.target ?? '') }
      const name = dataName(folder, checkpoint)
      if (name !== 'stacked') return { data: loadDataSet(name).files.images }
      throw new DataError('--target: stacked images are made anew for each step: name a PNG')
    },
    run: invert,
  },
  mix: style('mix'),
  noise: style('noise'),
  truncate: {
    files: (_values, folder, checkpoint) => (dataName(folder, checkpoint) === 'mnist' ? scoringFiles() : {}),
    run: truncate,
  },
}
const NAMES = Object.keys(KINDS)

export async function main(argv: string[]): Promise<number> {
  const { values, positionals } = readArgs(argv, FLAGS, 2)
  if (values.help) {
    for (const line of [...HELP, ...helpLines(FLAGS)]) console.log(line)
    return 0
  }
  const [folder, word = ''] = positionals
  if (!folder) throw new Error('which run? npm run latent -- DIR KIND, the folder of a run of npm run train')
  if (!NAMES.includes(word)) throw new Error(`latent: expected one of ${NAMES.join(', ')}, got '${word}'`)
  const kind = KINDS[word]
  const { seed = 0, adapter = 'default', out = join(folder, `${word}-seed${seed}.png`) } = values
  if (extname(out).toLowerCase() !== '.png') throw new Error(`--out: expected a .png file, got '${out}'`)
  checkWritable(out)
  const checkpoint = latestCheckpoint(folder)
  const exchange = new Collector({
    checkpoint: checkpoint.file,
    ...kind.files?.(values, folder, checkpoint),
  })
  const made = await withTrainingPage(exchange, { host: 'chrome' }, async (page) => {
    const { name } = await page.call('describe', { adapter })
    console.log(`adapter  ${name}`)
    console.log(`model    ${checkpoint.config.model} after ${checkpoint.step} steps, ${checkpoint.path}`)
    return kind.run({ page, file: checkpoint.path, seed, values, exchange })
  })
  writeWhole(out, exchange.taken.sheet)
  for (const line of made?.lines ?? []) console.log(line)
  console.log(`${word} of seed ${seed}: ${out}`)
  for (const [end, content] of Object.entries(made?.files ?? {})) {
    const path = out.slice(0, -'.png'.length) + end
    writeWhole(path, content)
    console.log(`also ${path}`)
  }
  return 0
}

/** Throws an Error unless all are lists of places in the samples that are drawn at once. */
function operandsOf({ a = '0,1,2', b = '3,4,5', c = '6,7,8' }: Values<typeof FLAGS>): Operands {
  const placesOf = (name: string, text: string): number[] => {
    const places = text.split(',').map((word) => (word.trim() ? Number(word) : Number.NaN))
    if (places.every((place) => Number.isInteger(place) && place >= 0 && place < CHUNK)) return places
    throw new Error(`--${name}: expected places from 0 to ${CHUNK - 1} such as 4,8,15, got '${text}'`)
  }
  return { a: placesOf('a', a), b: placesOf('b', b), c: placesOf('c', c) }
}

/** Throws an Error unless it is a place or a PNG. */
function targetOf({ target = '0' }: Values<typeof FLAGS>): InvertRequest['target'] {
  if (/^\d+$/.test(target)) return { index: Number(target) }
  if (extname(target).toLowerCase() === '.png') return 'png'
  throw new Error(`--target: expected a .png file or the place of an image, from 0, got '${target}'`)
}

async function invert({ page, file, seed, values }: Task): ReturnType<Kind['run']> {
  const { space = 'z', steps = 300, starts = 16 } = values
  const target = targetOf(values)
  const made = await page.call('invert', { file, seed, space, steps, starts, target })
  const before = made.errors[0]
  const record = { target: values.target ?? '0', seed, space, steps, starts, ...made }
  return {
    files: { '.json': `${JSON.stringify(record, null, 2)}\n` },
    lines: [
      `mean squared error of the pixels, from -1 to 1: ${before.toFixed(4)} before, ${made.error.toFixed(4)} after ${steps} steps, the best of ${starts} starts`,
    ],
  }
}

async function truncate({ page, file, seed, values, exchange: { files } }: Task): ReturnType<Kind['run']> {
  await page.call('styles', { kind: 'truncate', file, seed })
  if (!files['train-images']) return { lines: ['no scores: these are not the digits'] }
  const { count = 1000 } = values
  const hasClassifier = files.classifier !== undefined
  const { sweep, real } = await page.call('sweep', { file, seed, count, hasClassifier, psis: PSIS })
  const row = (name: string, scores: ImageScores): Row => ({
    name,
    cells: METRICS.map((metric) => scores[metric].toFixed(3)),
  })
  const record = { seed, count, classifier: classifierHash(), sweep, real }
  return {
    files: { '.json': `${JSON.stringify(record, null, 2)}\n` },
    lines: [
      `${count} samples for each ψ, by a classifier's features (not comparable with Inception's)`,
      ...table(METRICS, [
        ...sweep.map((scores) => row(`ψ = ${scores.psi}`, scores)),
        row('real digits', real),
      ]),
    ],
  }
}
