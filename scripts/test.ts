// `npm test`: types, lint, then every test; the last line counts them all.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findChrome } from './chrome.ts'

const TSC = 'node_modules/typescript/bin/tsc'
const BIOME = 'node_modules/@biomejs/biome/bin/biome'
const VITEST = 'node_modules/vitest/vitest.mjs'

interface Counts {
  passed: number
  failed: number
  skipped: number
}

/** The part of vitest's JSON report that is counted. */
export interface Report {
  testResults: { name: string; status: string; assertionResults: { status: string }[] }[]
}

/**
 * Runs types, lint and tests; `argv` goes to vitest (a filter of file names, `-t NAME`).
 * Returns 1 when anything failed. What cannot be run at all counts as failed, too.
 */
export async function main(argv: string[]): Promise<number> {
  const failures: string[] = []
  if (!tool(TSC, '--noEmit')) failures.push('types')
  if (!tool(BIOME, 'ci', '--error-on-warnings')) failures.push('lint')
  const passed = 2 - failures.length

  const missing = await missingChrome()
  if (missing) failures.push(`Chrome: ${missing}`)
  // Without a Chrome, what needs none still runs.
  const counts = vitest(missing ? ['--project', 'node', ...argv] : argv)

  counts.passed += passed
  counts.failed += failures.length
  for (const failure of failures) console.log(`failed: ${failure}`)
  const skipped = counts.skipped ? `, ${counts.skipped} skipped` : ''
  console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`)
  return counts.failed ? 1 : 0
}

/** Runs a JavaScript tool with its output shown; true when it succeeded. */
function tool(script: string, ...args: string[]): boolean {
  const { status } = spawnSync(process.execPath, [script, ...args], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  return status === 0
}

/** Why there is no Chrome to test in, if there is none. */
async function missingChrome(): Promise<string | undefined> {
  try {
    await findChrome()
  } catch (error) {
    return (error as Error).message
  }
}

function vitest(argv: string[]): Counts {
  const folder = mkdtempSync(join(tmpdir(), 'ganvas-test-'))
  const file = join(folder, 'report.json')
  try {
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
    const ok = tool(VITEST, 'run', ...reporters, ...argv)
    return count(readReport(file), ok)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Vitest writes none when it did not get as far as running tests. */
function readReport(file: string): Report {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return { testResults: [] }
  }
}

/**
 * Counts single tests. A file that failed without a failed test (it does not load) is one failure, and so is
 * a run that failed without one (`ok` false: Chrome crashed, an error nobody caught).
 */
export function count(report: Report, ok: boolean): Counts {
  const counts = { passed: 0, failed: 0, skipped: 0 }
  for (const { status, assertionResults } of report.testResults) {
    const failed = assertionResults.filter((test) => test.status === 'failed').length
    const passed = assertionResults.filter((test) => test.status === 'passed').length
    counts.passed += passed
    counts.failed += status === 'failed' ? Math.max(failed, 1) : failed
    counts.skipped += assertionResults.length - passed - failed
  }
  if (!ok && counts.failed === 0) counts.failed = 1
  return counts
}
