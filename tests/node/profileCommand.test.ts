// `npm run profile` as a person runs it, on a small model; and its report in Chrome.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { faultsOf, type Profile } from '../../bench/profile/result.ts'
import { launchChrome } from '../../scripts/chrome.ts'
import { main } from '../../scripts/profile.ts'
import { idx } from './idx.ts'
import { kernelsOf, readTrace } from './traceFile.ts'

vi.setConfig({ testTimeout: 300_000 }) // the roofs take half a minute where other work goes on

const folder = mkdtempSync(join(tmpdir(), 'ganvas-profile-'))
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => vi.restoreAllMocks())
const path = (name: string): string => join(folder, name)
const read = (name: string): string => readFileSync(path(name), 'utf8')

test('profiles a model: a table, a result that is what the schema says, a trace, a report that shows it all', async () => {
  writeFileSync(path('images.idx'), idx([16, 8, 8]))
  const printed: unknown[] = []
  vi.spyOn(console, 'log').mockImplementation((line) => void printed.push(line))
  const small = ['dcgan', '--data', `idx:${path('images.idx')}`, '--width', '4', '--batch', '4']
  const code = await main([...small, '--steps', '3', '--out', folder])
  vi.restoreAllMocks()
  const out = printed.join('\n')
  expect(code, out).toBe(0)
  expect(out).toMatch(/^conv2d +\d\.00 .*→ 4x4x4x4$/m)
  expect(out).toMatch(/^discriminator step +[\d.]+ ms +[\d.]+%$/m)

  const profile: Profile = JSON.parse(read('profile.json'))
  expect(faultsOf(profile)).toEqual([])
  expect(profile.run).toMatchObject({
    model: 'dcgan',
    batch: 4,
    steps: 3,
    options: { width: '4', loss: 'non-saturating' },
  })
  expect(profile.kernels.reduce((total, { share }) => total + share, 0)).toBeCloseTo(1)
  const calls = profile.kernels.reduce((total, kernel) => total + kernel.calls, 0)
  expect(calls).toBeCloseTo(profile.step.dispatches)
  expect(profile.step.wall.median).toBeGreaterThan(profile.step.record.median)
  expect(read('profile.csv').trim().split('\n')).toHaveLength(1 + profile.kernels.length)

  const tracks = readTrace(read('trace.json'))
  expect(tracks.get('CPU/JavaScript')?.map(({ name }) => name)).toEqual(['step 1', 'step 2', 'step 3'])
  expect(kernelsOf(tracks)).toHaveLength(Math.round(3 * calls))

  await checkReport(profile)
})

/** Opens the report without any network, in light and dark. */
async function checkReport({ kernels }: Profile): Promise<void> {
  const browser = await launchChrome()
  try {
    const page = await browser.newPage()
    const troubles: unknown[] = []
    page.on('pageerror', (error) => troubles.push(error))
    page.on('console', (message) => troubles.push(message.text()))
    page.on('requestfailed', (request) => troubles.push(request.url()))
    await page.setOfflineMode(true)
    await page.goto(pathToFileURL(path('report.html')).href)
    expect(await page.$$eval('#roofline .dot', (dots) => dots.length)).toBe(kernels.length)
    expect(await page.$$eval('.kernels [data-kernel]', (rows) => rows.length)).toBe(kernels.length)
    expect(await page.$$eval('#timeline [data-kernel]', (slices) => slices.length)).toBeGreaterThan(
      kernels.length,
    )
    const outside = await page.$$eval('#roofline .dot', (dots) => {
      const chart = document.querySelector('#roofline')?.getBoundingClientRect() ?? new DOMRect()
      return dots.filter((dot) => {
        const { left, right, top, bottom } = dot.getBoundingClientRect()
        return left < chart.left || right > chart.right || top < chart.top || bottom > chart.bottom
      }).length
    })
    expect(outside, 'dots that are cut off').toBe(0)

    await page.hover('.kernels [data-kernel="0"]')
    expect(await page.$eval('#tip', (tip) => tip.textContent)).toContain(kernels[0].shape)
    expect(await page.$$eval('#roofline .hot', (dots) => dots.length)).toBe(1)

    const look = async (value: string): Promise<string> => {
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value }])
      return page.screenshot({ fullPage: true, encoding: 'base64' })
    }
    const [light, dark] = [await look('light'), await look('dark')]
    expect(light).not.toBe(dark)
    expect(troubles).toEqual([])
  } finally {
    await browser.close()
  }
}

test('what cannot be profiled is told before Chrome starts', async () => {
  await expect(main(['no-such'])).rejects.toThrow("no model 'no-such'")
  await expect(main(['wgan', '--n', '2'])).rejects.toThrow('unknown flag --n')
  await expect(main(['dcgan', '--data', 'ring'])).rejects.toThrow('dcgan learns from images')
})
