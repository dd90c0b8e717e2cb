// `npm run evaluate`: how close the points of a run come to the distribution that they learned from.

import { join } from 'node:path'
import type { Report } from '../src/app/headless.ts'
import { isToy } from '../src/models/data.ts'
import { COUNTED, type ToyScores } from '../src/models/toyMetrics.ts'
import { toyOf } from '../src/models/toys.ts'
import { ADAPTERS, type Flag, helpLines, readArgs } from './args.ts'
import { oneFile, withTrainingPage } from './headless.ts'
import { CHECKPOINT, readCheckpoint, writeWhole } from './runFolder.ts'

const FLAGS = {
  count: { kind: 'count', about: `samples for the divergences, at least ${COUNTED}; 25000 if left out` },
  seed: { kind: 'seed', about: 'of the samples; 0 if left out' },
  adapter: { kind: ADAPTERS, about: 'which WebGPU adapter' },
  help: { kind: 'switch', about: 'this text' },
} satisfies Record<string, Flag>

export async function main(argv: string[]): Promise<number> {
  const { values, positionals } = readArgs(argv, FLAGS, 1)
  if (values.help) {
    console.log(
      'npm run evaluate -- DIR [flags]     scores the points of the run in DIR; also to DIR/evaluation.json',
    )
    for (const line of helpLines(FLAGS)) console.log(line)
    return 0
  }
  const [folder] = positionals
  if (!folder) throw new Error('which run? npm run evaluate -- DIR, the folder of a run of npm run train')
  const { count = 25_000, seed = 0, adapter = 'default' } = values
  if (count < COUNTED) throw new Error(`--count: expected at least ${COUNTED}, got ${count}`)
  const { path, file, config, step } = readCheckpoint(join(folder, CHECKPOINT))
  if (!isToy(config.data))
    throw new Error(`${path}: is of images; evaluate scores runs on points, such as --data ring`)
  const exchange = oneFile<Report>({ checkpoint: file })
  const { name, scores } = await withTrainingPage(exchange, { host: 'chrome' }, async (page) => {
    const { name } = await page.call('describe', { adapter })
    return { name, scores: await page.call('evaluate', { file: path, count, seed }) }
  })
  const { toy } = config.data
  const result = { model: config.model, data: toy, step, trainSeed: config.seed, seed, count, ...scores }
  writeWhole(join(folder, 'evaluation.json'), `${JSON.stringify(result, null, 2)}\n`)
  console.log(`adapter  ${name}`)
  console.log(`model    ${config.model} on ${toy} after ${step} steps, seed ${config.seed}`)
  for (const line of table(toy, count, scores)) console.log(line)
  return 0
}

/** Generated points beside as many real ones: no model can be expected to do better than those. */
function table(
  toy: string,
  count: number,
  { generated, real }: Record<'generated' | 'real', ToyScores>,
): string[] {
  const { centres } = toyOf(toy)
  const percent = ({ quality }: ToyScores): string => `${(100 * quality).toFixed(1)}%`
  const modes = ({ modes }: ToyScores): string => `${modes} of ${centres.length}`
  const rows: [string, (scores: ToyScores) => string][] = [
    [`within 3 standard deviations of a centre, of ${COUNTED}`, percent],
    [`KL(samples || data) in nats, of ${count}`, ({ kl }) => kl.toFixed(4)],
    [`Jensen-Shannon divergence in nats, of ${count}`, ({ js }) => js.toFixed(4)],
  ]
  if (generated.modes !== undefined) rows.unshift([`modes covered, of ${COUNTED} samples`, modes])
  const width = Math.max(...rows.map(([name]) => name.length))
  return [
    `${' '.repeat(width)}  ${'samples'.padStart(9)}  ${'real data'.padStart(9)}`,
    ...rows.map(
      ([name, show]) => `${name.padEnd(width)}  ${show(generated).padStart(9)}  ${show(real).padStart(9)}`,
    ),
  ]
}
