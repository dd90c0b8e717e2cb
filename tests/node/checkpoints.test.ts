// The checkpoints of a run: read, kept, and fallen back on.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test } from 'vitest'
import { CHECKPOINT, DAMAGED, latestCheckpoint, PREVIOUS, saveCheckpoint } from '../../scripts/checkpoints.ts'
import { checkpointFile } from './checkpointFile.ts'

const root = mkdtempSync(join(tmpdir(), 'ganvas-checkpoints-'))
afterAll(() => rmSync(root, { recursive: true }))
let folder = ''
let count = 0
const said: string[] = []
beforeEach(() => {
  folder = join(root, String(count++))
  mkdirSync(folder)
  said.length = 0
})

const save = (step: number, isNewestDamaged = false): void =>
  saveCheckpoint(folder, checkpointFile(step), isNewestDamaged)
const latest = () => latestCheckpoint(folder, (text) => said.push(text))
const read = (name: string): Buffer => readFileSync(join(folder, name))
/** Cuts a file short, as a disk that lost its end. */
const cut = (name: string): void => writeFileSync(join(folder, name), read(name).subarray(0, -4))

test('the one before the newest is kept', () => {
  save(1)
  expect(readdirSync(folder)).toEqual([CHECKPOINT])
  save(2)
  save(3)
  expect(readdirSync(folder).sort()).toEqual([PREVIOUS, CHECKPOINT].sort())
  expect(read(PREVIOUS)).toEqual(Buffer.from(checkpointFile(2)))
  expect(latest()).toMatchObject({ step: 3, path: join(folder, CHECKPOINT) })
  expect(said).toEqual([])
})

test('what is damaged is not saved, and harms nothing', () => {
  save(1)
  save(2)
  const path = join(folder, CHECKPOINT)
  expect(() => saveCheckpoint(folder, checkpointFile(3).subarray(0, -4), false)).toThrow(
    `${path} is kept as it was, since what was read back is damaged`,
  )
  expect(readdirSync(folder).sort()).toEqual([PREVIOUS, CHECKPOINT].sort())
  expect(latest().step).toBe(2)
})

test('the one before is taken, with a word, when the newest is damaged or not there', () => {
  save(1)
  save(2)
  cut(CHECKPOINT)
  expect(latest()).toMatchObject({ step: 1, path: join(folder, PREVIOUS) })
  expect(said).toHaveLength(1)
  expect(said[0]).toContain(join(folder, CHECKPOINT))
  expect(said[0]).toContain(`The one before it is taken, of step 1: ${join(folder, PREVIOUS)}`)
  rmSync(join(folder, CHECKPOINT))
  expect(latest().step).toBe(1)
  expect(said[1]).toContain(`${join(folder, CHECKPOINT)}: no such file`)
  cut(PREVIOUS)
  expect(latest).toThrow(/no such file; and the one before it: .*previous/)
  rmSync(join(folder, PREVIOUS))
  expect(latest).toThrow(/no such file$/)
})

test('a damaged newest does not take the place of the good one before it', () => {
  save(1)
  save(2)
  cut(CHECKPOINT)
  save(2, true)
  expect(readdirSync(folder).sort()).toEqual([DAMAGED, PREVIOUS, CHECKPOINT].sort())
  expect(read(PREVIOUS)).toEqual(Buffer.from(checkpointFile(1)))
  expect(latest().step).toBe(2)
})
