// `npm run latent`: what the latents of a StyleGAN do, as a sheet of images.

import { join } from 'node:path'
import type { Report } from '../src/app/headless.ts'
import { LATENT_KINDS } from '../src/app/latent.ts'
import { ADAPTERS, type Flag, helpLines, readArgs } from './args.ts'
import { oneFile, withTrainingPage } from './headless.ts'
import { CHECKPOINT, readCheckpoint, writeWhole } from './runFolder.ts'

const FLAGS = {
  seed: { kind: 'seed', about: 'of the latents; 0 if left out' },
  out: { kind: 'text', value: 'FILE', about: 'a .png; DIR/KIND-seedN.png if left out' },
  adapter: { kind: ADAPTERS, about: 'which WebGPU adapter' },
  help: { kind: 'switch', about: 'this text' },
} satisfies Record<string, Flag>

const HELP = [
  'npm run latent -- DIR KIND [flags]     of the stylegan-lite or stylegan2-lite in DIR, a sheet of KIND:',
  '  mix       styles of some layers from another image',
  '  noise     without noise, and with noise drawn again and again',
  '  truncate  styles from their own through the mean one to the opposite',
]

export async function main(argv: string[]): Promise<number> {
  const { values, positionals } = readArgs(argv, FLAGS, 2)
  if (values.help) {
    for (const line of [...HELP, ...helpLines(FLAGS)]) console.log(line)
    return 0
  }
  const [folder, word] = positionals
  if (!folder) throw new Error('which run? npm run latent -- DIR KIND, the folder of a run of npm run train')
  const kind = LATENT_KINDS.find((name) => name === word)
  if (!kind) throw new Error(`latent: expected one of ${LATENT_KINDS.join(', ')}, got '${word ?? ''}'`)
  const { seed = 0, adapter = 'default', out = join(folder, `${kind}-seed${seed}.png`) } = values
  const checkpoint = readCheckpoint(join(folder, CHECKPOINT))

  const exchange = oneFile<Report>({ checkpoint: checkpoint.file })
  const name = await withTrainingPage(exchange, { host: 'chrome' }, async (page) => {
    const { name } = await page.call('describe', { adapter })
    await page.call('latent', { kind, file: checkpoint.path, seed })
    return name
  })
  writeWhole(out, exchange.content)
  console.log(`adapter  ${name}`)
  console.log(`model    ${checkpoint.config.model} after ${checkpoint.step} steps, ${checkpoint.path}`)
  console.log(`${kind} of seed ${seed}: ${out}`)
  return 0
}
