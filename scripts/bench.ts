// `npm run bench`: roofs, kernels and training steps, measured in headless Chrome, alone or against peers.
import { brokenRows, compareWith } from '../bench/baseline.ts'
import { toCsv } from '../bench/csv.ts'
import { joinRoofs, withFigures, withRates } from '../bench/derive.ts'
import { faultsOf, type KernelResult, type Result, type StepResult, VERSION } from '../bench/result.ts'
import { short, tableOf } from '../bench/table.ts'
import { TILE_NAMES } from '../src/engine/ops/products/gemm.ts'
import { USUAL } from '../src/engine/ops/products/tuned.ts'
import {
  ADAPTER_FLAG,
  type AdapterChoice,
  type Flag,
  HOSTS,
  helpLines,
  readAdapter,
  readArgs,
} from './args.ts'
import { type BenchPage, withBenchPage } from './benchPage.ts'
import { addPeers, installPeers } from './benchPeers.ts'
import { environment } from './environment.ts'
import type { Place } from './headless.ts'
import { readJson } from './json.ts'
import { checkWritable, writeWhole } from './save.ts'
import { tunedLines, useTuned } from './tuned.ts'

const MARGIN = 20 // percent: more than a quiet machine varies

const FLAGS = {
  json: {
    kind: 'text',
    value: 'FILE',
    about: 'also writes the result there (docs/measuring.md has its schema)',
  },
  csv: { kind: 'text', value: 'FILE', about: 'also writes the rows there, for a spreadsheet' },
  baseline: { kind: 'text', value: 'FILE', about: 'an earlier --json: fails when a row fell below it' },
  margin: {
    kind: 'number',
    about: `how far, in percent of its percentage of the roof, a row may fall (${MARGIN})`,
  },
  peers: {
    kind: 'switch',
    about: 'also times TensorFlow.js and jax-js, installed below bench/peers at first use',
  },
  variant: {
    kind: [USUAL, ...TILE_NAMES],
    value: 'NAME',
    about: `computes products by this tile: ${[...TILE_NAMES].join(', ')}; or by the ${USUAL} ones, whatever was found`,
  },
  host: { kind: HOSTS, about: 'where the engine runs; chrome if left out' },
  adapter: ADAPTER_FLAG,
  help: { kind: 'switch', about: 'this text' },
} satisfies Record<string, Flag>

export async function main(argv: string[]): Promise<number> {
  const { values, positionals } = readArgs(argv, FLAGS, 1)
  if (values.help) {
    console.log('npm run bench -- [FILTER] [flags]     only rows whose name has FILTER in it')
    for (const line of helpLines(FLAGS)) console.log(line)
    return 0
  }
  for (const file of [values.json, values.csv]) if (file) checkWritable(file)
  const baseline = values.baseline ? readResult(values.baseline) : undefined
  const { peers = false, host = 'chrome' } = values
  const { choice: adapter = 'default', name } = readAdapter(values.adapter, host)
  if (peers && host === 'node') throw new Error('--peers: the peers need a page, so --host chrome')
  if (peers) installPeers()
  const place = { host, adapter: name }
  const ready = (page: BenchPage): Promise<string[]> => takeVariants(page, values.variant)
  const { result, peerKernels } = await measure(positionals[0] ?? '', adapter, place, ready)
  if (peers) await addPeers(result, peerKernels, adapter, ready)
  console.log(`\n${tableOf(result).join('\n')}`)
  if (values.json) writeWhole(values.json, `${JSON.stringify(result, undefined, 2)}\n`)
  if (values.csv) writeWhole(values.csv, toCsv(result))
  const complaints = brokenRows(result)
  if (baseline) {
    const margin = values.margin ?? MARGIN
    const { compared, fallen } = compareWith(baseline, result, margin)
    console.log(`${compared} rows compared with the baseline, margin ${margin}%`)
    complaints.push(...fallen)
  }
  for (const complaint of complaints) console.error(complaint)
  return complaints.length ? 1 : 0
}

interface Measured {
  result: Result
  /** Names of the kernels that peers may have, too. */
  peerKernels: string[]
}

/** Everything of ours: the roofs, before and after the rows whose names have `filter` in them. */
function measure(
  filter: string,
  adapter: AdapterChoice,
  place: Place,
  ready: (page: BenchPage) => Promise<string[]>,
): Promise<Measured> {
  const date = new Date().toISOString()
  return withBenchPage(place, async (page) => {
    const { adapter: found, ...described } = await page.call('describe', { adapter })
    console.log(`adapter ${found.name}`)
    for (const line of await ready(page)) console.log(line)
    const { peerKernels, ...all } = await page.call('list', undefined)
    const [kernelNames, stepNames] = [all.kernels, all.steps].map((names) =>
      names.filter((name) => name.includes(filter)),
    )
    const total = kernelNames.length + stepNames.length
    if (total === 0) throw new Error(`no row has '${filter}' in its name`)
    let done = 0
    const say = (name: string, what: string) => console.log(`${++done}/${total} ${name}: ${what}`)

    console.log('roofs ...')
    const first = await page.call('roofs', undefined)
    const kernels: KernelResult[] = []
    for (const name of kernelNames) {
      const variants = await page.call('kernel', { name })
      kernels.push(...variants)
      say(name, variants.map(shownTime).join(', '))
    }
    const steps: StepResult[] = []
    for (const name of stepNames) {
      const step = await page.call('step', { name })
      steps.push(step)
      say(name, step.ms ? `${short(step.ms.median)} ms` : step.status)
    }
    console.log('roofs again ...')
    const roofs = joinRoofs(first, await page.call('roofs', undefined))
    const result: Result = {
      schema: 'ganvas-bench',
      version: VERSION,
      environment: { ...environment(found, adapter, await page.version()), ...described, date },
      roofs,
      kernels: kernels.map((row) => withFigures(row, roofs)),
      steps: steps.map((step) => withRates(step, roofs)),
    }
    return { result, peerKernels }
  })
}

/** The variants that were found, or the one that is asked for; says which. */
async function takeVariants(page: BenchPage, variant: string | undefined): Promise<string[]> {
  if (!variant) return tunedLines(await useTuned(page))
  await page.call('force', { variant })
  return [`variant  ${variant}`]
}

const shownTime = ({ variant, warm, status }: KernelResult): string =>
  warm ? `${variant} ${short(warm.median)} ms` : `${variant} ${status}`

function readResult(file: string): Result {
  const value = readJson(file)
  const faults = faultsOf(value)
  if (faults.length) throw new Error(`${file} is no result of this bench: ${faults[0]}`)
  return value as Result
}
