// `npm run test:faults`: trainings that are killed, whose GPU process is killed, whose disk is full: nothing saved may be lost.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Flag, helpLines, readArgs } from './args.ts'
import { filled } from './faults/disks.ts'
import { crashed } from './faults/gpuCrashes.ts'
import { type Killed, killed } from './faults/kills.ts'
import { chromesDriver } from './faults/training.ts'
import { duration } from './progress.ts'

const PARTS = ['kills', 'gpu', 'disks'] as const
/** Kills under Node, in two runs at a time, and in Chrome. */
const KILLS = 90
const IN_CHROME = 10
/** At least this share of them has to meet a checkpoint being written. */
const WHILE_WRITING = 0.3
const CRASHES = 20
const STARTS = 5

const FLAGS = {
  only: { kind: PARTS, about: 'this part alone' },
  kills: { kind: 'count', about: `kills under Node; ${KILLS} if left out, and ${IN_CHROME} more in Chrome` },
  crashes: { kind: 'count', about: `crashes of the GPU process; ${CRASHES} if left out` },
  help: { kind: 'switch', about: 'this text' },
} satisfies Record<string, Flag>

/** Says whether something held, and counts. */
class Verdict {
  passed = 0
  failed = 0

  check(isSo: boolean, what: string, faults: readonly string[] = []): void {
    if (isSo) this.passed++
    else this.failed++
    console.log(`${isSo ? 'passed' : 'FAILED'}  ${what}`)
    for (const fault of isSo ? [] : faults) console.log(`        ${fault}`)
  }
}

export async function main(argv: string[]): Promise<number> {
  const { values } = readArgs(argv, FLAGS, 0)
  if (values.help) {
    console.log(
      'npm run test:faults -- [flags]     harms trainings, and looks whether anything saved is lost',
    )
    for (const line of helpLines(FLAGS)) console.log(line)
    return 0
  }
  const { only, kills = KILLS, crashes = CRASHES } = values
  const begin = Date.now()
  const folder = mkdtempSync(join(tmpdir(), 'ganvas-faults-'))
  const verdict = new Verdict()
  const driver = await chromesDriver()
  try {
    if (!only || only === 'kills') await testKills(folder, kills, driver, verdict)
    if (!only || only === 'gpu') await testCrashes(folder, crashes, verdict)
    if (!only || only === 'disks') await testDisks(folder, driver, verdict)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  console.log(`${duration((Date.now() - begin) / 1000)} in all`)
  console.log(`${verdict.passed} passed, ${verdict.failed} failed`)
  return verdict.failed ? 1 : 0
}

async function testKills(
  folder: string,
  kills: number,
  driver: Record<string, string>,
  verdict: Verdict,
): Promise<void> {
  const half = Math.ceil(kills / 2)
  const lane = (name: string, count: number, host: 'node' | 'chrome', seed: number): Promise<Killed> =>
    killed(join(folder, name), { kills: count, host, seed, driver })
  const host = driver.VK_ICD_FILENAMES ? 'node' : 'chrome'
  const lanes = await Promise.all([lane('one', half, host, 1), lane('two', kills - half, host, 2)])
  lanes.push(await lane('chrome', IN_CHROME, 'chrome', 3))
  const sum = (what: 'kills' | 'whileWriting' | 'beforeFirst' | 'steps'): number =>
    lanes.reduce((total, each) => total + each[what], 0)
  console.log(
    `${sum('kills')} kills in ${sum('steps')} steps of ${lanes.length} trainings, ${IN_CHROME} of them in Chrome: ` +
      `${sum('whileWriting')} while a checkpoint was written, ${sum('beforeFirst')} before one was saved`,
  )
  verdict.check(
    sum('whileWriting') >= WHILE_WRITING * sum('kills'),
    `${sum('whileWriting')} of ${sum('kills')} kills met a checkpoint being written, at least ${100 * WHILE_WRITING}% have to`,
  )
  const lost = lanes.flatMap((each) => each.lost)
  verdict.check(!lost.length, 'after every kill the newest checkpoint saved was whole, and the newest', lost)
  const differing = lanes.flatMap((each, n) =>
    each.differences.map((what) => `training ${n + 1}: other ${what}`),
  )
  verdict.check(
    !differing.length,
    'they came to the bits, and the logs, of trainings that nobody killed',
    differing,
  )
}

async function testCrashes(folder: string, crashes: number, verdict: Verdict): Promise<void> {
  if (process.platform !== 'linux') {
    console.log('crashes of the GPU process are skipped: it is found by Linux alone')
    return
  }
  const starts = Math.min(STARTS, crashes)
  const { ended, differences, ...told } = await crashed(join(folder, 'gpu'), { crashes, starts })
  console.log(
    `${told.crashes} crashes of the GPU process in ${told.steps} steps, ${told.whileRecording} while the first steps were recorded; ` +
      `the loss of the device was told ${told.noticed} times`,
  )
  verdict.check(
    told.crashes >= crashes,
    `the GPU process was killed ${told.crashes} times, of ${crashes}`,
    ended,
  )
  verdict.check(!ended.length, 'the training went on after each', ended)
  verdict.check(
    !differences.length,
    'it came to the bits, and the log, of a training undisturbed',
    differences,
  )
}

async function testDisks(folder: string, driver: Record<string, string>, verdict: Verdict): Promise<void> {
  const { skipped, faults } = await filled(join(folder, 'disk'), join(folder, 'good'), 'node', driver)
  if (skipped) console.log(`full and read-only disks are skipped: ${skipped}`)
  else
    verdict.check(
      !faults.length,
      'full and read-only disks were told with what to do, and harmed nothing',
      faults,
    )
}
