// A page's place under Node (`--host node`): the script that headless Chrome would run, in this process, on Dawn. What a
// page has and Node has not is put in place, so the script is the same to the letter.
import { join } from 'node:path'
import type { CommandTable } from '../src/app/commands.ts'
import { dawnVersion, openDawn } from './dawn.ts'
import { giveFile, takeFile } from './exchange.ts'
import type { Exchange, Page, PageOptions } from './host.ts'
import { canvasGlobals } from './nodeCanvas.ts'
import { load, root } from './runner.mjs'

export interface NodeOptions extends Pick<PageOptions, 'script'> {
  /** Part of the name of Dawn's adapter, if it is not to choose itself. */
  adapter?: string
}

/** Runs `body` with the commands of `script`, a path below the project. One a process: it changes globals. */
export async function withNodePage<C extends CommandTable, R, T>(
  exchange: Exchange<R>,
  { script, adapter }: NodeOptions,
  body: (page: Page<C>) => Promise<T>,
): Promise<T> {
  const gpu = openDawn(adapter ? [`adapter=${adapter}`] : [])
  let fail: (reason: unknown) => void = () => {}
  /** Rejects when a report cannot be taken: a full disk, say. */
  const broken = new Promise<never>((_, reject) => {
    fail = reject
  })
  broken.catch(() => {}) // told to whoever calls
  define(globalThis, {
    window: globalThis,
    fetch: fetchFrom(exchange),
    async ganvasReport(report: R) {
      try {
        exchange.report?.(report)
      } catch (error) {
        fail(error)
      }
    },
    ...canvasGlobals(),
  })
  if (!globalThis.navigator) define(globalThis, { navigator: {} }) // Node 20 has none
  define(globalThis.navigator, { gpu })
  await load(join(root, script))
  return body({
    version: async () => `Node ${process.version}, Dawn ${dawnVersion()}`,
    async call(command, request) {
      if (!window.ganvas) throw new Error(`${script} offers no commands`)
      const outcome = await Promise.race([window.ganvas.call(command, request), broken])
      if ('error' in outcome)
        throw Object.assign(new Error(outcome.error.message), { name: outcome.error.name })
      // biome-ignore lint/suspicious/noExplicitAny: the script's table says what its commands give
      return outcome.result as any
    },
    stop: () => window.ganvas?.stop(),
  })
}

function define(target: object, values: Record<string, unknown>): void {
  for (const [name, value] of Object.entries(values))
    Object.defineProperty(target, name, { value, configurable: true, writable: true })
}

/** The files of the exchange, by the names that the page asks the server for. */
const fetchFrom =
  <R>(exchange: Exchange<R>) =>
  async (name: string, { method, body }: RequestInit = {}): Promise<Response> => {
    if (method === 'POST') {
      takeFile(exchange, name, new Uint8Array(await new Response(body).arrayBuffer()))
      return new Response(null, { status: 204 })
    }
    const file = giveFile(exchange, name)
    return file
      ? new Response(file as Uint8Array<ArrayBuffer>)
      : new Response('no such file', { status: 404 })
  }
