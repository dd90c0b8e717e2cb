// `npm run bench`: times kernels and training steps in headless Chrome, alone or against a peer.
import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchCommands, Row } from '../bench/page.ts'
import { type Flag, helpLines, readArgs } from './args.ts'
import { root } from './environment.ts'
import { withPage } from './headless.ts'

const FLAGS = {
  json: { kind: 'text', value: 'FILE', about: 'also writes the results there' },
  peers: { kind: 'switch', about: 'also times TensorFlow.js, installed below bench/peers at first use' },
  help: { kind: 'switch', about: 'this text' },
} satisfies Record<string, Flag>

const PEERS = join(root, 'bench', 'peers')

export async function main(argv: string[]): Promise<number> {
  const { values, positionals } = readArgs(argv, FLAGS, 1)
  if (values.help) {
    console.log('npm run bench -- [FILTER] [flags]     only cases whose name has FILTER in it')
    for (const line of helpLines(FLAGS)) console.log(line)
    return 0
  }
  const { peers = false, json } = values
  if (peers) installPeers()
  const rows: Row[] = []
  const exchange = {
    files: {},
    take: () => {},
    warn: (text: string) => console.error(text),
    report(row: Row) {
      if (rows.length === 0) console.log(HEADER)
      rows.push(row)
      console.log(lineOf(row))
    },
  }
  const page = { script: '/bench/page.ts', bundle: peers ? ['bench/peers/tfjs.js'] : undefined }
  const result = await withPage<BenchCommands, Row, { adapter: string; peer?: string; browser: string }>(
    exchange,
    page,
    async (p) => ({
      browser: await p.version(),
      ...(await p.call('bench', { filter: positionals[0] ?? '', peers })),
    }),
  )
  if (rows.length === 0) throw new Error(`no case has '${positionals[0]}' in its name`)
  const against = result.peer ? `, peer ${result.peer}` : ''
  console.log(`adapter ${result.adapter}, ${result.browser}${against}`)
  console.log('Medians of 7 rounds, ms; times on a shared machine mean little, ratios of one run more.')
  if (json) writeFileSync(json, `${JSON.stringify({ ...result, rows }, undefined, 2)}\n`)
  return 0
}

/** Installs the packages of bench/peers, once. Throws an Error when npm cannot. */
function installPeers(): void {
  if (existsSync(join(PEERS, 'node_modules'))) return
  console.log('Installing the peers (bench/peers/package.json) ...')
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: PEERS,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (status !== 0) throw new Error('the peers could not be installed: try `npm ci` in bench/peers')
}

const column = (value: string, width: number): string => value.padStart(width)
const HEADER = [
  'case'.padEnd(44),
  column('cold', 7),
  column('warm', 9),
  column('GFLOP/s', 9),
  column('peer cold', 11),
  column('warm', 9),
  column('ratio (p10 to p90)', 24),
].join('')

function lineOf({ name, flops, ours, peer }: Row): string {
  const cells = [
    name.padEnd(44),
    column(ours.cold.toFixed(0), 7),
    column(ours.warm.median.toFixed(2), 9),
    column((flops / ours.warm.median / 1e6).toFixed(2), 9),
  ]
  if (peer && 'error' in peer) cells.push(`  peer failed: ${peer.error.split('\n')[0]}`)
  else if (peer) {
    const { p10, median, p90 } = peer.ratio
    cells.push(column(peer.cold.toFixed(0), 11), column(peer.warm.median.toFixed(2), 9))
    cells.push(column(`${median.toFixed(1)} (${p10.toFixed(1)} to ${p90.toFixed(1)})`, 24))
  }
  return cells.join('')
}
