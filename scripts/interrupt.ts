// What ends a command early: a person, the system, or the end of what started it.
import { isRunning, told } from './proc.ts'

/**
 * `first` is called by the first of: Ctrl-C, SIGTERM, SIGHUP (the terminal was closed), output that nobody takes any more,
 * and, under npm, its end. npm passes SIGTERM on to its shell alone, and ends at once; what the shell started would go on
 * unseen. A signal after the first ends the process at once. Returns what takes all that away.
 */
export function onInterrupt(first: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  const outputs = [process.stdout, process.stderr]
  let since: number | undefined
  const begin = () => {
    if (since !== undefined) return
    since = Date.now()
    first()
  }
  const handle = () => {
    if (since !== undefined && Date.now() - since > ONE_PRESS_MS) process.exit(INTERRUPTED) // Puppeteer kills Chrome on exit
    begin()
  }
  for (const signal of signals) process.on(signal, handle)
  for (const output of outputs) output.on('error', begin)
  const stopWatching = process.env.npm_lifecycle_event ? watchParents(begin) : () => {}
  return () => {
    for (const signal of signals) process.off(signal, handle)
    for (const output of outputs) {
      output.off('error', begin)
      if (!output.listeners('error').includes(ignore)) output.on('error', ignore)
    }
    stopWatching()
  }
}

/** Exit code of a command that was interrupted, as shells have it. */
export const INTERRUPTED = 130

/** One press arrives twice under npm: from the terminal, and passed on by npm. */
const ONE_PRESS_MS = 500
const WATCH_MS = 1000

/** What is still said to nobody, afterwards. */
const ignore = (): void => {}

/** Calls `ended` once when npm's shell, whose process we are, or npm itself has ended. */
function watchParents(ended: () => void): () => void {
  const shell = process.ppid
  const npm = told(shell)?.parent
  const started = npm === undefined ? undefined : told(npm)?.started
  const timer = setInterval(() => {
    if (process.ppid === shell && (npm === undefined || isRunning(npm, started))) return
    clearInterval(timer)
    ended()
  }, WATCH_MS)
  timer.unref()
  return () => clearInterval(timer)
}
