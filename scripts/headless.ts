// A page in headless Chrome with WebGPU and our modules, for commands that train or sample.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser, Page as ChromePage } from 'puppeteer'
import { createServer, type Plugin, type ViteDevServer } from 'vite'
import type { CommandTable, Outcome } from '../src/app/commands.ts'
import type { Commands, Report } from '../src/app/headless.ts'
import type { Host } from './args.ts'
import { launchChrome } from './chrome.ts'
import { root } from './environment.ts'
import { type Page, withNodePage } from './nodeHost.ts'

/** What the page gets from us and gives us; `R` is what it reports meanwhile. */
export interface Exchange<R> {
  /** Files that it may read, by name. */
  files: Record<string, Uint8Array | undefined>
  /** Takes a file that it made. */
  take(name: string, content: Uint8Array): void
  report?(report: R): void
  /** A line of the page's console that says something is wrong. */
  warn(text: string): void
}

/** For a command whose page makes one file or none; `content` is that file, a copy of its own, so aligned for floats. */
export function oneFile<R>(
  files: Exchange<R>['files'] = {},
): Exchange<R> & { content: Uint8Array<ArrayBuffer> } {
  return {
    files,
    content: new Uint8Array(),
    take(_, content) {
      this.content = new Uint8Array(content)
    },
    warn: (text) => console.error(text),
  }
}

export interface PageOptions {
  /** The module that the page runs, which offers the commands `C`. */
  script: string
  /** Files whose packages Vite must bundle before a browser can load them. */
  bundle?: string[]
}

/** Opens a page for as long as `body` runs. Throws an Error when Chrome, the page or the server fails. */
export async function withPage<C extends CommandTable, R, T>(
  exchange: Exchange<R>,
  options: PageOptions,
  body: (page: Headless<C, R>) => Promise<T>,
): Promise<T> {
  const headless = new Headless<C, R>(exchange, options)
  try {
    await headless.open()
    return await body(headless)
  } finally {
    await headless.close()
  }
}

/** The page that trains and samples, in Chrome or under Node. */
export type TrainingPage = Page<Commands, Report>

/** Where a page runs. */
export interface Place {
  host: Host
  /** Part of the name of the adapter, under Node. */
  adapter?: string
}

export function withTrainingPage<T>(
  exchange: Exchange<Report>,
  { host, adapter }: Place,
  body: (page: TrainingPage) => Promise<T>,
): Promise<T> {
  const script = '/src/app/headless.ts'
  return host === 'node'
    ? withNodePage(exchange, { script, adapter }, body)
    : withPage(exchange, { script }, body)
}

export class Headless<C extends CommandTable, R> {
  private server: ViteDevServer | undefined
  private http: Server | undefined
  private browser: Browser | undefined
  private page: ChromePage | undefined
  private closing = false
  /** Rejects when the page cannot go on. */
  private readonly broken: Promise<never>
  private break: (reason: Error) => void = () => {}

  constructor(
    private readonly exchange: Exchange<R>,
    private readonly options: PageOptions,
  ) {
    this.broken = new Promise((_, reject) => {
      this.break = reject
    })
    this.broken.catch(() => {}) // told to whoever calls
  }

  async open(): Promise<void> {
    // Nobody on this machine but our page may write files through the server: its address is a secret.
    const path = `/${randomUUID()}/`
    this.server = await createServer({
      root,
      configFile: false, // vitest's settings are of no use here, and slow to load
      logLevel: 'error',
      appType: 'custom', // the page is ours: Vite would add a client to it that waits for edits
      // A source file that is edited meanwhile must not reload the page.
      // As a middleware it also leaves SIGTERM to us.
      server: { middlewareMode: true, hmr: false, ws: false, watch: null },
      // Nothing is bundled ahead, so servers that run at the same time share no cache.
      optimizeDeps: this.options.bundle ? { entries: this.options.bundle } : { noDiscovery: true },
      plugins: [exchangeFiles(path, this.exchange, pageOf(this.options.script))],
    })
    this.http = createHttpServer(this.server.middlewares).listen(0, '127.0.0.1')
    await once(this.http, 'listening')
    const { port } = this.http.address() as AddressInfo

    // Puppeteer would close Chrome on Ctrl-C; we save a checkpoint first. With a pipe, Chrome ends when we do.
    this.browser = await launchChrome({
      handleSIGINT: false,
      handleSIGTERM: false,
      protocolTimeout: 0, // training takes its time
      networkEnabled: false, // else Chrome keeps what the page sends, up to hundreds of MB, for a debugger to look at
      pipe: true,
    }).catch((error: Error) => {
      throw new Error(`Chrome did not start: ${error.message}`)
    })
    this.browser.on('disconnected', () => this.fail('Chrome ended unexpectedly'))
    const page = await this.browser.newPage()
    this.page = page
    const problems: string[] = []
    page.on('error', (error) => this.fail(`the page in Chrome crashed (${error.message})`))
    page.on('pageerror', (error) => this.fail(`an error in the page: ${(error as Error).message ?? error}`))
    page.on('console', (message) => {
      if (message.type() !== 'error') return
      problems.push(message.text())
      this.exchange.warn(`[page] ${message.text()}`)
    })
    await page.exposeFunction('ganvasReport', (report: R) => {
      try {
        this.exchange.report?.(report)
      } catch (error) {
        this.fail((error as Error).message) // a full disk, say
      }
    })
    await this.guard(page.goto(`http://127.0.0.1:${port}${path}`))
    if (!(await this.guard(page.evaluate(() => window.ganvas !== undefined))))
      throw new Error(`the page in Chrome did not start: ${problems.join('; ') || 'its script did not load'}`)
  }

  /** "Chrome/140.0.1" */
  version(): Promise<string> {
    return this.guard(this.browser?.version() ?? Promise.resolve('unknown'))
  }

  /** Runs one of the page's commands. Throws the error that it ended with. */
  async call<N extends keyof C & string>(
    command: N,
    request: Parameters<C[N]>[0],
  ): Promise<Awaited<ReturnType<C[N]>>> {
    if (!this.page) throw new Error('the page is not open')
    const outcome = await this.guard(
      this.page.evaluate(
        (name, argument) => window.ganvas?.call(name, argument) as Promise<Outcome>,
        command,
        request as never,
      ),
    )
    if ('error' in outcome)
      throw Object.assign(new Error(outcome.error.message), { name: outcome.error.name })
    return outcome.result as Awaited<ReturnType<C[N]>>
  }

  /** Asks training to end after the step it is at. */
  stop(): void {
    this.page?.evaluate(() => window.ganvas?.stop()).catch(() => {}) // whoever waits for training hears of it
  }

  async close(): Promise<void> {
    this.closing = true
    await this.browser?.close().catch(() => {})
    this.http?.close()
    await this.server?.close()
  }

  private fail(reason: string): void {
    if (!this.closing) this.break(new Error(reason))
  }

  /** When Chrome goes away, the call that it ends fails before, and with less to say than, our events. */
  private guard<T>(call: Promise<T>): Promise<T> {
    const patient = call.catch(async (error) => {
      await new Promise((resolve) => setTimeout(resolve, 500))
      throw error
    })
    return Promise.race([patient, this.broken])
  }
}

const pageOf = (script: string): string => `<!doctype html>
<meta charset="utf-8">
<title>Ganvas</title>
<link rel="icon" href="data:,">
<script type="module" src="${script}"></script>`

/** An isolated page has a clock of 5 µs, others one of 100 µs. */
const PAGE_HEADERS = [
  ['content-type', 'text/html'],
  ['cross-origin-opener-policy', 'same-origin'],
  ['cross-origin-embedder-policy', 'require-corp'],
]

/** Serves the page and the files of the exchange below `path`, and takes those that are posted there. */
function exchangeFiles<R>(path: string, exchange: Exchange<R>, page: string): Plugin {
  const answer = (response: ServerResponse, status: number, body: string | Uint8Array = '') => {
    response.statusCode = status
    if (body === page) for (const [name, value] of PAGE_HEADERS) response.setHeader(name, value)
    response.end(body)
  }
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const name = request.url?.slice(1) ?? '' // connect takes `path` off
    if (request.method === 'GET') {
      if (!name) return answer(response, 200, page)
      const file = exchange.files[name]
      return file ? answer(response, 200, file) : answer(response, 404, 'no such file')
    }
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    exchange.take(name, Buffer.concat(chunks))
    answer(response, 204)
  }
  return {
    name: 'ganvas-exchange',
    configureServer({ middlewares }) {
      middlewares.use(path, (request, response) => {
        handle(request, response).catch((error: Error) => answer(response, 500, error.message))
      })
    },
  }
}
