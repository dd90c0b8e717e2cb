// `npm run bench` as a person runs it, on its smallest row.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { faultsOf, type Result } from '../../bench/result.ts'
import { main } from '../../scripts/bench.ts'
import { result } from './benchResult.ts'

vi.setConfig({ testTimeout: 300_000 }) // the roofs take half a minute where other work goes on

const folder = mkdtempSync(join(tmpdir(), 'ganvas-bench-'))
afterAll(() => rmSync(folder, { recursive: true }))
afterEach(() => vi.restoreAllMocks())
const path = (name: string): string => join(folder, name)

/** Runs the command; its exit code and what it printed. */
async function bench(...argv: string[]): Promise<{ code: number; out: string }> {
  const lines: unknown[] = []
  const keep = (line: unknown) => void lines.push(line)
  vi.spyOn(console, 'log').mockImplementation(keep)
  vi.spyOn(console, 'error').mockImplementation(keep)
  const code = await main(argv)
  return { code, out: lines.join('\n') }
}

test('measures roofs and a row, writes files that are what the schema says, and compares with a baseline', async () => {
  const { code, out } = await bench('pixelNorm', '--json', path('a.json'), '--csv', path('a.csv'))
  expect(code, out).toBe(0)
  expect(out).toMatch(/^multiply-add [\d.]+ GFLOP\/s/m)
  expect(out).toMatch(/^pixelNorm +16x128 +only/m)

  const found: Result = JSON.parse(readFileSync(path('a.json'), 'utf8'))
  expect(faultsOf(found)).toEqual([])
  expect(found.kernels.map(({ op, status }) => [op, status])).toEqual([['pixelNorm', 'ok']])
  expect(found.roofs.multiplyAdd.best).toBeGreaterThan(0.1)
  expect(found.roofs.bandwidth.map(({ bytes }) => bytes / 2 ** 20)).toEqual([1, 16, 128])
  expect(found.environment.features).toContain('timestamp-query')
  expect(readFileSync(path('a.csv'), 'utf8').split('\n')).toHaveLength(3)

  // A baseline in which the row was a thousand times as near to its roof, which no noise explains.
  for (const row of found.kernels) row.percent = 1000 * (row.percent ?? Number.NaN)
  writeFileSync(path('planted.json'), JSON.stringify(found))
  const again = await bench('pixelNorm', '--baseline', path('planted.json'))
  expect(again.out).toMatch(/^slower: pixelNorm 16x128 \(only\) is at /m)
  expect(again.code).toBe(1)
})

test('a filter that fits no row is an error', async () => {
  await expect(bench('no such row')).rejects.toThrow("no row has 'no such row' in its name")
})

test('a baseline that is none is refused before anything is measured', async () => {
  writeFileSync(path('other.json'), JSON.stringify({ ...result, version: 99 }))
  const other = path('other.json')
  await expect(bench('--baseline', other)).rejects.toThrow(
    `${other} is no result of this bench: result.version: expected 1, got 99`,
  )
})
