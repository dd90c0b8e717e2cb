import type { Browser, Page } from 'puppeteer'
import { createServer, type ViteDevServer } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChrome } from '../../scripts/chrome.ts'

const TIMEOUT = 60_000
/** As small as it gets: nobody looks at these digits. */
const SETTINGS = '#seed=1&width=4&batch=8'

let server: ViteDevServer
let browser: Browser
let url: string

beforeAll(async () => {
  server = await createServer({
    configFile: 'vite.config.ts',
    logLevel: 'error',
    server: { port: 0, hmr: false },
  })
  await server.listen()
  url = server.resolvedUrls?.local[0] ?? ''
  browser = await launchChrome()
}, TIMEOUT)

afterAll(async () => {
  await browser?.close()
  await server?.close()
})

const stepOf = (page: Page): Promise<number> =>
  page.$eval('#count-step', (e) => Number(e.textContent?.replace(/\D/g, '')))

const pixels = (page: Page): Promise<string> =>
  page.$eval('#samples', (canvas) => (canvas as HTMLCanvasElement).toDataURL())

const pictureOf = (page: Page, step: number): Promise<unknown> =>
  page.waitForSelector(`#samples[data-step="${step}"]`, { timeout: TIMEOUT })

const untilState = (page: Page, state: string): Promise<unknown> =>
  page.waitForSelector(`body[data-state="${state}"]`, { timeout: TIMEOUT })

test(
  'the page plays, pauses, takes a single step, and resets',
  async () => {
    const page = await browser.newPage()
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(String(error)))
    await page.goto(url + SETTINGS)
    await untilState(page, 'paused')
    await pictureOf(page, 0)
    expect(await stepOf(page)).toBe(0)
    const first = await pixels(page)

    await page.click('#play')
    await untilState(page, 'playing')
    await page.waitForFunction(() => document.querySelector('#count-step')?.textContent !== '0')
    await page.$eval('#play', (e) => (e as HTMLElement).blur()) // the space bar would press the button
    await page.keyboard.press('Space')
    await untilState(page, 'paused')
    const paused = await stepOf(page)
    expect(paused).toBeGreaterThan(0)
    await pictureOf(page, paused)
    expect(await pixels(page)).not.toBe(first)
    await new Promise((resolve) => setTimeout(resolve, 1000))
    expect(await stepOf(page)).toBe(paused)

    await page.click('#step')
    await untilState(page, 'busy')
    await untilState(page, 'paused')
    expect(await stepOf(page)).toBe(paused + 1)
    await pictureOf(page, paused + 1)

    const stepped = await pixels(page)
    await page.click('#walk')
    await untilState(page, 'walking')
    await page.waitForSelector('#samples[data-step="walk"]', { timeout: TIMEOUT })
    expect(await page.$eval('#caption', (e) => e.textContent)).toContain('on their way')
    await page.click('#walk')
    await untilState(page, 'paused')
    await pictureOf(page, paused + 1)
    expect(await pixels(page)).toBe(stepped) // as it was before the walk

    await page.click('#reset')
    await untilState(page, 'paused')
    await pictureOf(page, 0)
    expect(await stepOf(page)).toBe(0)
    expect(await pixels(page)).toBe(first)
    expect(new URL(page.url()).hash).toMatch(/^#model=dcgan&data=images&seed=1&width=4&batch=8&lr=[\d.]+$/)
    expect(errors).toEqual([])
    expect(await page.$eval('#banner', (e) => e.checkVisibility())).toBe(false)
    await page.close()
  },
  2 * TIMEOUT,
)

test(
  'kernels are tuned, until something else is wanted; what was found is remembered, and forgotten',
  async () => {
    const page = await browser.newPage()
    const press = (button: string) => page.$eval(button, (e) => (e as HTMLElement).click()) // in a closed <details>
    const untilText = (selector: string, pattern: string) =>
      page.waitForFunction(
        (selector, pattern) => new RegExp(pattern).test(document.querySelector(selector)?.textContent ?? ''),
        { timeout: 2 * TIMEOUT },
        selector,
        pattern,
      )
    await page.goto(url + SETTINGS)
    await untilState(page, 'paused')
    await untilText('#tuned', 'kernels that are usual')
    await press('#tune')
    await untilText('#status', '^Timing kernels: [1-9]')
    await page.click('#play')
    await untilText('#tuned', '^[1-9][0-9]* products timed')
    await page.waitForFunction(() => document.querySelector('#count-step')?.textContent !== '0')
    await page.click('#play')
    await untilState(page, 'paused')
    const found = await page.$eval('#tuned', (e) => e.textContent)

    await page.reload()
    await untilState(page, 'paused')
    await untilText('#tuned', 'products timed')
    expect(await page.$eval('#tuned', (e) => e.textContent)).toBe(found)
    await press('#forget')
    await untilText('#tuned', 'kernels that are usual')
    await page.reload()
    await untilText('#tuned', 'kernels that are usual')
    await page.close()
  },
  4 * TIMEOUT,
)

test(
  'points train, too, without the digits being loaded; other data bring their own settings',
  async () => {
    const page = await browser.newPage()
    const loaded: string[] = []
    page.on('request', (request) => loaded.push(request.url()))
    await page.goto(`${url}#model=wgan&data=spiral&width=8&batch=16`)
    await untilState(page, 'paused')
    await pictureOf(page, 0)
    const first = await pixels(page)
    await page.click('#step')
    await pictureOf(page, 1)
    expect(await pixels(page)).not.toBe(first)
    expect(await page.$eval('#data', (e) => e.textContent)).toBe('Data: a spiral of one and a half turns.')
    expect(await page.$eval('#meters', (e) => e.checkVisibility())).toBe(false) // a critic has no opinion
    expect(loaded.some((name) => name.includes('digits'))).toBe(false)

    // A model that makes images only, so images it is.
    await page.$eval('details.settings', (e) => e.setAttribute('open', ''))
    await page.select('[name="model"]', 'dcgan')
    expect(await page.$eval('[name="data"]', (e) => (e as HTMLSelectElement).value)).toBe('images')
    await page.select('[name="data"]', 'ring')
    expect(await page.$eval('[name="model"]', (e) => (e as HTMLSelectElement).value)).toBe('gan')
    await page.close()
  },
  TIMEOUT,
)

test('the digits are a download of less than 2.7 MB', async () => {
  const { byteLength } = await (await fetch(`${url}data/digits.idx.gz`)).arrayBuffer()
  expect(byteLength).toBeGreaterThan(1e6)
  expect(byteLength).toBeLessThan(2.7e6)
})

test(
  'a browser without WebGPU is told what to do',
  async () => {
    const page = await browser.newPage()
    await page.evaluateOnNewDocument(() => {
      Object.defineProperty(navigator, 'gpu', { value: undefined })
    })
    await page.goto(url)
    await page.waitForSelector('#help', { visible: true })
    expect(await page.$eval('#help', (e) => e.textContent)).toContain('--enable-unsafe-webgpu')
    expect(await page.$eval('#app', (e) => e.checkVisibility())).toBe(false)
    await page.close()
  },
  TIMEOUT,
)

test(
  'regularisers and tricks are settings, refused by name where they do not fit',
  async () => {
    const page = await browser.newPage()
    await page.goto(`${url}#model=gan&data=ring&width=8&batch=16&reg=r1=0.5`)
    await untilState(page, 'paused')
    await pictureOf(page, 0)
    await page.$eval('details.settings', (e) => e.setAttribute('open', ''))
    const set = (name: string, text: string) =>
      page.$eval(
        `[name="${name}"]`,
        (e, value) => {
          ;(e as HTMLInputElement).value = value
          e.dispatchEvent(new Event('change'))
        },
        text,
      )
    const fieldOf = (name: string) => page.$eval(`[name="${name}"]`, (e) => (e as HTMLInputElement).value)
    const banner = () => page.$eval('#banner', (e) => (e.checkVisibility() ? e.textContent : ''))
    expect(await fieldOf('reg')).toBe('r1=0.5')

    await set('trick', 'packs')
    expect(await banner()).toMatch(/--trick: no 'packs'; there are smooth/)
    expect(await fieldOf('trick')).toBe('')

    await set('trick', 'pack, noise=0.2')
    await page.waitForFunction(() => location.hash.endsWith('&reg=r1=0.5&trick=noise=0.2,pack'))
    await untilState(page, 'paused')
    await page.click('#step')
    await pictureOf(page, 1)

    await set('trick', 'cutout')
    await page.click('#reset')
    await page.waitForFunction(() => document.querySelector('#banner')?.textContent?.includes('cutout'))
    expect(await banner()).toMatch(/--trick cutout changes images, and these data are points/)
    await page.close()
  },
  TIMEOUT,
)
