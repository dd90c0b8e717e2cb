import { gzipSync } from 'node:zlib'
import type { Browser, Page } from 'puppeteer'
import { createServer, type ViteDevServer } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChrome } from '../../scripts/chrome.ts'
import { idx } from './idx.ts'

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

/** Waits for the picture after a step, or of a look. */
const pictureOf = (page: Page, step: number | string): Promise<unknown> =>
  page.waitForSelector(`#samples[data-step="${step}"]`, { timeout: TIMEOUT })

const textOf = (page: Page, selector: string): Promise<string> =>
  page.$eval(selector, (e) => e.textContent ?? '')

/** Waits for a text that matches. */
const untilText = (page: Page, selector: string, pattern: string): Promise<unknown> =>
  page.waitForFunction(
    (selector, pattern) => new RegExp(pattern).test(document.querySelector(selector)?.textContent ?? ''),
    { timeout: 2 * TIMEOUT },
    selector,
    pattern,
  )

/** Presses a button, in a closed <details> perhaps. */
const press = (page: Page, button: string): Promise<void> =>
  page.$eval(button, (e) => (e as HTMLElement).click())

/** Picks a file of these bytes. */
const pick = (page: Page, input: string, name: string, bytes: Uint8Array, type = ''): Promise<void> =>
  page.$eval(
    input,
    (e, name, bytes, type) => {
      const { files, items } = new DataTransfer()
      items.add(new File([Uint8Array.from(bytes)], name, { type }))
      Object.assign(e, { files })
      e.dispatchEvent(new Event('change'))
    },
    name,
    [...bytes],
    type,
  )

/** The colours [r, g, b] of the picture at places of the canvas, as shares of its size. */
const coloursAt = (page: Page, places: [x: number, y: number][]): Promise<number[][]> =>
  page.$eval(
    '#samples',
    (e, places) => {
      const canvas = e as HTMLCanvasElement
      return places.map(([x, y]) => {
        const [left, top] = [Math.floor(x * canvas.width), Math.floor(y * canvas.height)]
        return [...(canvas.getContext('2d')?.getImageData(left, top, 1, 1).data ?? [])].slice(0, 3)
      })
    },
    places,
  )

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
    await pictureOf(page, paused + 1)
    await untilState(page, 'paused')
    expect(await stepOf(page)).toBe(paused + 1)

    const stepped = await pixels(page)
    await page.click('#show')
    await untilState(page, 'looking')
    await page.waitForSelector('#samples[data-step="walk"]', { timeout: TIMEOUT })
    expect(await page.$eval('#caption', (e) => e.textContent)).toContain('on their way')
    await page.click('#show')
    await untilState(page, 'paused')
    await pictureOf(page, paused + 1)
    expect(await pixels(page)).toBe(stepped) // as it was before the walk

    await page.click('#reset')
    await untilState(page, 'paused')
    await pictureOf(page, 0)
    expect(await stepOf(page)).toBe(0)
    expect(await pixels(page)).toBe(first)
    expect(new URL(page.url()).hash).toMatch(/^#model=dcgan&data=images&seed=1&batch=8&width=4$/)
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
    await page.goto(url + SETTINGS)
    await untilState(page, 'paused')
    await untilText(page, '#tuned', 'kernels that are usual')
    await press(page, '#tune')
    await untilText(page, '#status', '^Timing kernels: [1-9]')
    await page.click('#play')
    await untilText(page, '#tuned', '^[1-9][0-9]* products timed')
    await page.waitForFunction(() => document.querySelector('#count-step')?.textContent !== '0')
    await page.click('#play')
    await untilState(page, 'paused')
    const found = await page.$eval('#tuned', (e) => e.textContent)

    await page.reload()
    await untilState(page, 'paused')
    await untilText(page, '#tuned', 'products timed')
    expect(await page.$eval('#tuned', (e) => e.textContent)).toBe(found)
    await press(page, '#forget')
    await untilText(page, '#tuned', 'kernels that are usual')
    await page.reload()
    await untilText(page, '#tuned', 'kernels that are usual')
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

const shownPictures = (page: Page): Promise<string[]> =>
  page.$$eval('#look option', (options) => options.map(({ value }) => value))

test(
  'the sheets of latents, as the model has them, until something else is wanted; a walk is truncated',
  async () => {
    const page = await browser.newPage()
    await page.goto(`${url}#model=stylegan-lite&seed=1&width=4&batch=4`)
    await untilState(page, 'paused')
    await page.click('#step')
    await pictureOf(page, 1)
    const own = await pixels(page)
    const sheets = ['interpolate', 'arithmetic', 'mix', 'noise', 'truncate']
    expect(await shownPictures(page)).toEqual(['walk', ...sheets])
    await page.select('#look', sheets[0])
    await page.click('#show')
    const drawn: string[] = []
    for (const sheet of sheets) {
      await page.select('#look', sheet) // while another one is shown
      await pictureOf(page, sheet)
      drawn.push(await pixels(page))
    }
    expect(new Set([own, ...drawn]).size).toBe(1 + sheets.length)
    expect(await textOf(page, '#caption')).toContain('ψ = 1')
    await untilText(page, '#show', '^Back$')
    await page.click('#show')
    await pictureOf(page, 1)
    expect(await pixels(page)).toBe(own)

    // Of the generator as it is: the same again, until it has learned.
    await page.select('#look', 'mix')
    await page.click('#show')
    await pictureOf(page, 'mix')
    expect(await pixels(page)).toBe(drawn[2])
    await page.click('#step')
    await pictureOf(page, 2)
    await page.click('#show')
    await pictureOf(page, 'mix')
    expect(await pixels(page)).not.toBe(drawn[2])

    expect(await page.$eval('#psi', (e) => (e as HTMLInputElement).disabled)).toBe(true)

    const places = (column: number): [number, number][] =>
      Array.from({ length: 28 }, (_, i) => [(column * 29 + i + 0.5) / 231, 14.5 / 231])
    const areAlike = async () =>
      JSON.stringify(await coloursAt(page, places(0))) === JSON.stringify(await coloursAt(page, places(1)))
    await page.select('#look', 'walk')
    await pictureOf(page, 'walk')
    expect(await areAlike()).toBe(false)
    await page.focus('#psi')
    await page.keyboard.press('Home')
    await untilText(page, '#caption', 'ψ = 0:')
    expect(await textOf(page, '#psi-value')).toBe('0')
    expect(await areAlike()).toBe(true) // all of the mean style

    await page.goto(`${url}#model=wgan&data=ring&width=8&batch=16`)
    await page.waitForFunction(() => location.hash.includes('&seed=0&batch=16'))
    expect(await shownPictures(page)).toEqual(['walk'])
    for (const hidden of ['#truncation', '#inversion'])
      expect(await page.$eval(hidden, (e) => e.checkVisibility()), hidden).toBe(false)
    await page.close()
  },
  4 * TIMEOUT,
)

test(
  'a picture is inverted: scaled, greyed, searched for; any button ends the search',
  async () => {
    const page = await browser.newPage()
    await page.goto(url + SETTINGS)
    await untilState(page, 'paused')
    expect(await shownPictures(page)).toEqual(['walk', 'interpolate', 'arithmetic'])
    expect(await page.$eval('#truncation', (e) => e.checkVisibility())).toBe(false)
    const halves = await page.evaluate(async () => {
      const canvas = new OffscreenCanvas(60, 40)
      const ctx = canvas.getContext('2d')
      if (!ctx) throw new Error('no canvas')
      ctx.fillStyle = '#f00'
      ctx.fillRect(0, 0, 30, 40)
      ctx.fillStyle = '#fff'
      ctx.fillRect(30, 0, 30, 40)
      return [...new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer())]
    })
    const invert = (name: string, bytes: Iterable<number>) =>
      pick(page, '#target', name, Uint8Array.from(bytes), 'image/png')

    await invert('halves.png', halves)
    await untilText(page, '#status', '^Searching: step [1-9][0-9]* of 300')
    const stopped = performance.now()
    await page.click('#show')
    await untilState(page, 'paused')
    const toEnd = performance.now() - stopped

    const begun = performance.now()
    await invert('halves.png', halves)
    await pictureOf(page, 'invert')
    expect(toEnd).toBeLessThan((performance.now() - begun) / 2)
    expect(await textOf(page, '#caption')).toContain('halves.png')
    const [left, right] = await coloursAt(page, [
      [0.1, 0.3],
      [0.4, 0.3],
    ])
    expect(left).toEqual([85, 85, 85])
    expect(right).toEqual([255, 255, 255])
    await page.click('#step')
    await pictureOf(page, 1)

    await invert('words.png', Buffer.from('no picture'))
    await untilText(page, '#banner', 'words.png is no picture that can be read')
    await untilState(page, 'paused')
    await page.close()
  },
  4 * TIMEOUT,
)

test(
  'stacked images train; links and checkpoints know them; colour images cannot be stacked',
  async () => {
    const page = await browser.newPage()
    const errors: string[] = []
    page.on('pageerror', (error) => errors.push(String(error)))
    await page.goto(`${url}${SETTINGS}&data=stacked`)
    await untilState(page, 'paused')
    const chosen = () => page.$eval('[name="data"]', (e) => (e as HTMLSelectElement).value)
    const hash = () => new URL(page.url()).hash
    expect(await chosen()).toBe('stacked')
    expect(hash()).toMatch(/^#model=dcgan&data=stacked&seed=1&batch=8&width=4$/)
    expect(await textOf(page, '#data')).toContain('three to a sample')
    await page.click('#step')
    await pictureOf(page, 1)
    const own = await pixels(page)
    const middles = Array.from({ length: 64 }, (_, i): [number, number] => [(i + 0.5) / 64, 0.06])
    expect((await coloursAt(page, middles)).some(([r, g]) => r !== g)).toBe(true)

    const saved = page.evaluate(
      () =>
        new Promise<number[]>((resolve) => {
          HTMLAnchorElement.prototype.click = async function () {
            resolve([...new Uint8Array(await (await fetch(this.href)).arrayBuffer())])
          }
        }),
    )
    await press(page, '#save')
    const checkpoint = Uint8Array.from(await saved)
    await page.$eval('details.settings', (e) => e.setAttribute('open', ''))
    await page.select('[name="data"]', 'images')
    await page.click('#reset')
    await page.waitForFunction(() => location.hash.includes('data=images'))
    await pictureOf(page, 0)
    await pick(page, '#load', 'stacked.safetensors', checkpoint)
    await page.waitForFunction(() => location.hash.includes('data=stacked'))
    await pictureOf(page, 1)
    expect(await pixels(page)).toBe(own)
    expect(await chosen()).toBe('stacked')

    await pick(page, '#data-file', 'colours.idx', idx([16, 8, 8, 3]))
    await page.waitForFunction(() => location.hash.includes('data=images'))
    const option = '[name="data"] [value="stacked"]'
    expect(await page.$eval(option, (e) => (e as HTMLOptionElement).disabled)).toBe(true)
    await page.evaluate(() => {
      location.hash = '#data=stacked&width=4&batch=8'
    })
    await untilText(page, '#banner', 'only grey images can be stacked, these have 3 channels')
    await pick(page, '#data-file', 'greys.idx', idx([16, 8, 8]))
    await untilText(page, '#data', 'greys.idx')
    expect(await page.$eval(option, (e) => (e as HTMLOptionElement).disabled)).toBe(false)
    expect(errors).toEqual([])
    await page.close()
  },
  2 * TIMEOUT,
)

test(
  'a file that unpacks to more than its header says, and one that cannot be read, are refused',
  async () => {
    const page = await browser.newPage()
    await page.goto(`${url}#model=gan&data=ring&width=8&batch=16`)
    await untilState(page, 'paused')
    const bomb = gzipSync(Buffer.concat([idx([1, 2, 2]), Buffer.alloc(4e6)]))
    await pick(page, '#data-file', 'bomb.gz', bomb)
    await untilText(page, '#banner', 'bomb.gz: unpacks to more than its header says')
    await page.evaluate(() => {
      Blob.prototype.arrayBuffer = () => Promise.reject(new DOMException('gone', 'NotReadableError'))
    })
    await pick(page, '#data-file', 'gone.idx', idx([1, 2, 2]))
    await untilText(page, '#banner', 'gone.idx cannot be read: it is too large, or no longer there')
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
