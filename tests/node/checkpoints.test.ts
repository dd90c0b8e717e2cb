// The checkpoints of a run: read, kept, and fallen back on.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as zlib from 'node:zlib'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { CHECKPOINT, DAMAGED, latestCheckpoint, PREVIOUS, saveCheckpoint } from '../../scripts/checkpoints.ts'
import { CheckpointError, safetensors, sealed } from '../../src/engine/index.ts'
import { crc32 } from '../../src/engine/tensor/crc32.ts'
import { readCheckpoint } from '../../src/models/training/checkpoint.ts'
import { CONFIG, checkpointFile, falseCheckpoint } from './checkpointFile.ts'

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

test('one without a checksum, as older versions wrote it, is taken, with a word', () => {
  writeFileSync(join(folder, CHECKPOINT), falseCheckpoint({}, false))
  expect(latest().step).toBe(3)
  expect(said).toEqual([
    `${join(folder, CHECKPOINT)} has no checksum, as older versions wrote it: damage to it would not be noticed.`,
  ])
})

describe('the checksum', () => {
  test("is zlib's CRC-32, of a whole or of its parts", () => {
    const bytes = Uint8Array.from({ length: 1003 }, (_, i) => (i * i * 31) >> 3)
    for (const length of [0, 1, 2, 3, 4, 5, 1003])
      expect(crc32(bytes.subarray(0, length))).toBe(zlib.crc32(bytes.subarray(0, length)))
    expect(crc32(bytes.subarray(5), crc32(bytes.subarray(0, 5)))).toBe(zlib.crc32(bytes))
  })

  test('is the same whoever writes names in whatever order', () => {
    const text = 'config\0{}\0step\x003\0a\x002\0'
    const bytes = Buffer.concat([
      Buffer.from(text),
      new Uint8Array(Float32Array.of(1, 2).buffer),
      Buffer.from('b\0\0'),
    ])
    const expected = zlib.crc32(Buffer.concat([bytes, new Uint8Array(Float32Array.of(3).buffer)]))
    const [a, b] = [
      { shape: [2], data: Float32Array.of(1, 2) },
      { shape: [], data: Float32Array.of(3) },
    ]
    const one = sealed({ tensors: { a, b }, metadata: { step: '3', config: '{}' } })
    const other = sealed({ tensors: { b, a }, metadata: { config: '{}', step: '3', checksum: 'old' } })
    expect(one.metadata.checksum).toBe(`crc32:${expected.toString(16).padStart(8, '0')}`)
    expect(other.metadata.checksum).toBe(one.metadata.checksum)
  })

  test('notices every bit that is flipped', () => {
    const good = checkpointFile(3)
    readCheckpoint(good)
    const noticed = (at: number, bit: number): boolean => {
      const bad = Uint8Array.from(good)
      bad[at] ^= 1 << bit
      try {
        readCheckpoint(bad, 'x')
        return false
      } catch (error) {
        expect(error).toBeInstanceOf(CheckpointError)
        return true
      }
    }
    const unnoticed = Array.from(good.keys()).filter((at) => !noticed(at, at % 8))
    // Spaces that fill the header up say nothing; as control characters or other spaces they still say nothing.
    expect(unnoticed.filter((at) => good[at] !== 0x20)).toEqual([])
  })
})

test.each<[string, Record<string, string | undefined>, string]>([
  [
    'another format',
    { format: 'ganvas 1' },
    'x is no Ganvas checkpoint: format "ganvas 1", expected "ganvas 3"',
  ],
  [
    'the format of an earlier version',
    { format: 'ganvas 2' },
    "x was made by an earlier version of Ganvas (format 'ganvas 2')",
  ],
  ['more than it should have', { chekcsum: '""' }, 'x: chekcsum: not part of the schema'],
  ['no format', { format: undefined }, 'format nothing, expected'],
  ['no updates', { updates: undefined }, 'x: updates: expected an object, got nothing'],
  [
    'updates that are none',
    { updates: '{"a":-1}' },
    'x: updates.a: expected a whole number, at least 0, got -1',
  ],
  ['a step that is none', { step: '1.5' }, 'x: step: expected a whole number, at least 0, got 1.5'],
  ['half a configuration', { config: '{"model":' }, 'x: config: expected JSON, got "{\\"model\\":"'],
  ['a configuration of nothing', { config: 'null' }, 'x: config: expected an object, got null'],
  [
    'an unknown model',
    { config: having({ model: '__proto__' }) },
    'x: config.model: expected one of cgan, dcgan,',
  ],
  [
    'an unknown loss',
    { config: having({ options: { loss: 'x' } }) },
    'x: config: gan: loss: expected one of non-saturating,',
  ],
  [
    'an unknown toy',
    { config: having({ fields: { x: { ...CONFIG.fields.x, toy: 'x' } } }) },
    'x: config.fields.x.toy: expected one of normal,',
  ],
  [
    'a field of an unknown kind',
    { config: having({ fields: { x: { kind: 'sound' } } }) },
    'x: config.fields.x.kind: expected "image" or "points" or "label", got "sound"',
  ],
  [
    'images of no size',
    { config: having({ fields: { x: { kind: 'image', size: 0, channels: 1 } } }) },
    'x: config.fields.x.size: expected',
  ],
  [
    'a batch of none',
    { config: having({ batch: 0 }) },
    'x: config.batch: expected a whole number, at least 1',
  ],
  [
    'a seed out of range',
    { config: having({ seed: 2 ** 32 }) },
    'x: config.seed: expected a whole number from 0',
  ],
  [
    'a missing part',
    { config: having({ options: undefined }) },
    'x: config.options: expected an object, got nothing',
  ],
  ['an unknown part', { config: having({ lr: 1 }) }, 'x: config.lr: not part of the schema'],
  [
    'an option that is lost',
    { config: having({ aids: { clip: null } }) },
    'x: config.aids.clip: expected a finite',
  ],
  [
    'an unknown option',
    { config: having({ options: { widht: 4 } }) },
    "x: config: gan has no option 'widht'; it has k,",
  ],
  [
    'an option that cannot be',
    { config: having({ options: { width: 0.5 } }) },
    'x: config: gan: width: expected',
  ],
  [
    'an aid that does not fit',
    { config: having({ aids: { pack: 3 } }) },
    'x: config: --trick pack=3: the batch of 4',
  ],
  [
    'no random numbers',
    { random: '{"seed":1}' },
    'x: random.block: expected a whole number, at least 0, got nothing',
  ],
  ['what moves a cursor', { step: '"\\u001b[31m\\u009b2J"' }, 'got "\\u001b[31m\\u009b2J"'],
])('a checkpoint with %s is refused, the field named', (_, metadata, message) => {
  expect(() => readCheckpoint(falseCheckpoint(metadata), 'x')).toThrow(CheckpointError)
  expect(() => readCheckpoint(falseCheckpoint(metadata), 'x')).toThrow(message)
})

function having(changes: object): string {
  return JSON.stringify({ ...CONFIG, ...changes })
}

test('weights that are not finite are refused', () => {
  for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const { metadata } = safetensors.read(checkpointFile(3))
    const weight = { shape: [1], data: Float32Array.of(value) }
    const file = safetensors.write(sealed({ tensors: { weight }, metadata }))
    expect(() => readCheckpoint(file, 'x')).toThrow('x: weight has values that are not finite')
  }
})
