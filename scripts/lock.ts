// Who works in a folder: a file there that names the process, so that a second one keeps out.
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'

export const LOCK = 'lock.json'

interface Owner {
  pid: number
  host: string
  /** When the process started, in the words of its system, which gives its number to others later on. */
  started?: string
  /** When it took the folder, ISO 8601. */
  since: string
}

/** Others that find a lock at the same moment have taken it over by then. */
const SETTLED_MS = 50
/** A lock that is being written is whole by then. */
const WRITTEN_MS = 200

export class Lock {
  private readonly text: string

  /**
   * Takes `folder`, which exists, for this process; `warn` is told when the process that had it is gone. Throws an Error
   * that names the owner when it lives, or is on another machine, and what the system says when no file can be made.
   */
  constructor(
    private readonly folder: string,
    warn: (text: string) => void = (text) => console.error(text),
  ) {
    const me: Owner = {
      pid: process.pid,
      host: hostname(),
      started: startOf(process.pid),
      since: new Date().toISOString(),
    }
    this.text = `${JSON.stringify(me)}\n`
    let isTakenOver = false
    while (!this.isMade()) {
      const owner = this.owner()
      if (owner && isRunning(owner)) throw new Error(inUse(folder, owner))
      const who = owner ? `process ${owner.pid}, which is gone` : 'a process that could not name itself'
      warn(`${folder} was left locked by ${who}: it is taken over.`)
      rmSync(this.path, { force: true })
      isTakenOver = true
    }
    if (isTakenOver) {
      sleep(SETTLED_MS)
      this.check()
    }
  }

  /** Throws an Error when the folder is somebody else's by now: what this process would write could harm it. */
  check(): void {
    const now = this.read()
    if (now === this.text) return
    const owner = ownerOf(now)
    throw new Error(owner ? inUse(this.folder, owner) : `${this.path} was removed: nothing more is written`)
  }

  /** Gives the folder back. */
  release(): void {
    if (this.read() === this.text) rmSync(this.path, { force: true })
  }

  private get path(): string {
    return join(this.folder, LOCK)
  }

  /** Makes the file; false when there is one. */
  private isMade(): boolean {
    try {
      writeFileSync(this.path, this.text, { flag: 'wx' })
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
      throw error
    }
  }

  /** Undefined when the file says nothing that can be read, for longer than it takes to write it. */
  private owner(): Owner | undefined {
    const owner = ownerOf(this.read())
    if (owner) return owner
    sleep(WRITTEN_MS)
    return ownerOf(this.read())
  }

  private read(): string {
    try {
      return readFileSync(this.path, 'utf8')
    } catch {
      return ''
    }
  }
}

const inUse = (folder: string, { pid, host, since }: Owner): string =>
  `${folder} is in use: process ${pid} ${host === hostname() ? '' : `on ${host} `}has been training in it since ${since}. ` +
  `Wait until it ends or stop it; if there is no such process, remove ${join(folder, LOCK)}`

function ownerOf(text: string): Owner | undefined {
  try {
    const { pid, host, started, since } = JSON.parse(text)
    const isOwner =
      Number.isSafeInteger(pid) && pid > 0 && typeof host === 'string' && typeof since === 'string'
    return isOwner ? { pid, host, since, ...(typeof started === 'string' && { started }) } : undefined
  } catch {
    return undefined
  }
}

/** Whether a process lives, as far as can be told: of another machine nothing can. */
export function isRunning({ pid, host, started }: Pick<Owner, 'pid' | 'host' | 'started'>): boolean {
  if (host !== hostname()) return true
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false // else it is another user's
  }
  const now = startOf(pid)
  return now !== ENDED && (started === undefined || now === undefined || now === started)
}

/** Ended, and not yet forgotten by its parent. */
const ENDED = 'ended'

/** When a process started; undefined where the system does not tell. */
function startOf(pid: number): string | undefined {
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // What follows the program's name, which may hold anything: the state, and as the 20th the ticks from the boot on.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? ENDED : `${boot} ${fields[19]}`
  } catch {
    if (process.platform === 'win32') return undefined
  }
  const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' })
  return stdout?.trim() || undefined
}

const sleep = (ms: number): unknown => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
