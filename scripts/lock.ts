// Who works in a folder: a file there that names the process, so that a second one keeps out.
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { isRunning, told } from './proc.ts'

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
      started: told(process.pid)?.started,
      since: new Date().toISOString(),
    }
    this.text = `${JSON.stringify(me)}\n`
    let isTakenOver = false
    while (!this.isMade()) {
      const owner = this.owner()
      if (owner && isThere(owner)) throw new Error(inUse(folder, owner))
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
      rmSync(this.path, { force: true }) // made, but not written: the disk is full
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

/** Whether the owner may live: of another machine's processes nothing can be told. */
const isThere = ({ pid, host, started }: Owner): boolean => host !== hostname() || isRunning(pid, started)

const sleep = (ms: number): unknown => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
