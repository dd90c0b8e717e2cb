/** Whole commands, each as a process of its own, on a run's folder with damage in it. */
import { spawn } from 'node:child_process'
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { root } from '../../scripts/environment.ts'
import { processTree } from '../../scripts/processes.ts'
import { damagedBytes } from './damage.ts'
import { damagedSafetensors } from './files.ts'
import type { Random } from './random.ts'

const LIMIT = { ms: 180_000, bytes: 1e9, lookEveryMs: 200 }

/** What a command came to. */
interface Ended {
  code: number | null
  said: string
  /** Of Node alone: a browser takes what it takes. */
  mostBytes: number
  isLate: boolean
}

/** Runs `npm run NAME -- ARGS`. */
export function command(args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [join(root, 'scripts', 'run.mjs'), ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true, // so that the browser that it starts can be ended with it
  })
  const ended: Ended = { code: null, said: '', mostBytes: 0, isLate: false }
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      ended.said += text
    })
  const { pid } = child
  const looking = setInterval(() => {
    if (pid === undefined || !existsSync('/proc')) return
    for (const each of processTree(pid))
      if (each.pid === pid) ended.mostBytes = Math.max(ended.mostBytes, each.rss)
  }, LIMIT.lookEveryMs)
  const late = setTimeout(() => {
    ended.isLate = true
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
  }, LIMIT.ms)
  return new Promise((resolve) => {
    child.on('close', (code) => {
      clearInterval(looking)
      clearTimeout(late)
      resolve({ ...ended, code })
    })
  })
}

/** What is wrong with how a command ended; undefined if nothing is. */
export function faultOfEnd(
  { code, said, mostBytes, isLate }: Ended,
  mustRefuse: boolean,
): string | undefined {
  const last = said.trim().split('\n').at(-1) ?? ''
  if (isLate) return `did not end within ${LIMIT.ms / 1000} s; it had said: ${last}`
  if (/^\s+at .*:\d+:\d+/m.test(said)) return `shows a stack: ${said.trim().slice(-600)}`
  if (/\b(TypeError|RangeError|SyntaxError|ReferenceError|Cannot read prop|is not a function)/.test(said))
    return `says what no person can use: ${last}`
  if (code === null) return `was killed; it had said: ${last}`
  if (code !== 0 && !last) return `failed with ${code} and not a word`
  if (code === 0 && mustRefuse) return `took a damaged checkpoint without a word: ${last}`
  return mostBytes > LIMIT.bytes ? `took ${Math.round(mostBytes / 1e6)} MB` : undefined
}

/** A run of two steps, to be damaged. Throws an Error when it cannot be made. */
export async function makeRun(path: string): Promise<void> {
  const small = ['--data', 'ring', '--width', '4', '--batch', '4', '--steps', '2', '--sample-every', '1']
  const { code, said } = await command(['train', 'gan', ...small, '--out', path])
  if (code !== 0) throw new Error(`the run to be damaged could not be made: ${said}`)
}

const filesIn = (folder: string): string[] =>
  (readdirSync(folder, { recursive: true }) as string[]).filter((name) =>
    statSync(join(folder, name)).isFile(),
  )

/** Damages one file of the run in `path`, and says which commands are to be tried on it. */
export function damagedRun(
  random: Random,
  path: string,
): { about: string; args: string[]; mustRefuse: boolean } {
  const name = random.pick(['checkpoint.safetensors', 'run.json', ...filesIn(path)])
  const file = join(path, name)
  const before = readFileSync(file)
  const how = random.below(5)
  if (how === 0) rmSync(file)
  else if (how === 1) truncateSync(file, random.below(before.length + 1))
  else
    writeFileSync(
      file,
      name.endsWith('.safetensors') ? damagedSafetensors(random, before) : damagedBytes(random, before),
    )
  const changed = !existsSync(file) || !readFileSync(file).equals(before)
  const args = random.pick([
    ['train', '--resume', path, '--steps', '4'],
    ['sample', path, '--count', '4', '--out', `${path}.png`],
    ['evaluate', path, '--count', '16'],
  ])
  return {
    about: `${name} ${['removed', 'cut off', 'damaged', 'damaged', 'damaged'][how]}: npm run ${args.join(' ')}`,
    args,
    mustRefuse: changed && name === 'checkpoint.safetensors',
  }
}

/** One case on a copy of the run in `whole`. */
export async function tryCommand(
  random: Random,
  whole: string,
  copy: string,
): Promise<{ fault?: string; about: string }> {
  rmSync(copy, { recursive: true, force: true })
  cpSync(whole, copy, { recursive: true })
  const { about, args, mustRefuse } = damagedRun(random, copy)
  return { about, fault: faultOfEnd(await command(args), mustRefuse) }
}
