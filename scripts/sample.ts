// `npm run sample`: pictures, or raw values, from a checkpoint.

import { existsSync, statSync } from 'node:fs'
import { dirname, extname, join } from 'node:path'
import type { Report } from '../src/app/headless.ts'
import { ADAPTER_FLAG, type Flag, HOSTS, helpLines, readAdapter, readArgs } from './args.ts'
import { latestCheckpoint, readCheckpoint } from './checkpoints.ts'
import { oneFile, withTrainingPage } from './headless.ts'
import { npy } from './npy.ts'
import { checkWritable, writeWhole } from './save.ts'
import { tunedLines, useTuned } from './tuned.ts'

const FLAGS = {
  view: { kind: 'text', value: 'NAME', about: 'what to see of the model; its first view if left out' },
  label: {
    kind: 'text',
    value: 'NAME',
    about: 'a class to draw, by name or index; one after the other if left out',
  },
  count: { kind: 'count', about: "how many; as many as the view's sheet has if left out" },
  seed: { kind: 'seed', about: 'same seed, same adapter, same samples; 0 if left out' },
  out: {
    kind: 'text',
    value: 'FILE',
    about:
      'a .png, or a .npy (float32: images [N, H, W, C] in [-1, 1], points [N, D]); DIR/samples-seedN.png if left out',
  },
  host: { kind: HOSTS, about: 'where the engine runs; chrome if left out' },
  adapter: ADAPTER_FLAG,
  help: { kind: 'switch', about: 'this text' },
} satisfies Record<string, Flag>

export async function main(argv: string[]): Promise<number> {
  const { values, positionals } = readArgs(argv, FLAGS, 1)
  if (values.help) {
    console.log(
      'npm run sample -- DIR [flags]     samples of the checkpoint in DIR (or the checkpoint file itself)',
    )
    for (const line of helpLines(FLAGS)) console.log(line)
    return 0
  }
  const [from] = positionals
  if (!from) throw new Error('which run? npm run sample -- DIR, the folder of a run of npm run train')
  const isFile = existsSync(from) && statSync(from).isFile()
  const { seed = 0, host = 'chrome' } = values
  const adapter = readAdapter(values.adapter, host)
  const out = values.out ?? join(isFile ? dirname(from) : from, `samples-seed${seed}.png`)
  const format = extname(out).toLowerCase()
  if (format !== '.png' && format !== '.npy')
    throw new Error(`--out: expected a .png or .npy file, got '${out}'`)
  checkWritable(out)
  const checkpoint = isFile ? readCheckpoint(from) : latestCheckpoint(from)
  const { count, view, label } = values

  const exchange = oneFile<Report>({ checkpoint: checkpoint.file })
  const { shape, name, table } = await withTrainingPage(
    exchange,
    { host, adapter: adapter.name },
    async (page) => {
      const { name } = await page.call('describe', { adapter: adapter.choice ?? 'default' })
      const as = format === '.png' ? 'png' : 'values'
      const table = await useTuned(page)
      return {
        name,
        table,
        ...(await page.call('sample', { file: checkpoint.path, count, seed, view, label, as })),
      }
    },
  )
  const { content: samples } = exchange
  writeWhole(out, format === '.png' ? samples : npy(new Float32Array(samples.buffer), shape))
  console.log(`adapter  ${name}`)
  for (const line of tunedLines(table)) console.log(line)
  console.log(`model    ${checkpoint.config.model} after ${checkpoint.step} steps, ${checkpoint.path}`)
  console.log(`${shape[0]} samples of seed ${seed}${label === undefined ? '' : `, class ${label}`}: ${out}`)
  return 0
}
