// `npm run test:memory`: what is made of looks at a training, and a short one as a person would start it.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser } from 'puppeteer'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { oneFile, withTrainingPage } from '../../scripts/headless.ts'
import { main } from '../../scripts/memory.ts'
import { linesOf, type Seen, verdictOf } from '../../scripts/memoryReport.ts'
import { processTree } from '../../scripts/processes.ts'
import { lineThrough } from '../../scripts/slope.ts'

let launched: Browser | undefined
vi.mock('../../scripts/chrome.ts', async (original) => {
  const chrome = await original<typeof import('../../scripts/chrome.ts')>()
  const launchChrome: typeof chrome.launchChrome = async (options) => {
    launched = await chrome.launchChrome(options)
    return launched
  }
  return { ...chrome, launchChrome }
})

afterEach(() => vi.restoreAllMocks())

describe('a line through points', () => {
  test('of points on a line is that line', () => {
    const { slope, error } = lineThrough([1, 2, 3, 4].map((x) => [x, 3 * x - 1] as const))
    expect([slope, error]).toEqual([3, 0])
  })
  test('has the standard error of a regression', () => {
    // y = 0, 1, 0 at -1, 0, 1: no slope; residuals -1/3, 2/3, -1/3, so √((6/9) / 1 / 2)
    const { slope, error } = lineThrough([
      [-1, 0],
      [0, 1],
      [1, 0],
    ])
    expect(slope).toBe(0)
    expect(error).toBeCloseTo(Math.sqrt(1 / 3), 12)
  })
  test('wants three points', () => {
    expect(() => lineThrough([[0, 1]])).toThrow('at least three points along the line, got 1')
    expect(() => lineThrough(Array(5).fill([2, 1]))).toThrow('at least three points along the line')
  })
})

test('processes: a process and all that it started, by what they are to Chrome', () => {
  const proc = mkdtempSync(join(tmpdir(), 'ganvas-proc-'))
  const add = (pid: number, parent: number, command: string[], kib?: number): void => {
    mkdirSync(join(proc, String(pid)))
    writeFileSync(join(proc, String(pid), 'cmdline'), command.join('\0'))
    const rss = kib === undefined ? '' : `VmRSS:\t  ${kib} kB\n`
    writeFileSync(join(proc, String(pid), 'status'), `Name:\tx\nPPid:\t${parent}\n${rss}`)
  }
  try {
    add(1, 0, ['/sbin/init'], 1)
    add(10, 1, ['/usr/bin/node', 'scripts/run.mjs'], 100)
    add(11, 10, ['/usr/lib/chromium/chromium', '--enable-unsafe-webgpu'], 20)
    add(12, 11, ['/usr/lib/chromium/chromium', '--type=zygote'], 3)
    add(13, 12, ['/usr/lib/chromium/chromium', '--type=renderer', '--lang=en'], 30)
    add(14, 12, ['/usr/lib/chromium/chromium', '--type=renderer']) // ended, not yet waited for
    add(20, 1, ['/usr/lib/chromium/chromium', '--type=renderer'], 500) // somebody else's
    mkdirSync(join(proc, 'sys'))
    expect(processTree(10, proc)).toEqual([
      { pid: 10, kind: 'node', rss: 102_400 },
      { pid: 11, kind: 'browser', rss: 20_480 },
      { pid: 12, kind: 'zygote', rss: 3072 },
      { pid: 13, kind: 'renderer', rss: 30_720 },
    ])
  } finally {
    rmSync(proc, { recursive: true })
  }
})

/** A run of 2,000 steps whose renderer grows by `growth` MB per 1,000 steps. */
function seen(growth: number): Seen {
  const looks = Array.from({ length: 21 }, (_, i) => {
    const step = 100 * i
    const wobble = i % 2 ? 1e4 : 0
    const renderer = 200e6 + wobble + growth * 1000 * step
    const processes = [
      { pid: 1, kind: 'node', rss: 100e6 },
      { pid: 2, kind: 'renderer', rss: 1e6 },
      { pid: 3, kind: 'renderer', rss: renderer },
      // Chrome starts and ends helpers as it likes.
      ...(step > 1500 ? [{ pid: 4, kind: 'utility', rss: 90e6 }] : []),
    ]
    return { step, processes, files: { 'log.jsonl': 50 * step } }
  })
  // Chrome has ended, Node has not.
  looks.push({
    step: 2000,
    processes: [{ pid: 1, kind: 'node', rss: 100e6 }],
    files: { 'log.jsonl': 100_000 },
  })
  const held = [0, 1000, 2000].map((step) => ({ step, used: step ? 500 : 300, kept: 64 }))
  return { looks, held }
}

test('constant memory is fine; files may grow', () => {
  expect(verdictOf(seen(0))).toEqual([])
  const lines = linesOf(seen(0))
  expect(lines[0]).toMatch(/^MB after step +0 +1000 +2000 +per 1,000 steps of the second half$/)
  expect(lines[1]).toMatch(/^node +100\.00 +100\.00 +100\.00 +0\.000 ± 0\.000$/)
  expect(lines[2]).toMatch(/^renderer 1 +1\.00 +1\.00 +1\.00 +0\.000 ± 0\.000$/)
  expect(lines[3]).toMatch(/^renderer 2 +200\.00 +200\.00 +200\.00 +-?0\.000 ± 0\.00\d$/)
  expect(lines[4]).toMatch(/^utility +0\.00 +0\.00 +90\.00 +not all of it$/)
  expect(lines[5]).toMatch(/^log\.jsonl +0\.00 +0\.05 +0\.10 +0\.050 ± 0\.000$/)
  expect(lines[6]).toBe('engine: 500 bytes in tensors, 64 kept for reuse')
})

test('a process that grows is named, with how fast', () => {
  expect(verdictOf(seen(12))).toEqual([
    expect.stringMatching(/^renderer 2 grew by 12\.00 ± 0\.0\d MB per 1,000 steps, more than 0\.25$/),
  ])
})

test('an engine that holds more after more steps, or says nothing, is told', () => {
  const { looks, held } = seen(0)
  const more = [...held, { step: 3000, used: 501, kept: 64 }]
  expect(verdictOf({ looks, held: more })).toEqual([
    "the engine's memory was not constant: 500 bytes in tensors, 64 kept for reuse; then 501 bytes in tensors, 64 kept for reuse",
  ])
  expect(verdictOf({ looks, held: [] })).toEqual(["the engine's memory was not constant: it said nothing"])
})

test('what a page sends is not watched by Puppeteer: Chrome would keep hundreds of MB of it', async () => {
  const asked: string[] = []
  await withTrainingPage(oneFile({ data: new Uint8Array(4) }), { host: 'chrome' }, async () => {
    const pages = (await launched?.pages()) ?? []
    const page = pages.find((each) => each.url().startsWith('http'))
    page?.on('request', (request) => asked.push(request.url()))
    expect(await page?.evaluate(async () => (await (await fetch('data')).arrayBuffer()).byteLength)).toBe(4)
  })
  expect(asked).toEqual([])
}, 60_000)

test('a short run: a table of all processes and files, and what the engine holds', async () => {
  const printed: unknown[] = []
  vi.spyOn(console, 'log').mockImplementation((line) => void printed.push(line))
  vi.spyOn(console, 'error').mockImplementation(() => {}) // so short a run may still be growing
  await main(['gan', '--steps', '400'])
  const out = printed.join('\n')
  for (const name of ['node', 'browser', 'renderer 1', 'gpu-process', 'log.jsonl', 'samples'])
    expect(out).toMatch(new RegExp(`^${name} +\\d+\\.\\d\\d .* ± \\d`, 'm'))
  expect(out).toMatch(/^engine: \d+ bytes in tensors, \d+ kept for reuse$/m)
}, 120_000)

test('a run that fails ends with the reason', async () => {
  vi.spyOn(console, 'log').mockImplementation(() => {})
  const taken = fileURLToPath(import.meta.url)
  await expect(main(['gan', '--steps', '1', '--out', taken])).rejects.toThrow(
    /^the training ended with 1:\n.*memory\.test\.ts cannot be written/,
  )
  await expect(main(['wgan'])).rejects.toThrow("no run 'wgan'; there are gan, dcgan")
}, 60_000)
