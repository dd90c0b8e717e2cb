// Disks that are full, and disks that can only be read: small ones in memory, mounted where that is allowed.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CHECKPOINT, latestCheckpoint } from '../checkpoints.ts'
import { differences, type Host, SMALL, Training, trainToEnd } from './training.ts'

const FLAGS = [...SMALL, '--seed', '9', '--checkpoint-every', '1', '--sample-every', '1000000']
const SIZE = 'size=16m'
/** Less than a checkpoint takes. */
const LEFT = 64 * 1024

export interface Filled {
  /** Why nothing could be tried. */
  skipped?: string
  faults: string[]
}

/** Trains on a disk in memory mounted at `disk`, which is filled, then made read-only. */
export async function filled(
  disk: string,
  beside: string,
  host: Host,
  driver: Record<string, string>,
): Promise<Filled> {
  mkdirSync(disk)
  const skipped = mount('-t', 'tmpfs', '-o', SIZE, 'ganvas-test', disk)
  if (skipped) return { skipped, faults: [] }
  const faults: string[] = []
  const expect = (isSo: boolean, what: string): void => void (isSo || faults.push(what))
  const train = async (...args: string[]): Promise<{ code: number | null; said: string }> => {
    const training = new Training(args, host, driver)
    const code = await training.ended
    return { code, said: training.output.trim() }
  }
  try {
    const run = join(disk, 'run')
    const filler = join(disk, 'filler')
    await trainToEnd([...FLAGS, '--steps', '3', '--out', run], host, driver)

    fill(disk, filler, LEFT)
    const before = readFileSync(join(run, CHECKPOINT))
    const full = await train('--resume', run, '--steps', '6')
    expect(full.code === 1, `a full disk: ended with ${full.code}`)
    expect(
      /\/run\/\S+ cannot be written: the disk is full; free some space/.test(full.said),
      `a full disk: ${full.said}`,
    )
    expect(leftovers(run).length === 0, `a full disk: left ${leftovers(run)}`)
    expect(readFileSync(join(run, CHECKPOINT)).equals(before), 'a full disk: the checkpoint before is gone')

    fill(disk, `${filler}-more`, 0)
    const none = await train(...FLAGS, '--steps', '3', '--out', join(disk, 'other'))
    expect(none.code === 1 && none.said.includes('the disk is full'), `no space at all: ${none.said}`)
    expect(!existsSync(join(disk, 'other')), 'no space at all: left a folder')
    rmSync(filler)
    rmSync(`${filler}-more`)

    mount('-o', 'remount,ro', disk)
    const only = await train('--resume', run, '--steps', '6')
    expect(
      only.code === 1 && only.said.includes('the disk can only be read'),
      `a disk to be read: ${only.said}`,
    )
    expect(!only.said.includes('adapter  '), 'a disk to be read: found after the start')
    const made = await train(...FLAGS, '--steps', '3', '--out', join(disk, 'other'))
    expect(
      made.code === 1 && made.said.includes('the disk can only be read'),
      `a new run there: ${made.said}`,
    )
    mount('-o', `remount,rw,${SIZE}`, disk)

    await trainToEnd(['--resume', run, '--steps', '6'], host, driver)
    expect(latestCheckpoint(run).step === 6, 'with space again: not at step 6')
    await trainToEnd([...FLAGS, '--steps', '6', '--out', beside], host, driver)
    for (const what of differences(run, beside)) faults.push(`in the end other ${what} than on a good disk`)
  } catch (error) {
    faults.push((error as Error).message)
  } finally {
    spawnSync('umount', ['-l', disk])
  }
  return { faults }
}

/** Why it could not be mounted; nothing when it is. */
function mount(...args: string[]): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'it takes Linux and root to mount a disk in memory'
  const { status, stderr } = spawnSync('mount', args, { encoding: 'utf8' })
  return status === 0 ? undefined : (stderr ?? 'no mount').trim()
}

/** Writes a file that leaves about `left` bytes. */
function fill(disk: string, file: string, left: number): void {
  const { bavail, bsize } = statfsSync(disk)
  writeFileSync(file, new Uint8Array(Math.max(0, bavail * bsize - left)))
}

const leftovers = (folder: string): string[] =>
  readdirSync(folder).filter((name) => name.endsWith('.tmp') || name === 'lock.json')
