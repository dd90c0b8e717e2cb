// What a page's hosts share, headless Chrome (headless.ts) and Node (nodeHost.ts): what goes in and out, what it offers.
import type { CommandTable } from '../src/app/commands.ts'
import type { Files } from './exchange.ts'

/** What the page gets from us and gives us; `R` is what it reports meanwhile. */
export interface Exchange<R> extends Files {
  report?(report: R): void
  /** A line of the page's console that says something is wrong. */
  warn(text: string): void
}

export interface PageOptions {
  /** The module that the page runs, which offers the commands `C`. */
  script: string
  /** Files whose packages Vite must bundle before a browser can load them. */
  bundle?: string[]
}

/** What commands do with a page, whatever its host. */
export interface Page<C extends CommandTable> {
  /** The browser or runtime, and its version: "Chrome/140.0.1". */
  version(): Promise<string>
  /** Runs one of the page's commands. Throws the error that it ended with. */
  call<N extends keyof C & string>(
    command: N,
    request: Parameters<C[N]>[0],
  ): Promise<Awaited<ReturnType<C[N]>>>
  /** Asks training to end after the step it is at. */
  stop(): void
}
