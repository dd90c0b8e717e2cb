/**
 * Ctrl-C and SIGTERM: the first calls `first`, the next ends the process at once. Returns what takes the handlers away.
 */
export function onInterrupt(first: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM'] as const
  let since: number | undefined
  const handle = () => {
    if (since === undefined) {
      since = Date.now()
      first()
    } else if (Date.now() - since > ONE_PRESS_MS) process.exit(INTERRUPTED) // Puppeteer kills Chrome on exit
  }
  for (const signal of signals) process.on(signal, handle)
  return () => {
    for (const signal of signals) process.off(signal, handle)
  }
}

/** Exit code of a command that was interrupted, as shells have it. */
export const INTERRUPTED = 130

/** One press arrives twice under npm: from the terminal, and passed on by npm. */
const ONE_PRESS_MS = 500
