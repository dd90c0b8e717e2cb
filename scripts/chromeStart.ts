// Why Chrome did not start, or ended: what it said last, and how it ended. Puppeteer says "Target closed" of all of it.
import { type ChildProcess, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'puppeteer'

/** A busy machine takes many seconds for what is usually one. */
const START_LIMIT_MS = 120_000
const RETRY_LIMIT_MS = 20_000
/** What the system needs to tell how a process ended. */
const EXIT_MS = 300
const SHOWN_LINES = 3

/** How a process ended, and what it wrote to stderr. */
export interface End {
  status: number | null
  signal: NodeJS.Signals | null
  stderr: string
  /** It could not even be run. */
  error?: Error
}

/**
 * What `launch` gives; it stops trying at the signal. When it fails, the program is started again on its own, to hear what
 * it has to say. Throws an Error that says so.
 */
export async function started(
  program: string,
  flags: readonly string[],
  launch: (signal: AbortSignal) => Promise<Browser>,
  limitMs = START_LIMIT_MS,
): Promise<Browser> {
  const limit = new AbortController()
  const timer = setTimeout(() => limit.abort(), limitMs)
  try {
    return await launch(limit.signal)
  } catch (cause) {
    const why = limit.signal.aborted ? late(limitMs) : failed(program, flags)
    throw new Error(`${program} ${why}`, { cause })
  } finally {
    clearTimeout(timer)
  }
}

const WHICH = 'is it a Chrome, 113 or newer?'

const late = (limitMs: number): string => `did not answer within ${limitMs / 1000} s: ${WHICH}`

function failed(program: string, flags: readonly string[]): string {
  const end = startAlone(program, flags)
  return end.status === 0 ? `ended before it answered: ${WHICH}` : endText(end)
}

/** Lets Chrome open an empty page, and end. */
function startAlone(program: string, flags: readonly string[]): End {
  const profile = mkdtempSync(join(tmpdir(), 'ganvas-chrome-'))
  try {
    const own = ['--headless', `--user-data-dir=${profile}`, '--no-first-run', '--dump-dom', 'about:blank']
    return spawnSync(program, [...flags, ...own], {
      stdio: ['ignore', 'ignore', 'pipe'],
      encoding: 'utf8',
      timeout: RETRY_LIMIT_MS,
      killSignal: 'SIGKILL',
    })
  } finally {
    rmSync(profile, { recursive: true, force: true })
  }
}

/** Lines that say nothing of why: of the stack of a crash, of services that a server has not, of its own wrapper script. */
const NOISE = /^\s*#\d+ |stack trace|^Received signal|^Try '|\bdbus\b|unexpected operator|^\s*$/i
/** "[1234:1234:1128/201541.597279:ERROR:file.cc:103] " */
const PREFIX = /^\[[^\]]*:([A-Z]+):[^\]]*\] /

const HINTS: readonly [RegExp, string][] = [
  [/sandbox/i, 'where no sandbox can be had, GANVAS_CHROME_FLAGS=--no-sandbox does without it'],
  [
    /shared librar/i,
    'as root, `npx puppeteer browsers install chrome --install-deps` installs what is missing',
  ],
]

/** "ended with exit code 127: error while loading shared libraries: …" and what to do about it. */
export function endText({ status, signal, stderr, error }: End): string {
  if (error && status === null && signal === null) return `could not be run: ${error.message}`
  const how = signal ? `was ended by ${signal}` : `ended with exit code ${status}`
  const lines = stderr.split('\n').filter((line) => !NOISE.test(line))
  const said = lines.slice(-SHOWN_LINES).map((line) => line.replace(PREFIX, '').trim())
  const hint = HINTS.find(([pattern]) => pattern.test(stderr))?.[1]
  const text = [how, ...said].join(': ')
  return hint ? `${text.replace(/\.$/, '')}; ${hint}` : text
}

/** Listens to a Chrome that runs; gives what tells, once it has ended, how that came. */
export function watchEnd(chrome: ChildProcess | null): () => Promise<string> {
  if (!chrome) return async () => 'ended'
  let stderr = ''
  chrome.stderr?.on('data', (text) => {
    stderr = (stderr + text).slice(-4096)
  })
  return async () => {
    if (chrome.exitCode === null && chrome.signalCode === null)
      await Promise.race([once(chrome, 'exit'), new Promise((resolve) => setTimeout(resolve, EXIT_MS))])
    const { exitCode: status, signalCode: signal } = chrome
    return status === null && signal === null ? 'does not answer' : endText({ status, signal, stderr })
  }
}
