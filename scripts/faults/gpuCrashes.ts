// A training in Chrome whose GPU process is killed again and again: in its steps, while points are drawn, while it records.
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { CHECKPOINT, latestCheckpoint } from '../checkpoints.ts'
import { differences, logOf, SMALL, sleep, Training, trainToEnd } from './training.ts'

export interface Crashed {
  crashes: number
  /** Of these, just after a start: the first samples are drawn, and the first steps recorded. */
  whileRecording: number
  /** How often a training said that it lost the device. */
  noticed: number
  steps: number
  /** What ended a training that should have gone on. */
  ended: string[]
  differences: string[]
}

/** Chrome gives a new adapter after any number of crashes that are this far apart. */
const APART_MS = 3500
/** Samples after every step: of points, with what D says around them, they take much of the time. */
const FLAGS = [...SMALL, '--seed', '5', '--sample-every', '1', '--checkpoint-every', '20']

/** Trains in `folder`, whose GPU process is killed `crashes` times in all in several starts. */
export async function crashed(
  folder: string,
  { crashes, starts }: { crashes: number; starts: number },
): Promise<Crashed> {
  const result: Crashed = { crashes: 0, whileRecording: 0, noticed: 0, steps: 0, ended: [], differences: [] }
  const record = join(folder, 'run.json')
  for (let start = 0; start < starts; start++) {
    const before = existsSync(record) ? statSync(record).mtimeMs : 0
    const isNew = !existsSync(join(folder, CHECKPOINT))
    const args = isNew ? [...FLAGS, '--steps', '1000000', '--out', folder] : ['--resume', folder]
    const training = new Training(args, 'chrome')
    try {
      // Written when the first step is due.
      await training.until(() => existsSync(record) && statSync(record).mtimeMs > before, 'its first step')
      await sleep(150 * Math.random())
      if (training.killGpuProcess()) {
        result.crashes++
        result.whileRecording++
      }
      const due = Math.round((crashes * (start + 1)) / starts)
      while (result.crashes < due) {
        const reached = logOf(folder).length
        await sleep(APART_MS + 500 * Math.random())
        await training.until(() => logOf(folder).length !== reached, 'a step after a crash')
        if (training.killGpuProcess()) result.crashes++
      }
      const saved = existsSync(join(folder, CHECKPOINT)) ? latestCheckpoint(folder, () => {}).step : 0
      await training.until(() => (lastStep(folder) ?? 0) > saved, 'a step after the last crash')
      const code = await training.stop()
      if (code !== 130) throw new Error(`ended with ${code}: ${training.lastWords()}`)
    } catch (error) {
      training.kill()
      await training.ended
      result.ended.push((error as Error).message)
    }
    result.noticed += training.output.split('The GPU device was lost').length - 1
  }
  if (!existsSync(join(folder, CHECKPOINT))) return { ...result, differences: ['nothing was saved'] }
  result.steps = latestCheckpoint(folder, () => {}).step + 3
  const steps = ['--steps', String(result.steps)]
  await trainToEnd(['--resume', folder, ...steps], 'chrome')
  const quiet = `${folder}-undisturbed`
  await trainToEnd([...FLAGS, '--sample-every', '1000000', ...steps, '--out', quiet], 'chrome')
  result.differences = differences(folder, quiet)
  return result
}

const lastStep = (folder: string): number | undefined =>
  (logOf(folder).at(-1) as { step?: number } | undefined)?.step
