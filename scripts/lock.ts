// Who works in a folder: a file there that names the process, so that a second one keeps out.
import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { checked, count, object, optional, type TypeOf, text } from '../src/engine/schema.ts'
import { isRunning, told } from './proc.ts'

export const LOCK = 'lock.json'

const owner = object({
  /** In one word. */
  doing: text,
  pid: count,
  host: text,
  /** When the process started, in the words of its system, which gives its number to others later on. */
  started: optional(text),
  /** When it took the folder, ISO 8601. */
  since: text,
})
type Owner = TypeOf<typeof owner>

/** Others that find a lock at the same moment have taken it over by then. */
const SETTLED_MS = 50
/** A lock that is being written is whole by then. */
const WRITTEN_MS = 200
const WAIT_MS = 300

export class Lock {
  private readonly text: string

  /**
   * Takes `folder`, which exists, for this process; `warn` is told when the process that had it is gone. Throws InUseError
   * when that lives, or is on another machine, and what the system says when no file can be made.
   */
  constructor(
    private readonly folder: string,
    doing = 'training',
    warn: Warn = tell,
  ) {
    const me: Owner = {
      doing,
      pid: process.pid,
      host: hostname(),
      started: told(process.pid)?.started,
      since: new Date().toISOString(),
    }
    this.text = `${JSON.stringify(me)}\n`
    let isTakenOver = false
    while (!this.isMade()) {
      const owner = this.owner()
      if (owner && isThere(owner)) throw new InUseError(folder, owner)
      if (!existsSync(this.path)) continue // given back meanwhile
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

  /** The same, but waits for the owner, with a word. */
  static wait(folder: string, doing: string, warn: Warn = tell): Lock {
    for (let isTold = false; ; isTold = true)
      try {
        return new Lock(folder, doing, warn)
      } catch (error) {
        if (!(error instanceof InUseError)) throw error
        if (!isTold) warn(`Waiting: ${error.message}`)
        sleep(WAIT_MS)
      }
  }

  /** Throws an Error when the folder is somebody else's by now: what this process would write could harm it. */
  check(): void {
    const now = this.read()
    if (now === this.text) return
    const owner = ownerOf(now)
    throw owner
      ? new InUseError(this.folder, owner)
      : new Error(`${this.path} was removed: nothing more is written`)
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
    let file: number
    try {
      file = openSync(this.path, 'wx')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
      throw error
    }
    try {
      writeFileSync(file, this.text)
      return true
    } catch (error) {
      rmSync(this.path, { force: true }) // the disk is full
      throw error
    } finally {
      closeSync(file)
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

/** Another process has the folder. */
class InUseError extends Error {
  constructor(folder: string, { doing, pid, host, since }: Owner) {
    const where = host === hostname() ? '' : ` on ${host}`
    super(
      `${folder} is in use: process ${pid}${where} has been ${doing} in it since ${since}. ` +
        `Wait until it ends or stop it; if there is no such process, remove ${join(folder, LOCK)}`,
    )
  }
}

type Warn = (text: string) => void
const tell: Warn = (text) => console.error(text)

function ownerOf(file: string): Owner | undefined {
  try {
    return checked(owner, JSON.parse(file), LOCK)
  } catch {
    return undefined
  }
}

/** Whether the owner may live: of another machine's processes nothing can be told. */
const isThere = ({ pid, host, started }: Owner): boolean => host !== hostname() || isRunning(pid, started)

const sleep = (ms: number): unknown => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
