// Trainings that are harmed: small ones, in a process of their own that can be killed with all that it started.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { findChrome } from '../chrome.ts'
import { root } from '../environment.ts'
import { processTree } from '../processes.ts'

export type Host = 'node' | 'chrome'

/** Points and narrow networks: steps take milliseconds, and a start a few seconds. */
export const SMALL = ['gan', '--data', 'ring', '--batch', '4', '--log-every', '1']

/** Longer than anything takes here, on a machine with other work to do. */
const LIMIT_MS = 180_000

const running = new Set<Training>()
process.on('exit', () => {
  for (const training of running) training.kill()
})

export class Training {
  /** What it printed. */
  output = ''
  /** Its exit code; null when it was killed. */
  readonly ended: Promise<number | null>
  hasEnded = false
  private readonly child: ChildProcess

  /** `npm run train -- ...args`, by Dawn under Node with the driver that Chrome brings along, or in Chrome. */
  constructor(args: readonly string[], host: Host, driver: Record<string, string> = {}) {
    const env = { ...process.env, ...(host === 'node' && driver) }
    delete env.npm_lifecycle_event // nobody's end but the test's own matters
    const command = ['scripts/run.mjs', 'train', ...args, '--host', host]
    this.child = spawn(process.execPath, command, {
      cwd: root,
      env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.child.stdout, this.child.stderr])
      stream?.on('data', (text) => (this.output += text))
    running.add(this)
    this.ended = new Promise((resolve) =>
      this.child.on('close', (code) => {
        this.hasEnded = true
        running.delete(this)
        resolve(code)
      }),
    )
  }

  get pid(): number {
    return this.child.pid as number
  }

  /** Kills it with everything that it started, which is given no time for anything. */
  kill(): void {
    if (this.hasEnded) return
    const others = existsSync('/proc') ? processTree(this.pid) : []
    for (const pid of [-this.pid, ...others.map((each) => each.pid)]) signal(pid, 'SIGKILL')
  }

  /** Kills the process of Chrome that speaks to the GPU. False when there is none at the moment. */
  killGpuProcess(): boolean {
    const found = processTree(this.pid).find(({ kind }) => kind === 'gpu-process')
    return found !== undefined && signal(found.pid, 'SIGKILL')
  }

  /** Asks it to save and stop; its exit code. */
  stop(): Promise<number | null> {
    signal(this.pid, 'SIGTERM')
    return this.ended
  }

  /** Waits for a condition. Throws an Error with what the training said when it ends before, or it takes too long. */
  async until(condition: () => boolean, what: string): Promise<void> {
    const begin = Date.now()
    while (!condition()) {
      if (this.hasEnded || Date.now() - begin > LIMIT_MS)
        throw new Error(`${this.hasEnded ? 'ended' : 'took too long'} before ${what}: ${this.lastWords()}`)
      await sleep(5)
    }
  }

  /** The last line that it printed. */
  lastWords(): string {
    return this.output.trim().split('\n').at(-1) ?? ''
  }
}

/** Trains to the end. Throws an Error with what it said when it fails. */
export async function trainToEnd(
  args: readonly string[],
  host: Host,
  driver?: Record<string, string>,
): Promise<void> {
  const training = new Training(args, host, driver)
  const code = await training.ended
  if (code !== 0) throw new Error(`train ${args.join(' ')} ended with ${code}: ${training.lastWords()}`)
}

function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name)
  } catch {
    return false // it has ended meanwhile
  }
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** Lines of a run's log without the time that steps took. */
export function logOf(folder: string): object[] {
  const path = join(folder, 'log.jsonl')
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .flatMap((line) => {
      try {
        const { ms: _, ...values } = JSON.parse(line)
        return [values]
      } catch {
        return [] // half a line
      }
    })
}

/** What is not the same in two runs that should have come to the same bits; nothing if all is. */
export function differences(one: string, other: string): string[] {
  const [a, b] = [one, other].map((folder) => readFileSync(join(folder, 'checkpoint.safetensors')))
  const [log, otherLog] = [one, other].map((folder) => JSON.stringify(logOf(folder)))
  return [...(a.equals(b) ? [] : ['checkpoints']), ...(log === otherLog ? [] : ['logs'])]
}

/** What lets Dawn find SwiftShader, which Chrome brings along: a machine without a GPU need not install a driver. */
export async function chromesDriver(): Promise<Record<string, string>> {
  const folders = [dirname(realpathSync(await findChrome())), '/usr/lib/chromium', '/opt/google/chrome']
  const icd = 'vk_swiftshader_icd.json'
  const folder = folders.find((each) => [icd, 'libvulkan.so.1'].every((file) => existsSync(join(each, file))))
  return folder ? { LD_LIBRARY_PATH: folder, VK_ICD_FILENAMES: join(folder, icd) } : {}
}
