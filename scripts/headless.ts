// A page in headless Chrome with WebGPU and our modules, for commands that train or sample.
import type { Browser, Page as ChromePage } from 'puppeteer'
import type { CommandTable, Outcome } from '../src/app/commands.ts'
import type { Commands, Report } from '../src/app/headless.ts'
import type { Host } from './args.ts'
import { launchChrome } from './chrome.ts'
import { watchEnd } from './chromeStart.ts'
import { type Served, serveExchange } from './exchangeServer.ts'
import type { Exchange, Page, PageOptions } from './host.ts'
import { withNodePage } from './nodeHost.ts'

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

/** Opens a page for as long as `body` runs. Throws an Error when Chrome, the page or the server fails. */
export async function withPage<C extends CommandTable, R, T>(
  exchange: Exchange<R>,
  options: PageOptions,
  body: (page: Page<C>) => Promise<T>,
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
export type TrainingPage = Page<Commands>

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

class Headless<C extends CommandTable, R> implements Page<C> {
  private server: Served | undefined
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
    const { script, bundle } = this.options
    this.server = await serveExchange(this.exchange, script, bundle)

    // Puppeteer would close Chrome on Ctrl-C; we save a checkpoint first. With a pipe, Chrome ends when we do.
    this.browser = await launchChrome({
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
      protocolTimeout: 0, // training takes its time
      networkEnabled: false, // else Chrome keeps what the page sends, up to hundreds of MB, for a debugger to look at
      pipe: true,
    }).catch((error: Error) => {
      throw new Error(`Chrome did not start: ${error.message}`)
    })
    const end = watchEnd(this.browser.process())
    this.browser.on('disconnected', async () => this.fail(`Chrome ended unexpectedly: it ${await end()}`))
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
    await this.guard(page.goto(this.server.url))
    if (!(await this.guard(page.evaluate(() => window.ganvas !== undefined))))
      throw new Error(`the page in Chrome did not start: ${problems.join('; ') || 'its script did not load'}`)
  }

  version(): Promise<string> {
    return this.guard(this.browser?.version() ?? Promise.resolve('unknown'))
  }

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

  stop(): void {
    this.page?.evaluate(() => window.ganvas?.stop()).catch(() => {}) // whoever waits for training hears of it
  }

  async close(): Promise<void> {
    this.closing = true
    await this.browser?.close().catch(() => {})
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
