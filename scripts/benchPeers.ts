// Other engines in the same page as ours. A failing one is reported and ends nothing: it gets a new page, since it may
// have taken the GPU process with it.
import { join } from 'node:path'
import type { PeerResult, Result } from '../bench/result.ts'
import { short } from '../bench/table.ts'
import type { AdapterChoice } from '../src/app/headless.ts'
import { type BenchPage, withPeerPage } from './benchPage.ts'
import { root } from './environment.ts'
import { installOnDemand } from './onDemand.ts'

export const PEER_FILES = ['tfjs.js', 'jax.js']

/** Installs the packages of bench/peers where they are missing. Throws an Error when npm cannot. */
export const installPeers = (): void => installOnDemand(join(root, 'bench', 'peers'))

interface Task {
  name: string
  run(page: BenchPage): Promise<PeerResult>
  /** The row that the outcome belongs to. */
  row: { peers?: PeerResult[] }
}

/**
 * Compares the rows of `result` that peers may have (`peerKernels`, and steps), and puts the outcome there. `ready` makes
 * our engine on a page what it was when these were measured.
 */
export async function addPeers(
  result: Result,
  peerKernels: readonly string[],
  adapter: AdapterChoice,
  ready: (page: BenchPage) => Promise<unknown>,
): Promise<void> {
  for (const file of PEER_FILES) {
    const tasks = tasksOf(result, peerKernels)
    const total = tasks.length
    const report = (task: Task, outcome: PeerResult): void => {
      task.row.peers = [...(task.row.peers ?? []), outcome]
      const what = outcome.ratio ? `${short(outcome.ratio.median)} times ours` : `failed: ${outcome.error}`
      console.log(`${outcome.engine} ${total - tasks.length}/${total} ${task.name}: ${what}`)
    }
    while (tasks.length) await onePage(file, adapter, ready, tasks, report)
  }
}

/** Runs tasks, taking them off the list, until one fails. */
async function onePage(
  file: string,
  adapter: AdapterChoice,
  ready: (page: BenchPage) => Promise<unknown>,
  tasks: Task[],
  report: (task: Task, outcome: PeerResult) => void,
): Promise<void> {
  let engine = file
  let current: Task | undefined
  try {
    await withPeerPage(`bench/peers/${file}`, async (page) => {
      await page.call('describe', { adapter })
      await ready(page)
      const loaded = await page.call('peer', { file })
      engine = loaded.engine
      for (current = tasks.shift(); current; current = tasks.shift()) {
        if (loaded.lacks.includes(current.name)) {
          report(current, { engine, error: 'has no such function' })
          continue
        }
        const outcome = await current.run(page)
        report(current, outcome)
        if (outcome.error) return
      }
    })
  } catch (error) {
    // The page, or Chrome, or the peer before its first task.
    const task = current ?? tasks.shift()
    if (task) report(task, { engine, error: (error as Error).message })
  }
}

function tasksOf({ kernels, steps }: Result, peerKernels: readonly string[]): Task[] {
  const ofKernels = kernels
    .filter(({ isDefault, status }) => isDefault && status === 'ok')
    .map((row): Task => {
      const name = `${row.op} ${row.shape}`
      return { name, row, run: (page) => page.call('compareKernel', { name }) }
    })
  const ofSteps = steps
    .filter(({ status }) => status === 'ok')
    .map((row): Task => {
      const name = `${row.model} ${row.shape}`
      return { name, row, run: (page) => page.call('compareStep', { name }) }
    })
  return [...ofKernels.filter(({ name }) => peerKernels.includes(name)), ...ofSteps]
}
