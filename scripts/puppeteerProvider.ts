import { defineBrowserProvider } from '@vitest/browser'
import type { Browser, CDPSession, Page } from 'puppeteer'
import type { BrowserProvider, BrowserProviderOption, TestProject } from 'vitest/node'
import { launchChrome } from './chrome.ts'

interface Options {
  /** Fail the run when the page's main thread does not answer for this long. */
  hangMs: number
}

/** Lets vitest run tests in a Chrome driven by Puppeteer: a page per session. */
export function puppeteerProvider(options: Options): BrowserProviderOption {
  return defineBrowserProvider({
    name: 'puppeteer',
    supportedBrowser: ['chrome'],
    options,
    providerFactory: (project: TestProject) => new PuppeteerProvider(project, options),
  }) as BrowserProviderOption
}

class PuppeteerProvider implements BrowserProvider {
  readonly name = 'puppeteer'
  readonly supportsParallelism = true
  private readonly project: TestProject
  private readonly options: Options
  private readonly pages = new Map<string, Page>()
  private readonly timers = new Map<string, NodeJS.Timeout>()
  private browser?: Promise<Browser>
  private closing = false

  constructor(project: TestProject, options: Options) {
    this.project = project
    this.options = options
  }

  async openPage(session: string, url: string): Promise<void> {
    const { headless } = this.project.config.browser
    // protocolTimeout 0: a long test is vitest's business, a stuck page the watchdog's.
    this.browser ??= launchChrome({ headless, protocolTimeout: 0 })
    const browser = await this.browser
    await this.pages.get(session)?.close()
    // A context of its own, so a window of its own: as a tab in the background a page can stall.
    const page = await (await browser.createBrowserContext()).newPage()
    this.pages.set(session, page)
    page.on('error', (error) => this.fail(session, error)) // the renderer crashed
    await page.goto(url, { timeout: 0 })
    page.on('framenavigated', (frame) => {
      // Once the whole page has left vitest, nothing would ever answer.
      if (frame === page.mainFrame()) this.fail(session, new Error(`the page went to ${frame.url()}`))
    })
    this.watch(session, page)
  }

  /** A page in an endless loop cannot time its own test out: notice it from here. */
  private watch(session: string, page: Page): void {
    const { hangMs } = this.options
    const beat = () => {
      const stuck = () => this.fail(session, new Error(`the page did not answer for ${hangMs} ms`))
      const timer = setTimeout(stuck, hangMs)
      this.timers.set(session, timer)
      page.evaluate('0').then(
        () => {
          clearTimeout(timer)
          if (!this.closing) this.timers.set(session, setTimeout(beat, 1000))
        },
        () => clearTimeout(timer),
      )
    }
    beat()
  }

  /** Ends the run: closing the page closes vitest's socket, which it reports as an error. */
  private fail(session: string, cause: Error): void {
    if (this.closing) return
    console.error(`[puppeteer] ${cause.message}`)
    this.pages
      .get(session)
      ?.close({ runBeforeUnload: false })
      .catch(() => {})
  }

  /** What a test's custom commands get to work with. */
  getCommandsContext(session: string): Record<string, unknown> {
    return { page: this.pages.get(session), browser: this.browser }
  }

  /** Coverage and `cdp()` in a test speak to the page through this. */
  async getCDPSession(session: string) {
    const page = this.pages.get(session)
    if (!page) throw new Error(`no page for session ${session}`)
    const cdp: CDPSession = await page.createCDPSession()
    const bind = (method: 'send' | 'on' | 'off' | 'once') =>
      (cdp[method] as (...args: never[]) => unknown).bind(cdp)
    return { send: bind('send'), on: bind('on'), off: bind('off'), once: bind('once') } as never
  }

  async close(): Promise<void> {
    this.closing = true
    for (const timer of this.timers.values()) clearTimeout(timer)
    await (await this.browser)?.close()
  }
}
