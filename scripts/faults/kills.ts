// Trainings that are killed at any moment, and while they write a checkpoint, and go on each time.
import { existsSync, mkdirSync, readdirSync, rmSync, watch } from 'node:fs'
import { join } from 'node:path'
import { CHECKPOINT, latestCheckpoint } from '../checkpoints.ts'
import { differences, type Host, logOf, SMALL, sleep, Training, trainToEnd } from './training.ts'

export interface Killed {
  kills: number
  /** Of these, while a checkpoint was being written: it was left there half or unnamed. */
  whileWriting: number
  /** Of these, before anything was saved. */
  beforeFirst: number
  steps: number
  /** Checkpoints that were saved and could not be read afterwards, or were not the latest any more. */
  lost: string[]
  /** What differs in the end from a run that nobody killed. */
  differences: string[]
}

const SAVING = /^checkpoint\.safetensors\.\d+\.tmp$/
/** A file of some megabytes takes long enough to be written that a kill can meet it. */
const FLAGS = [...SMALL, '--width', '256', '--checkpoint-every', '1', '--sample-every', '1000000']

/** Trains in `folder`, is killed `kills` times, is continued each time, and compared with a run beside it. */
export async function killed(
  folder: string,
  { kills, host, seed, driver }: { kills: number; host: Host; seed: number; driver: Record<string, string> },
): Promise<Killed> {
  const result: Killed = { kills, whileWriting: 0, beforeFirst: 0, steps: 0, lost: [], differences: [] }
  const flags = [...FLAGS, '--seed', String(seed)]
  let saved = 0
  /** What goes on with the run, or begins it where nothing is saved. */
  const onwards = (): string[] => {
    if (existsSync(join(folder, CHECKPOINT))) return ['--resume', folder]
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    return [...flags, '--steps', '1000000', '--out', folder]
  }
  for (let n = 0; n < kills; n++) {
    const training = new Training(onwards(), host, driver)
    // Every other kill waits for a checkpoint; the rest come at any time, some before the first step.
    if (n % 2) await killWhileSaving(training, folder, 1 + Math.floor(3 * Math.random()))
    else await killSometime(training, folder)
    await training.ended
    if (readdirSync(folder).some((name) => SAVING.test(name))) result.whileWriting++
    if (!existsSync(join(folder, CHECKPOINT))) {
      result.beforeFirst++
      if (saved) result.lost.push(`kill ${n + 1}: no checkpoint, was at step ${saved}`)
      continue
    }
    const { step, said } = latest(folder)
    if (step < saved || said) result.lost.push(`kill ${n + 1}: at step ${step}, was at ${saved}. ${said}`)
    saved = step
  }
  result.steps = saved + 3
  await trainToEnd([...onwards(), '--steps', String(result.steps)], host, driver)
  const quiet = `${folder}-undisturbed`
  const steps = String(result.steps)
  const undisturbed = [...flags, '--checkpoint-every', steps, '--steps', steps, '--out', quiet]
  await trainToEnd(undisturbed, host, driver)
  result.differences = differences(folder, quiet)
  return result
}

function latest(folder: string): { step: number; said: string } {
  let said = ''
  try {
    const { step } = latestCheckpoint(folder, (text) => (said += text))
    return { step, said }
  } catch (error) {
    return { step: -1, said: (error as Error).message }
  }
}

/** Kills it when it begins to write its `nth` checkpoint from now on. */
async function killWhileSaving(training: Training, folder: string, nth: number): Promise<void> {
  let begun = 0
  const files = new Set<string | null>()
  const watcher = watch(folder, (event, name) => {
    // A name comes again when the file takes its place: only every other time it is a new one.
    if (event !== 'rename' || !name || !SAVING.test(name)) return
    if (files.delete(name)) return
    files.add(name)
    if (++begun === nth) training.kill()
  })
  try {
    await training.until(() => training.hasEnded || begun >= nth, 'a checkpoint')
  } finally {
    watcher.close()
    training.kill()
  }
}

/** Kills it at any moment: while it starts, or in its first steps. */
async function killSometime(training: Training, folder: string): Promise<void> {
  const lines = logOf(folder).length
  if (Math.random() < 0.2) await sleep(4000 * Math.random())
  else {
    await training.until(() => logOf(folder).length > lines, 'a step')
    await sleep(500 * Math.random())
  }
  training.kill()
}
