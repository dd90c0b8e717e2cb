// The profiles of Chromes that we start: folders of 20 to 30 MB that go with them.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { isRunning } from './proc.ts'
import { saying } from './save.ts'

const PREFIX = 'ganvas-chrome'
/** Chrome may still be at it. */
const PATIENT = { recursive: true, force: true, maxRetries: 5, retryDelay: 50 }

export interface Profile {
  path: string
  /** To be called when Chrome has ended; the end of our own process calls it, too. */
  remove(): void
}

/** A new profile, named after this process; those of processes that were killed go. */
export function makeProfile(folder = tmpdir()): Profile {
  sweepProfiles(folder)
  const begin = join(folder, `${PREFIX}-${hostname()}-${process.pid}-`)
  const path = saying(begin, () => mkdtempSync(begin))
  const remove = (): void => {
    process.off('exit', remove)
    try {
      rmSync(path, PATIENT)
    } catch {
      // swept another time
    }
  }
  process.on('exit', remove)
  return { path, remove }
}

function sweepProfiles(folder: string): void {
  const begin = `${PREFIX}-${hostname()}-`
  for (const name of readdirSync(folder)) {
    const pid = name.startsWith(begin) ? /^(\d+)-/.exec(name.slice(begin.length))?.[1] : undefined
    if (!pid || isRunning(Number(pid))) continue
    try {
      rmSync(join(folder, name), PATIENT)
    } catch {
      // another user's
    }
  }
}
