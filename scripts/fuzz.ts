// `npm run test:fuzz`: damaged files, absurd flags and broken runs by the thousand, to see what is not refused in a line.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeRun, tryCommand } from '../tests/fuzz/commands.ts'
import { type Fault, fuzz, targetsIn } from '../tests/fuzz/fuzz.ts'
import { Random } from '../tests/fuzz/random.ts'
import { type Flag, helpLines, readArgs } from './args.ts'
import { root } from './environment.ts'

/** A case that says nothing for so long hangs. */
const HANG_MS = 20_000
/** What it may take until the first case, on a machine with much else to do. */
const START_MS = 180_000

const FLAGS = {
  seed: { kind: 'seed', about: 'of everything that is made up; 1 if left out' },
  seconds: { kind: 'count', about: 'how long; 60 if left out' },
  target: {
    kind: 'text',
    value: 'NAME',
    about: 'one kind of input alone; a name that there is not lists them',
  },
  from: { kind: 'count', about: 'begin with this case' },
  commands: {
    kind: 'switch',
    about: 'whole commands on damaged runs, a few a minute, instead of readers in one process',
  },
  child: { kind: 'switch', about: 'used by itself: try the cases here' },
  help: { kind: 'switch', about: 'this text' },
} satisfies Record<string, Flag>

interface Wanted {
  seed: number
  seconds: number
  target?: string
  from: number
}

/** Returns 1 when anything went wrong, after a line for each fault with what repeats it. */
export async function main(argv: string[]): Promise<number> {
  const { values } = readArgs(argv, FLAGS, 0)
  if (values.help) {
    console.log('npm run test:fuzz -- [flags]')
    for (const line of helpLines(FLAGS)) console.log(line)
    return 0
  }
  const { seed = 1, seconds = 60, target, from = 0 } = values
  const wanted: Wanted = { seed, seconds, target, from }
  const folder = mkdtempSync(join(tmpdir(), 'ganvas-fuzz-'))
  try {
    if (values.child) return tryHere(wanted, folder)
    return values.commands ? await tryCommands(wanted, folder) : await tryApart(wanted)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function chosen(target: string | undefined, folder: string) {
  const all = targetsIn(folder)
  const own = target === undefined ? all : all.filter(({ name }) => name === target)
  if (own.length === 0)
    throw new Error(`no target '${target}'; there are ${all.map(({ name }) => name).join(', ')}`)
  return own
}

/** Tries the cases in this process, saying each before it begins. */
function tryHere({ seed, seconds, target, from }: Wanted, folder: string): number {
  const tell = (line: object): void => void writeSync(1, `${JSON.stringify(line)}\n`)
  const { cases } = fuzz(chosen(target, folder), {
    seed,
    seconds,
    from,
    onCase: (name, number) => tell({ name, number }),
    onFault: (fault) => tell({ fault }),
  })
  tell({ cases })
  return 0
}

/** Tries the cases in processes that are ended when they hang, and followed by others when they die. */
async function tryApart({ seed, seconds, target, from }: Wanted): Promise<number> {
  const end = Date.now() + 1000 * seconds
  const faults: Fault[] = []
  let cases = 0
  for (let next = from; Date.now() < end; ) {
    const left = Math.max(1, Math.ceil((end - Date.now()) / 1000))
    const child = await tryIn([
      ...['--child', '--seed', String(seed), '--seconds', String(left)],
      ...(next ? ['--from', String(next)] : []),
      ...(target === undefined ? [] : ['--target', target]),
    ])
    faults.push(...child.faults)
    cases += child.cases
    if (child.isDone) break
    const { name, number } = child.last ?? { name: 'the start', number: next }
    if (!child.last) throw new Error(`nothing could be tried: ${child.how}`)
    faults.push({ target: name, seed, number, fault: child.how, input: 'see --target and --from' })
    next = number + 1
  }
  console.log(`${cases} cases of seed ${seed}, ${faults.length} faults`)
  for (const line of grouped(faults)) console.log(line)
  return faults.length ? 1 : 0
}

interface Child {
  cases: number
  faults: Fault[]
  isDone: boolean
  last?: { name: string; number: number }
  /** Why it is not done. */
  how: string
  said: string
}

function tryIn(args: readonly string[]): Promise<Child> {
  const process_ = spawn(process.execPath, [join(root, 'scripts', 'run.mjs'), 'fuzz', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const child: Child = { cases: 0, faults: [], isDone: false, how: '', said: '' }
  let rest = ''
  let timer: NodeJS.Timeout | undefined
  const wait = (ms: number): void => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      child.how = `did not end within ${ms / 1000} s`
      process_.kill('SIGKILL')
    }, ms)
  }
  wait(START_MS)
  process_.stdout.setEncoding('utf8').on('data', (text: string) => {
    wait(HANG_MS)
    const lines = `${rest}${text}`.split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      const told = JSON.parse(line)
      if (told.fault) child.faults.push(told.fault)
      else if (told.cases !== undefined) child.isDone = true
      else {
        child.last = told
        child.cases++
      }
    }
  })
  process_.stderr.setEncoding('utf8').on('data', (text: string) => {
    child.said = `${child.said}${text}`.slice(-2000)
  })
  return new Promise((resolve) => {
    process_.on('close', (code, signal) => {
      clearTimeout(timer)
      child.how ||= `ended the process (${signal ?? code}): ${child.said.trim()}`
      resolve(child)
    })
  })
}

/** Faults of one kind together, with the shortest input that showed it. */
function grouped(faults: readonly Fault[]): string[] {
  const kinds = new Map<string, Fault[]>()
  for (const fault of faults) {
    const kind = `${fault.target}: ${fault.fault.replaceAll(/'[^']*'|"[^"]*"|-?[\d.e+]+/g, '#').slice(0, 80)}`
    kinds.set(kind, [...(kinds.get(kind) ?? []), fault])
  }
  return [...kinds.values()].map((all) => {
    const [{ target, seed, number, fault, input }] = all.sort((a, b) => a.input.length - b.input.length)
    return `${all.length} x ${target}: ${fault}\n    --seed ${seed} --target '${target}' --from ${number}: ${input}`
  })
}

/** A few whole commands on damaged runs. */
async function tryCommands({ seed, seconds, from }: Wanted, folder: string): Promise<number> {
  const whole = join(folder, 'whole')
  await makeRun(whole)
  const end = Date.now() + 1000 * seconds
  let failed = 0
  let number = from
  for (; Date.now() < end; number++) {
    const { about, fault } = await tryCommand(
      new Random(`${seed}/commands/${number}`),
      whole,
      join(folder, 'copy'),
    )
    if (fault === undefined) continue
    failed++
    console.log(`${about}: ${fault}\n    --commands --seed ${seed} --from ${number}`)
  }
  console.log(`${number - from} commands of seed ${seed}, ${failed} faults`)
  return failed ? 1 : 0
}
