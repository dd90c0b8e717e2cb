// `npm run isa -- --peers`: the products of TensorFlow.js and jax-js beside ours, through the same compiler. Their WGSL is
// taken from the page where they run it, and kept no longer than this takes.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type PeerKernel, peerLines } from '../bench/isa/peerTable.ts'
import { type Driver, runOn } from '../bench/isa/radv.ts'
import { parseLog } from '../bench/isa/stats.ts'
import type { Source } from '../bench/pipelines.ts'
import { withPeerPage } from './benchPage.ts'
import { installPeers, PEER_FILES } from './benchPeers.ts'
import { root } from './environment.ts'

/** Of one row by one engine. */
export interface Launched {
  row: string
  engine: string
  sources: Source[]
}

/** The pipelines of the peers' products. Rows that a peer has no function for, or fails at, are left out and told. */
export async function captureLaunches(): Promise<Launched[]> {
  installPeers()
  const found: Launched[] = []
  for (const file of PEER_FILES)
    await withPeerPage(`bench/peers/${file}`, async (page) => {
      await page.call('describe', { adapter: 'default' })
      await page.call('watchPipelines', undefined)
      const { engine, lacks } = await page.call('peer', { file })
      const { products } = await page.call('list', undefined)
      for (const row of products.filter((name) => !lacks.includes(name))) {
        try {
          found.push({ row, engine, sources: await page.call('launchedBy', { name: row }) })
        } catch (error) {
          console.error(`${engine} ${row}: ${(error as Error).message}`)
        }
      }
    })
  return found
}

/** Prints, for a chip, what its compiler makes of `launches` and of our kernels for the same rows. Throws an Error when it fails. */
export function comparePeers(chip: string, driver: Driver, launches: Launched[]): void {
  const folder = mkdtempSync(join(tmpdir(), 'ganvas-isa-'))
  try {
    const file = join(folder, 'launches.json')
    writeFileSync(file, JSON.stringify(launches))
    const { status, stdout, log } = runOn(chip, driver, [
      join(root, 'scripts', 'run.mjs'),
      'isaCompilePeers',
      file,
    ])
    if (status !== 0)
      throw new Error(`${chip}: compiling failed:\n${log.trim().split('\n').slice(-5).join('\n')}`)
    const { device, driver: version } = JSON.parse(stdout)
    console.log(`${chip} (${device}, ${version})`)
    for (const line of peerLines(parseLog<PeerKernel>(log))) console.log(line)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
