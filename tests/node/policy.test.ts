// The built page under its strict policy: it trains, and nothing that it does is against the policy.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser } from 'puppeteer'
import { build, type PreviewServer, preview } from 'vite'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { launchChrome } from '../../scripts/chrome.ts'
import { POLICY } from '../../scripts/policyPlugin.ts'

const TIMEOUT = 120_000
const outDir = mkdtempSync(join(tmpdir(), 'ganvas-built-'))
let server: PreviewServer
let browser: Browser
let url: string

beforeAll(async () => {
  const settings = { configFile: 'vite.config.ts', logLevel: 'error', build: { outDir } } as const
  await build(settings)
  // Also as a header of every file, which the worker obeys.
  const headers = { 'Content-Security-Policy': POLICY }
  server = await preview({ ...settings, preview: { port: 0, host: '127.0.0.1', headers } })
  url = server.resolvedUrls?.local[0] ?? ''
  browser = await launchChrome()
}, TIMEOUT)

afterAll(async () => {
  await browser?.close()
  await server?.close()
  rmSync(outDir, { recursive: true })
})

test(
  'the built page trains under its policy, and violates nothing',
  async () => {
    const page = await browser.newPage()
    const press = (button: string) => page.$eval(button, (e) => (e as HTMLElement).click())
    const problems: string[] = []
    // Asks again and again: Puppeteer's own waiting makes functions of text, which the policy forbids.
    const until = async (condition: () => boolean): Promise<void> => {
      while (!(await page.evaluate(condition))) {
        if (problems.length) throw new Error(problems.join('\n'))
        await new Promise((resolve) => setTimeout(resolve, 100))
      }
    }
    page.on('console', (message) => problems.push(message.text()))
    page.on('pageerror', (error) => problems.push(String(error)))
    await page.evaluateOnNewDocument(() => {
      addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) =>
        console.log(`violates ${violatedDirective}: ${blockedURI} ${sample}`),
      )
    })
    await page.goto(`${url}#seed=1&width=4&batch=8`)
    const policy = '[http-equiv="Content-Security-Policy"]'
    expect(await page.$eval(policy, (e) => e.getAttribute('content'))).toBe(POLICY)
    await until(() => document.body.dataset.state === 'paused')
    for (const step of ['1', '2']) {
      await press('#step')
      await until(() => document.body.dataset.state === 'paused')
      expect(await page.$eval('#count-step', (e) => e.textContent)).toBe(step)
    }
    await press('#save') // a link to a blob
    await press('#show')
    await until(() => document.querySelector('#samples[data-step="walk"]') !== null)
    await press('#show')
    await until(() => document.body.dataset.state === 'paused')
    expect(await page.$eval('#banner', (e) => (e.checkVisibility() ? e.textContent : ''))).toBe('')
    expect(problems).toEqual([])

    // The policy is in force: what it forbids does not happen, and is told.
    await page.evaluate(() => {
      const script = document.createElement('script')
      try {
        script.text = 'document.title = "run"'
      } catch {} // Trusted Types
      document.head.append(
        Object.assign(document.createElement('style'), { textContent: '* { color: red }' }),
      )
    })
    expect(await page.title()).not.toBe('run')
    expect(await page.evaluate(() => getComputedStyle(document.body).color)).not.toBe('rgb(255, 0, 0)')
    expect(problems.join('\n')).toMatch(/violates require-trusted-types-for/)
    expect(problems.join('\n')).toMatch(/violates style-src/)
    await page.close()
  },
  TIMEOUT,
)

test('the preview of the built page answers its own page only', async () => {
  expect((await fetch(url)).status).toBe(200)
  expect((await fetch(url, { headers: { origin: 'https://evil.example' } })).status).toBe(403)
})
