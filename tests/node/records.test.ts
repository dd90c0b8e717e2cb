// What is read from files that say how a run was: nothing of it is believed unchecked, nor printed as it is.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { baselineFile } from '../../bench/isa/baseline.ts'
import { main as evaluate } from '../../scripts/evaluate.ts'
import { readJson } from '../../scripts/json.ts'
import { plain } from '../../scripts/plain.mjs'
import { Progress } from '../../scripts/progress.ts'
import { readRecord } from '../../scripts/runFolder.ts'
import { main as train } from '../../scripts/train.ts'
import { CheckpointError, DataError } from '../../src/engine/index.ts'
import { checked } from '../../src/engine/schema.ts'
import type { RunRecord } from '../../src/models/training/saved.ts'
import { CONFIG, checkpointFile, falseCheckpoint } from './checkpointFile.ts'

vi.setConfig({ testTimeout: 60_000 }) // one starts a process
const folder = mkdtempSync(join(tmpdir(), 'ganvas-records-'))
afterAll(() => rmSync(folder, { recursive: true }))

const RECORD: RunRecord = {
  config: CONFIG,
  steps: 9,
  every: { log: 1, sample: 1, checkpoint: 1 },
  data: { name: 'ring' },
  started: '2026-01-01T00:00:00.000Z',
  environment: {
    adapter: { name: 'a', software: true, vendor: 'v', architecture: '', device: '', description: '' },
    adapterChoice: 'default',
    browser: 'Chrome/1',
    chromeFlags: [],
    node: 'v20',
    os: 'Linux',
    cpu: '2 x y',
    versions: { ganvas: '1' },
  },
  resumed: [],
}
const { environment } = RECORD

/** The folder of a run whose run.json says this. */
function runWith(record: unknown): string {
  const path = mkdtempSync(join(folder, 'run-'))
  writeFileSync(join(path, 'run.json'), typeof record === 'string' ? record : JSON.stringify(record))
  writeFileSync(join(path, 'checkpoint.safetensors'), checkpointFile(3))
  return path
}

test('run.json as it is written is read', () => {
  expect(readRecord(runWith(RECORD))).toEqual(RECORD)
  const images = { ...RECORD, config: { ...CONFIG, fields: { x: { kind: 'image', size: 8, channels: 1 } } } }
  const data = { name: 'idx:x', count: 40, sha256: '0'.repeat(64) }
  const resumed = [{ step: 3, started: 'then', environment }]
  const tuned = { adapter: 'a', kernels: 'k', found: { p: { variant: 'v', usual: 'u', ratio: 1 } } }
  const more = { ...images, data, resumed, tuned, every: { ...RECORD.every, metrics: 5 } }
  expect(readRecord(runWith(more))).toEqual(more)
})

test.each<[string, unknown, string]>([
  ['', '', 'expected JSON, got an empty file'],
  ['half', '{"config":', 'expected JSON, got "{'],
  ['null', null, 'expected an object, got null'],
  [
    'no checkpoints',
    { every: { ...RECORD.every, checkpoint: 0 } },
    'every.checkpoint: expected a whole number, at least 1, got 0',
  ],
  ['steps that are none', { steps: 'x' }, 'steps: expected a whole number, at least 1, got "x"'],
  ['no history', { resumed: undefined }, 'resumed: expected a list, got nothing'],
  ['a history of nothing', { resumed: [null] }, 'resumed[0]: expected an object, got null'],
  [
    'no adapter',
    { environment: { ...environment, adapter: undefined } },
    'environment.adapter: expected an object',
  ],
  [
    'an adapter of another kind',
    { environment: { ...environment, adapterChoice: 'x' } },
    'environment.adapterChoice: expected "default" or',
  ],
  ['tables that are none', { tuned: { found: {} } }, 'tuned.adapter: expected text, got nothing'],
  ['no name of the data', { data: {} }, 'data.name: expected text, got nothing'],
  [
    'a sum of the data that is none',
    { data: { name: 'x', sha256: 'abc' } },
    'data.sha256: expected 64 hexadecimal digits, got "abc"',
  ],
  [
    'images that are not told apart',
    { config: { ...CONFIG, fields: { x: { kind: 'image', size: 8, channels: 1 } } } },
    'data.sha256: expected 64 hexadecimal digits, got nothing',
  ],
  [
    'a stabiliser that is lost',
    { config: { ...CONFIG, aids: { clip: null } } },
    'config.aids.clip: expected a finite number, got null',
  ],
  ['more than it should', { evry: 1 }, 'evry: not part of the schema'],
  ['what moves a cursor', { '\u001b[2J': 1 }, '"\\u001b[2J": not part of the schema'],
])(
  'run.json with %s is refused before anything starts, file and field named',
  async (_, changes, message) => {
    const record = changes && typeof changes === 'object' ? { ...RECORD, ...changes } : changes
    const run = runWith(record)
    await expect(train(['--resume', run])).rejects.toThrow(`${join(run, 'run.json')}: ${message}`)
  },
)

test('a run whose files are of different runs is refused', async () => {
  const run = runWith({ ...RECORD, config: { ...CONFIG, seed: 8 } })
  const error = `${join(run, 'run.json')}: config: is of another run than ${join(run, 'checkpoint.safetensors')}`
  await expect(train(['--resume', run])).rejects.toThrow(error)
})

test('samples are not scored as those of other data', async () => {
  const of = { ...CONFIG, model: 'dcgan', fields: { x: { kind: 'image', size: 28, channels: 1 } } } as const
  const run = runWith({ ...RECORD, config: of, data: { name: 'mnist', count: 1, sha256: '0'.repeat(64) } })
  writeFileSync(
    join(run, 'checkpoint.safetensors'),
    falseCheckpoint({ config: JSON.stringify({ ...of, seed: 8 }) }),
  )
  await expect(evaluate([run])).rejects.toThrow(`${join(run, 'run.json')}: config: is of another run than`)
})

test('other files are named, too', () => {
  const path = join(folder, 'file')
  expect(() => readJson(path)).toThrow(`${path}: no such file`)
  writeFileSync(path, '{"format": "ganvas isa')
  expect(() => readJson(path)).toThrow(`${path}: expected JSON, got "{`)
  expect(() => checked(baselineFile, { format: 'f', driver: 1 }, path)).toThrow(DataError)
  const baseline = { format: 'f', driver: 'd', columns: [], chips: { navi21: { id: ['x'] } } }
  expect(() => checked(baselineFile, baseline, path, CheckpointError)).toThrow(
    `${path}: chips.navi21.id[0]: expected a finite number, got "x"`,
  )
})

test('what files hold moves no cursor, colours nothing, and renames no window', () => {
  expect(plain('a\x1b[31mb\x1b]0;title\x07c\x9b2Jd\x1b[?25l\re\x08\x00f\ng\th é')).toBe('abcdef\ng\th é')
  let said = ''
  const progress = new Progress(9, 0, { write: (text) => (said += text) })
  progress.say('a\x1b[2Jb')
  expect(said).toBe('ab\n')

  const cache = join(folder, 'cache')
  const table = { adapter: 'ev\x1b[31mil\x1b]0;x\x07', kernels: 'k', found: {} }
  mkdirSync(cache)
  writeFileSync(
    join(cache, 'tuned.json'),
    JSON.stringify({ format: 'ganvas tuned 1', tables: [{ browser: 'b', table }] }),
  )
  const env = { ...process.env, GANVAS_CACHE: cache }
  const { stdout } = spawnSync(process.execPath, ['scripts/run.mjs', 'tune', '--show'], {
    env,
    encoding: 'utf8',
  })
  expect(stdout).toBe('evil, b, kernels k\n')
})
