// What every command does before and around its own work.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const folder = mkdtempSync(join(tmpdir(), 'ganvas-run-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** What a command says that is run after `before`, a module. */
function node(before: string, ...args: string[]): { status: number | null; lines: string[] } {
  const file = join(folder, 'before.mjs')
  writeFileSync(file, before)
  const { status, stderr } = spawnSync(process.execPath, ['--import', `file://${file}`, ...args], {
    encoding: 'utf8',
    env: { ...process.env, DEBUG: '', NODE_OPTIONS: '' },
  })
  return { status, lines: stderr.trim().split('\n') }
}
const asVersion = (version: string): string =>
  `Object.defineProperty(process, 'version', { value: '${version}' })`

test.each(['v18.20.4', 'v20.18.3', 'v9.1.0'])('Node %s is told to be too old, in a line', (version) => {
  for (const script of [['scripts/checkNode.mjs'], ['scripts/run.mjs', 'train', '--list']]) {
    const { status, lines } = node(asVersion(version), ...script)
    expect(lines).toEqual([expect.stringMatching(`^Ganvas needs Node 20.19 or newer, this is ${version}`)])
    expect(status).toBe(1)
  }
})

test.each(['v20.19.0', 'v22.0.0', 'v100.1.0'])('Node %s will do', (version) => {
  expect(node(asVersion(version), 'scripts/checkNode.mjs')).toEqual({ status: 0, lines: [''] })
})

test('an error that nobody waits for ends a command in a line, too', () => {
  const reject = `const timer = setInterval(() => {
    if (!process.listenerCount('uncaughtException')) return
    clearInterval(timer)
    Promise.reject(new Error('nobody waits'))
  })`
  const { status, lines } = node(reject, 'scripts/run.mjs', 'train', '--list')
  expect(lines).toEqual(['nobody waits'])
  expect(status).toBe(1)
})
