// `npm run export`: a checkpoint as PyTorch has it.
import { existsSync, statSync } from 'node:fs'
import type { Report } from '../src/app/headless.ts'
import { ADAPTER_FLAG, type Flag, HOSTS, helpLines, readAdapter, readArgs } from './args.ts'
import { latestCheckpoint, readCheckpoint } from './checkpoints.ts'
import { oneFile, withTrainingPage } from './headless.ts'
import { checkWritable, writeWhole } from './save.ts'

const FLAGS = {
  torch: {
    kind: 'text',
    value: 'OUT.safetensors',
    about: "the file to write: PyTorch's names and layouts, for load_state_dict (docs/torch.md)",
  },
  host: { kind: HOSTS, about: 'where the engine runs; chrome if left out' },
  adapter: ADAPTER_FLAG,
  help: { kind: 'switch', about: 'this text' },
} satisfies Record<string, Flag>

export async function main(argv: string[]): Promise<number> {
  const { values, positionals } = readArgs(argv, FLAGS, 1)
  if (values.help) {
    console.log(
      'npm run export -- DIR --torch OUT.safetensors     the checkpoint in DIR (or the file itself)',
    )
    for (const line of helpLines(FLAGS)) console.log(line)
    return 0
  }
  const [from] = positionals
  if (!from) throw new Error('which run? npm run export -- DIR --torch OUT.safetensors')
  const { torch: out, host = 'chrome' } = values
  if (out === undefined)
    throw new Error('--torch: which file to write? npm run export -- DIR --torch OUT.safetensors')
  if (!out.endsWith('.safetensors')) throw new Error(`--torch: expected a .safetensors file, got '${out}'`)
  const adapter = readAdapter(values.adapter, host)
  const isFile = existsSync(from) && statSync(from).isFile()
  checkWritable(out)
  const checkpoint = isFile ? readCheckpoint(from) : latestCheckpoint(from)

  const exchange = oneFile<Report>({ checkpoint: checkpoint.file })
  await withTrainingPage(exchange, { host, adapter: adapter.name }, async (page) => {
    await page.call('describe', { adapter: adapter.choice ?? 'default' })
    await page.call('exportTorch', { file: checkpoint.path })
  })
  writeWhole(out, exchange.content)
  console.log(`${checkpoint.config.model} after ${checkpoint.step} steps, as PyTorch has it: ${out}`)
  return 0
}
