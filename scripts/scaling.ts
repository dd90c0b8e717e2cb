// `npm run scaling`: how a training step grows with batch, width and image size, as a chart for docs/kernels.md.
import { joinRoofs } from '../bench/derive.ts'
import { boundOf, chartOf, type Measured, SERIES } from '../bench/scaling.ts'
import { short } from '../bench/table.ts'
import { type Flag, helpLines, readArgs } from './args.ts'
import { withBenchPage } from './benchPage.ts'
import { checkWritable, writeWhole } from './save.ts'

const OUT = 'docs/images/scaling.svg'
const FLAGS = {
  out: { kind: 'text', value: 'FILE', about: `where the chart goes (${OUT})` },
  help: { kind: 'switch', about: 'this text' },
} satisfies Record<string, Flag>

export async function main(argv: string[]): Promise<number> {
  const { values } = readArgs(argv, FLAGS, 0)
  if (values.help) {
    console.log('npm run scaling -- [flags]     times steps of DCGAN of growing sizes in headless Chrome')
    for (const line of helpLines(FLAGS)) console.log(line)
    return 0
  }
  const file = values.out ?? OUT
  checkWritable(file)
  const found = await withBenchPage({ host: 'chrome' }, async (page) => {
    const { adapter } = await page.call('describe', { adapter: 'default' })
    console.log(`adapter ${adapter.name}`)
    const run = await page.call('roofs', undefined)
    const roofs = joinRoofs(run, run)
    const charts: { series: (typeof SERIES)[number]; measured: Measured[] }[] = []
    for (const series of SERIES) {
      const measured: Measured[] = []
      for (const { value, shape } of series.points) {
        const { median, launches } = await page.call('scaled', shape)
        const bound = boundOf(launches, roofs)
        measured.push({ value, median, bound })
        console.log(`${series.name} ${value}: ${short(median)} ms, ${short(bound)} ms at the roofs`)
      }
      charts.push({ series, measured })
    }
    return charts
  })
  writeWhole(file, `${chartOf(found)}\n`)
  console.log(file)
  return 0
}
