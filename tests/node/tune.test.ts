// `npm run tune` as a person runs it, on a small model; the file that it keeps; and who uses it.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest'
import { main as train } from '../../scripts/train.ts'
import { linesOf, main } from '../../scripts/tune.ts'
import { clearTuned, type Kept, keepTuned, readTuned, tunedFile } from '../../scripts/tuned.ts'
import { idx } from './idx.ts'

vi.setConfig({ testTimeout: 300_000 })

const folder = mkdtempSync(join(tmpdir(), 'ganvas-tune-'))
afterAll(() => rmSync(folder, { recursive: true }))
beforeEach(() => vi.stubEnv('GANVAS_CACHE', join(folder, 'cache')))
afterEach(() => {
  vi.restoreAllMocks()
  clearTuned()
  vi.unstubAllEnvs()
})

const kept = (browser: string, adapter: string, variant = 'rows8'): Kept => ({
  browser,
  table: { adapter, kernels: 'k', found: { 'matmul 1x2': { variant, usual: 'rows4', ratio: 0.5 } } },
})

test('a table for each adapter and browser version is kept, the last one of both', () => {
  expect(readTuned()).toEqual([])
  keepTuned(kept('Chrome/1', 'a'))
  keepTuned(kept('Chrome/2', 'a'))
  keepTuned(kept('Chrome/1', 'b'))
  keepTuned(kept('Chrome/1', 'a', 'quad2'))
  expect(readTuned()).toEqual([kept('Chrome/2', 'a'), kept('Chrome/1', 'b'), kept('Chrome/1', 'a', 'quad2')])
  expect(clearTuned()).toBe(3)
  expect(existsSync(tunedFile())).toBe(false)
  expect(clearTuned()).toBe(0)
})

test.each([
  ['{"format": "gan', /is damaged \(.*tuned.json: expected JSON, got "/],
  ['null', /is damaged \(.*tuned.json: expected an object, got null\)/],
  ['{}', /format is nothing, expected "ganvas tuned 1"/],
  ['{"format":"ganvas tuned 0","tables":[]}', /format is "ganvas tuned 0", expected/],
  [
    '{"format":"ganvas tuned 1","tables":[{"browser":"x"}]}',
    /damaged \(its tables: \[0\].table: expected an object, got nothing/,
  ],
  ['{"format":"ganvas tuned 1"}', /damaged \(its tables: expected a list, got nothing/],
])('a file that is none of ours is ignored, with a line: %s', (content, why) => {
  keepTuned(kept('Chrome/1', 'a'))
  writeFileSync(tunedFile(), content)
  const lines: string[] = []
  expect(readTuned((line) => void lines.push(line))).toEqual([])
  expect(lines).toHaveLength(1)
  expect(lines[0]).toContain(tunedFile())
  expect(lines[0]).toMatch(why)
  keepTuned(kept('Chrome/1', 'a')) // takes its place
  expect(readTuned()).toHaveLength(1)
})

test('what was found is shown as a table', () => {
  expect(
    linesOf({
      'matmul 1x2': { variant: 'rows8', usual: 'rows4', ratio: 0.5 },
      'conv2d 1x2x3': { variant: 'rows4', usual: 'rows4', ratio: 1 },
    }),
  ).toEqual([
    'problem       usual  found     time',
    'matmul 1x2    rows4  rows8     0.50',
    'conv2d 1x2x3  rows4  the same  1.00',
  ])
  expect(linesOf({})).toEqual([])
})

test('what cannot be searched is told before Chrome starts', async () => {
  await expect(main(['no-such'])).rejects.toThrow("no model 'no-such'")
  await expect(main(['--seconds', '0'])).rejects.toThrow('--seconds: expected a whole number, at least 1')
  await expect(main(['--show', '--clear'])).rejects.toThrow('--show and --clear')
  await expect(main(['dcgan', '--data', 'ring'])).rejects.toThrow('dcgan learns from images')
})

/** Runs a command; what it printed. */
async function printed(command: (argv: string[]) => Promise<number>, ...argv: string[]): Promise<string> {
  const lines: unknown[] = []
  vi.spyOn(console, 'log').mockImplementation((line) => void lines.push(line))
  vi.spyOn(process.stdout, 'write').mockImplementation(() => true)
  const code = await command(argv)
  vi.restoreAllMocks()
  expect(code, lines.join('\n')).toBe(0)
  return lines.join('\n')
}

test('searches, remembers, shows, is used in training, and forgets', async () => {
  writeFileSync(join(folder, 'images.idx'), idx([16, 8, 8]))
  const small = ['dcgan', '--data', `idx:${join(folder, 'images.idx')}`, '--width', '4', '--batch', '4']
  expect(await printed(main, '--show')).toMatch(/^Nothing is remembered/)

  const first = await printed(main, ...small, '--seconds', '40')
  expect(first).toMatch(/^problem +usual +found +time$/m)
  const [{ browser, table }] = readTuned()
  expect(browser).toMatch(/^Chrome\//)
  const count = Object.keys(table.found).length
  expect(count).toBeGreaterThan(0)
  expect(first).toContain(`${count} products searched`)
  const again = await printed(main, ...small, '--seconds', '1')
  expect(again).toContain(`${count} were known already`)
  expect(readTuned()[0].table.found).toMatchObject(table.found)

  const shown = await printed(main, '--show')
  expect(shown).toContain(`${table.adapter}, ${browser}, kernels ${table.kernels}`)
  for (const problem of Object.keys(table.found)) expect(shown).toContain(problem)

  const out = join(folder, 'run')
  const told = await printed(train, ...small, '--steps', '1', '--out', out)
  const used = readTuned()[0].table
  expect(told).toContain(`tuned    ${Object.keys(used.found).length} products`)
  const record = () => JSON.parse(readFileSync(join(out, 'run.json'), 'utf8'))
  expect(record().tuned).toEqual(used)

  expect(await printed(main, '--clear')).toContain(tunedFile())
  expect(readTuned()).toEqual([])
  const resumed = await printed(train, '--resume', out, '--steps', '2')
  expect(resumed, 'goes on with what it began with').toContain('tuned    ')
  expect(record().tuned).toEqual(used)
})
