// `npm run isa`: what a real GPU's compiler makes of every kernel variant, without the GPU. Mesa's RADV, told by its
// no-op DRM shim which AMD chip there is, compiles what Dawn gives it and prints its statistics and disassembly.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { baselineFile, baselineText, compare, makeBaseline } from '../bench/isa/baseline.ts'
import { type Driver, findDriver, runOn } from '../bench/isa/radv.ts'
import { parseLog } from '../bench/isa/stats.ts'
import { type Row, rowLines, summaryLines } from '../bench/isa/table.ts'
import { describe, idOf, parseLabel } from '../bench/isa/variant.ts'
import { checked } from '../src/engine/schema.ts'
import { type Flag, helpLines, readArgs } from './args.ts'
import { installDawn } from './dawn.ts'
import { commit, root } from './environment.ts'
import type { About } from './isaCompile.ts'
import { captureLaunches, comparePeers } from './isaPeers.ts'
import { readJson } from './json.ts'
import { checkWritable, writeWhole } from './save.ts'

const FLAGS = {
  gpu: {
    kind: 'text',
    value: 'CHIP,...',
    about: 'AMD chips by their names in Mesa; navi21,navi31 if left out',
  },
  json: { kind: 'text', value: 'FILE', about: 'also writes the results there' },
  peers: {
    kind: 'switch',
    about: 'instead: our products beside those of TensorFlow.js and jax-js, taken from headless Chrome',
  },
  update: { kind: 'switch', about: 'accepts these results: they become bench/isa-baseline.json' },
  help: { kind: 'switch', about: 'this text' },
} satisfies Record<string, Flag>

const BASELINE = join(root, 'bench', 'isa-baseline.json')
const NEEDED = 25
const MISSING = 2 // exit code
const HOW_TO_GET = `npm run isa needs Linux with Mesa ${NEEDED} or later: its Vulkan driver RADV and its no-op DRM shim.
On Debian, as root: bash scripts/isa-setup.sh (mesa-vulkan-drivers and mesa-drm-shim, if need be from backports)`

/** Launched only to look at an adapter. */
const PROBES = ['quad_probe']

interface Result extends Row {
  /** The first work that launched it. */
  by: string
  defines: Record<string, unknown>
}

export async function main(argv: string[]): Promise<number> {
  const { values, positionals } = readArgs(argv, FLAGS, 1)
  if (values.help) {
    console.log('npm run isa -- [FILTER] [flags]     only variants whose line has FILTER in it')
    for (const line of helpLines(FLAGS)) console.log(line)
    return 0
  }
  const [filter = ''] = positionals
  const chips = (values.gpu ?? 'navi21,navi31').split(',')
  if (values.peers && (filter || values.update || values.json))
    throw new Error('--peers compares all products: leave FILTER, --update and --json out')
  if (values.update && (filter || values.gpu))
    throw new Error('--update takes all variants on the usual chips: leave FILTER and --gpu out')
  if (values.json) checkWritable(values.json)
  const driver = findDriver()
  if (!driver) {
    console.error(HOW_TO_GET)
    return MISSING
  }
  installDawn()
  if (values.peers) {
    const launches = await captureLaunches()
    for (const chip of chips) comparePeers(chip, driver, launches)
    return 0
  }

  const results: Result[] = []
  let version = ''
  for (const chip of chips) {
    console.error(`compiling for ${chip} ...`)
    const compiled = compile(chip, driver)
    version = compiled.driver
    if (Number(/Mesa (\d+)/.exec(version)?.[1]) < NEEDED) {
      console.error(`the driver here is ${version}\n${HOW_TO_GET}`)
      return MISSING
    }
    const rows = compiled.rows.filter(({ kernel, variant }) => `${kernel} ${variant}`.includes(filter))
    if (rows.length === 0) throw new Error(`no variant has '${filter}' in its line`)
    results.push(...rows)
    console.log(`${chip} (${compiled.device}, ${version})`)
    for (const line of [...rowLines(rows), '', ...summaryLines(rows), '']) console.log(line)
  }

  const environment = { driver: version, node: process.version, commit: commit() }
  if (values.json)
    writeWhole(
      values.json,
      `${JSON.stringify({ format: 'ganvas isa 1', environment, rows: results }, undefined, 2)}\n`,
    )
  if (values.update) writeWhole(BASELINE, baselineText(makeBaseline(version, results)))
  return judge(results, filter === '') ? 0 : 1
}

function compile(chip: string, driver: Driver): { rows: Result[]; device: string; driver: string } {
  const { status, stdout, log } = runOn(chip, driver, [join(root, 'scripts', 'run.mjs'), 'isaCompile'])
  if (status !== 0)
    throw new Error(
      `${chip}: compiling failed (is it a chip that Mesa knows?):\n${log.trim().split('\n').slice(-5).join('\n')}`,
    )
  const rows = parseLog<About>(log).map(({ about: { label, by }, stats }) => {
    const { kernel, defines } = parseLabel(label)
    return { chip, id: idOf(label), kernel, variant: describe(kernel, defines), by, stats, defines }
  })
  return {
    rows: rows.sort((a, b) => (a.kernel < b.kernel ? -1 : a.kernel > b.kernel ? 1 : 0)),
    ...JSON.parse(stdout),
  }
}

/** Says how the results compare with the baseline, and whether every shader is among them. */
function judge(results: Result[], isAll: boolean): boolean {
  const kernels = new Set(results.map(({ kernel }) => kernel))
  const absent = readdirSync(join(root, 'src', 'shaders'))
    .flatMap((file) => (file.endsWith('.wgsl') ? [file.slice(0, -'.wgsl'.length)] : []))
    .filter((kernel) => isAll && !kernels.has(kernel) && !PROBES.includes(kernel))
  if (absent.length) console.error(`nothing in bench/isa/work.ts launches ${absent.join(', ')}`)
  const baseline = existsSync(BASELINE) ? checked(baselineFile, readJson(BASELINE), BASELINE) : undefined
  if (!baseline) return absent.length === 0
  const { worse, slower, added, unknown } = compare(results, baseline)
  if (unknown.length) console.log(`no baseline for ${unknown.join(', ')}`)
  console.log(
    `baseline (${baseline.driver}): ${added} new variants, ${slower.length} slower, ${worse.length} with new spills or scratch`,
  )
  for (const line of slower) console.log(`slower: ${line}`)
  for (const line of worse) console.error(`new spills or scratch: ${line}`)
  return worse.length === 0 && absent.length === 0
}
