// `npm run figure`: a figure about how GANs train, computed and drawn in headless Chrome, as a .png.
import { extname, join } from 'node:path'
import { type FigureName, figures } from '../src/app/figures/index.ts'
import type { FigureCommands } from '../src/app/figures.ts'
import { ADAPTERS, type Flag, helpLines, readArgs } from './args.ts'
import { oneFile, withPage } from './headless.ts'
import { checkWritable, writeWhole } from './save.ts'

const FLAGS = {
  out: { kind: 'text', value: 'FILE', about: 'a .png; runs/figures/NAME.png if left out' },
  adapter: { kind: ADAPTERS, about: 'which WebGPU adapter' },
  help: { kind: 'switch', about: 'this text' },
} satisfies Record<string, Flag>

const NAMES = Object.keys(figures) as FigureName[]

export async function main(argv: string[]): Promise<number> {
  const { values, positionals } = readArgs(argv, FLAGS, 1)
  if (values.help) {
    console.log('npm run figure -- NAME [flags]     computes and draws one of these:')
    for (const name of NAMES) console.log(`  ${name.padEnd(12)}  ${figures[name].about}`)
    for (const line of helpLines(FLAGS)) console.log(line)
    return 0
  }
  const name = nameOf(positionals[0])
  const { out = join('runs', 'figures', `${name}.png`), adapter = 'default' } = values
  if (extname(out).toLowerCase() !== '.png') throw new Error(`--out: expected a .png file, got '${out}'`)

  checkWritable(out)
  const exchange = oneFile<never>()
  const used = await withPage<FigureCommands, never, { adapter: string }>(
    exchange,
    { script: '/src/app/figures.ts' },
    (page) => page.call('draw', { name, adapter }),
  )
  writeWhole(out, exchange.content)
  console.log(`adapter  ${used.adapter}`)
  console.log(`${name}: ${out}`)
  return 0
}

function nameOf(text: string | undefined): FigureName {
  const there = `there are ${NAMES.join(', ')}`
  if (!text) throw new Error(`which figure? npm run figure -- NAME; ${there}`)
  const name = NAMES.find((known) => known === text)
  if (!name) throw new Error(`unknown figure '${text}'; ${there}`)
  return name
}
