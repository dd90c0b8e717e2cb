// `npm run tune`: searches for the fastest kernels of a model's training steps on this machine, and remembers them.
import type { Report } from '../src/app/headless.ts'
import type { Found, TunedTable } from '../src/engine/index.ts'
import { ADAPTER_FLAG, type Flag, HOSTS, helpLines, readAdapter } from './args.ts'
import { readFamilyArgs } from './familyArgs.ts'
import { oneFile, type Place, withTrainingPage } from './headless.ts'
import type { Exchange } from './host.ts'
import { planNew, prepare, type Wishes } from './plan.ts'
import { Progress } from './progress.ts'
import { checkWritable } from './save.ts'
import { clearTuned, keepTuned, readTuned, tunedFile, useTuned } from './tuned.ts'

const SECONDS = 120

const FLAGS = {
  data: { kind: 'text', value: 'NAME', about: 'as for npm run train' },
  batch: { kind: 'count', about: 'images in a minibatch: products of another size are other problems' },
  seconds: { kind: 'count', about: `the search ends after this long; ${SECONDS} if left out` },
  force: { kind: 'switch', about: 'search again for what is known already' },
  show: {
    kind: 'switch',
    about: 'print what is remembered, of every adapter and browser, and search nothing',
  },
  clear: { kind: 'switch', about: 'forget it' },
  host: { kind: HOSTS, about: 'where the engine runs; chrome if left out' },
  adapter: ADAPTER_FLAG,
  help: { kind: 'switch', about: 'this text' },
} satisfies Record<string, Flag>

export async function main(argv: string[]): Promise<number> {
  const { values, options, model } = readFamilyArgs(argv, FLAGS)
  if (values.help) {
    console.log(
      'npm run tune -- [MODEL] [flags]     finds the fastest kernels for MODEL (dcgan if left out) on this machine',
    )
    for (const line of helpLines(FLAGS)) console.log(line)
    return 0
  }
  if (values.show && values.clear) throw new Error('--show and --clear: one of them, please')
  if (values.clear) return clear()
  if (values.show) return show()
  const { data, batch, seconds = SECONDS, force = false, host = 'chrome' } = values
  const { choice: adapter, name } = readAdapter(values.adapter, host)
  const wishes = { model, options, every: {}, data, batch, adapter }
  await search(wishes, { seconds, force }, { host, adapter: name })
  return 0
}

function clear(): number {
  const count = clearTuned()
  console.log(count ? `Forgotten: ${tunedFile()}` : 'Nothing was remembered.')
  return 0
}

function show(): number {
  const kept = readTuned()
  if (!kept.length) console.log('Nothing is remembered: npm run tune -- [MODEL] searches.')
  for (const { browser, table } of kept) {
    console.log(`${table.adapter}, ${browser}, kernels ${table.kernels}`)
    for (const line of linesOf(table.found)) console.log(line)
  }
  return 0
}

async function search(
  wishes: Wishes,
  { seconds, force }: { seconds: number; force: boolean },
  place: Place,
): Promise<void> {
  const prepared = prepare(wishes)
  checkWritable(tunedFile())
  const { adapter = 'default' } = wishes
  let progress: Progress | undefined
  const report = (event: Report): void => {
    if (event.kind !== 'progress') return
    progress ??= new Progress(event.steps, event.line.step, process.stdout, Date.now, 'product')
    progress.update(event.line)
  }
  const exchange: Exchange<Report> = { ...oneFile<Report>(prepared.data.files), report }
  const result = await withTrainingPage(exchange, place, async (page) => {
    const found = await page.call('describe', { adapter })
    const { config } = planNew(wishes, prepared, found)
    console.log(`adapter  ${found.name}`)
    console.log(`model    ${config.model}, batch ${config.batch}; at most ${seconds} s after its first steps`)
    await useTuned(page)
    const { data } = prepared
    const result = await page.call('tune', { config, data: data.request, seconds, force })
    keepTuned({ browser: await page.version(), table: result.table })
    return result
  }).finally(() => progress?.end())
  for (const line of linesOf(result.found)) console.log(line)
  for (const line of summary(result)) console.log(line)
}

/** A table: each problem, the usual variant, the one that was found, and their times' ratio. */
export function linesOf(found: Record<string, Found>): string[] {
  const rows = Object.entries(found).map(([problem, { variant, usual, ratio }]) => [
    problem,
    usual,
    variant === usual ? 'the same' : variant,
    ratio.toFixed(2),
  ])
  if (!rows.length) return []
  const all = [['problem', 'usual', 'found', 'time'], ...rows]
  const widths = all[0].map((_, i) => Math.max(...all.map((row) => row[i].length)))
  return all.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]))
      .join('  ')
      .trimEnd(),
  )
}

interface Outcome {
  found: Record<string, Found>
  known: number
  left: number
  table: TunedTable
}

function summary({ found, known, left, table }: Outcome): string[] {
  const faster = Object.values(found).filter(({ ratio }) => ratio < 1).length
  const searched = Object.keys(found).length
  return [
    `${searched} products searched, ${faster} with something faster; ${Object.keys(table.found).length} remembered in ${tunedFile()}`,
    ...(known ? [`${known} were known already: --force searches for them again`] : []),
    ...(left ? [`${left} are left for another time: run it again, or give it more --seconds`] : []),
  ]
}
