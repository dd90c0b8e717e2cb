// `npm run test:memory`: long trainings as a person would start them, while the memory of every process is watched.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Flag, HOSTS, helpLines, readArgs } from './args.ts'
import { root } from './environment.ts'
import { onInterrupt } from './interrupt.ts'
import { type Held, linesOf, type Seen, verdictOf } from './memoryReport.ts'
import { processTree } from './processes.ts'

/** Small networks: what grows with the number of steps grows as fast as with large ones. */
const RUNS: Record<string, { steps: number; flags: string }> = {
  gan: {
    steps: 100_000,
    flags: '--data ring --width 16 --batch 32 --sample-every 1000 --checkpoint-every 1000',
  },
  dcgan: { steps: 20_000, flags: '--width 4 --batch 4 --sample-every 200 --checkpoint-every 200' },
}
/** From one look to the next: a hundredth of the time that has passed, within these bounds. */
const PAUSE = { share: 0.01, least: 100, most: 2000 }
/** What of the training's words and of its log is kept in mind, bytes. */
const TAIL = 4096

const FLAGS = {
  steps: { kind: 'count', about: 'train until this step; 100,000 for gan and 20,000 for dcgan if left out' },
  host: { kind: HOSTS, about: 'where the engine runs; chrome if left out' },
  lazy: {
    kind: 'switch',
    about: 'garbage is collected when V8 likes, as in use; if left out, with every sample picture',
  },
  out: {
    kind: 'text',
    value: 'DIR',
    about: 'keeps the run there, and what was seen beside it as DIR.memory.json',
  },
  help: { kind: 'switch', about: 'this text' },
} satisfies Record<string, Flag>

/** Returns 1 when memory grew. Throws an Error when the training fails, and where there is no /proc to look in. */
export async function main(argv: string[]): Promise<number> {
  const { values, positionals } = readArgs(argv, FLAGS, 1)
  const known = Object.keys(RUNS)
  if (values.help) {
    console.log(`npm run test:memory -- [${known.join('|')}] [flags]     both if left out`)
    for (const line of helpLines(FLAGS)) console.log(line)
    return 0
  }
  const [name] = positionals
  if (name !== undefined && !known.includes(name))
    throw new Error(`no run '${name}'; there are ${known.join(', ')}`)
  if (!existsSync('/proc/self/status'))
    throw new Error('the memory of processes is read from /proc, so this needs Linux')
  const { host = 'chrome', lazy = false, out } = values
  if (out !== undefined && name === undefined) throw new Error('--out is for one run: say which')
  const complaints: string[] = []
  for (const each of name === undefined ? known : [name]) {
    const { steps, flags } = RUNS[each]
    const args = [each, ...flags.split(' '), '--steps', String(values.steps ?? steps), '--host', host]
    console.log(`npm run train -- ${args.join(' ')}`)
    const seen = await inFolder(out, (path) => watch([...args, '--out', path], path, lazy))
    if (out !== undefined) writeFileSync(`${out}.memory.json`, `${JSON.stringify({ args, ...seen })}\n`)
    for (const line of linesOf(seen)) console.log(line)
    complaints.push(...verdictOf(seen).map((complaint) => `${each}: ${complaint}`))
  }
  for (const complaint of complaints) console.error(complaint)
  return complaints.length ? 1 : 0
}

/** Runs `body` with the path `out`, or with one that is gone afterwards. */
async function inFolder<T>(out: string | undefined, body: (path: string) => Promise<T>): Promise<T> {
  if (out !== undefined) return body(out)
  const folder = mkdtempSync(join(tmpdir(), 'ganvas-memory-'))
  try {
    return await body(join(folder, 'run'))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Trains, and looks at the memory every now and then. Rejects when the training fails. */
async function watch(args: string[], path: string, lazy: boolean): Promise<Seen> {
  const [forNode, forChrome] = lazy ? [[], ''] : [['--expose-gc'], '--js-flags=--expose-gc']
  const flags = [process.env.GANVAS_CHROME_FLAGS ?? '', forChrome].join(' ').trim()
  const train = [...forNode, join(root, 'scripts', 'run.mjs'), 'train', ...args]
  const training = spawn(process.execPath, train, {
    // With DEBUG the page tells what the engine holds.
    env: { ...process.env, DEBUG: '1', GANVAS_CHROME_FLAGS: flags },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const seen: Seen = { looks: [], held: [] }
  let said = ''
  for (const stream of [training.stdout, training.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      const lines = `${said}${text}`
      const whole = lines.lastIndexOf('\n') + 1
      seen.held.push(...heldIn(lines.slice(said.lastIndexOf('\n') + 1, whole)))
      said = lines.slice(-TAIL)
    })
  const stopListening = onInterrupt(() => training.kill())
  const started = Date.now()
  let timer: NodeJS.Timeout | undefined
  const lookAgain = (): void => {
    const pause = Math.min(PAUSE.most, Math.max(PAUSE.least, PAUSE.share * (Date.now() - started)))
    timer = setTimeout(() => {
      const step = lastStep(join(path, 'log.jsonl'))
      const processes = training.pid === undefined ? [] : processTree(training.pid)
      if (step > 0) seen.looks.push({ step, processes, files: sizesIn(path) })
      lookAgain()
    }, pause)
  }
  lookAgain()
  try {
    const [code, signal] = await once(training, 'exit')
    if (code !== 0) throw new Error(`the training ended with ${signal ?? code}:\n${said.trim()}`)
    return seen
  } finally {
    clearTimeout(timer)
    stopListening()
    training.kill()
  }
}

/** What the engine said of its memory in these lines (see src/app/debug.ts). */
const heldIn = (text: string): Held[] =>
  [...text.matchAll(/^After step (\d+): (\d+) bytes in use by tensors, (\d+) kept for reuse/gm)].map(
    ([, step, used, kept]) => ({ step: Number(step), used: Number(used), kept: Number(kept) }),
  )

/** The step of the log's last line; 0 before there is one. */
function lastStep(log: string): number {
  if (!existsSync(log)) return 0
  const file = openSync(log, 'r')
  try {
    const from = Math.max(0, fstatSync(file).size - TAIL)
    const tail = Buffer.alloc(TAIL)
    const text = tail.toString('latin1', 0, readSync(file, tail, 0, TAIL, from))
    return Number([...text.matchAll(/"step":(\d+),/g)].at(-1)?.[1] ?? 0)
  } finally {
    closeSync(file)
  }
}

/** Bytes of the run's files by name, those of a folder in it together. */
function sizesIn(path: string): Record<string, number> {
  const sizes: Record<string, number> = {}
  for (const name of readdirSync(path, { recursive: true }) as string[]) {
    const found = statSync(join(path, name), { throwIfNoEntry: false })
    const [group] = name.split('/')
    if (found?.isFile()) sizes[group] = (sizes[group] ?? 0) + found.size
  }
  return sizes
}
