import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { loadDataSet } from '../../scripts/datasets.ts'
import { DataError } from '../../src/engine/index.ts'
import { idx } from './idx.ts'

const folder = mkdtempSync(join(tmpdir(), 'ganvas-datasets-'))
afterAll(() => rmSync(folder, { recursive: true }))

function put(name: string, content: Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

test('mnist is the 60,000 handwritten digits', () => {
  const { name, kind, about, identity } = loadDataSet('mnist')
  expect(name).toBe('mnist')
  expect(kind).toEqual({ size: 28, channels: 1 })
  expect(identity.count).toBe(60_000)
  expect(about).toMatch(/60,000 images of 28x28x1 from .*train-images-idx3-ubyte/)
})

test('an IDX file, packed or not, gives the same images, wherever it is', () => {
  const plain = put('plain', idx([2, 4, 4]))
  const packed = put('packed.gz', gzipSync(idx([2, 4, 4])))
  const a = loadDataSet(`idx:${relative('', plain)}`)
  const b = loadDataSet(`idx:${packed}`)
  expect(a.name).toBe(`idx:${resolve(plain)}`)
  expect(b.kind).toEqual({ size: 4, channels: 1 })
  expect(b.identity).toEqual({ count: 2, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) })
  expect(b.identity).toEqual(a.identity)
})

test('stacked are the same digits, three to an image', () => {
  const [plain, stacked] = [loadDataSet('mnist'), loadDataSet('stacked')]
  expect(stacked.kind).toEqual({ size: 28, channels: 3, stacked: true })
  expect(stacked.file?.length).toBe(plain.file?.length)
  expect(stacked.request).toEqual({ ...plain.request, stacked: true })
  expect(stacked.about).toContain('three at a time')
})

test('points have a name and no file', () => {
  const { kind, about, file, request } = loadDataSet('ring')
  expect(kind).toEqual({ toy: 'ring' })
  expect(request).toEqual({ toy: 'ring' })
  expect(about).toContain('8 Gaussians on a ring')
  expect(file).toBeUndefined()
})

test.each<[string, () => string, string]>([
  ['an unknown name', () => 'cifar', "no data set 'cifar'; there are mnist, stacked, idx:PATH"],
  ['no path', () => 'idx:', "no data set 'idx:'"],
  ['a missing file', () => 'idx:missing', 'missing: no such file'],
  ['a folder', () => `idx:${folder}`, `${folder}: is a folder, not a file`],
  ['a foreign file', () => `idx:${put('x', Buffer.from('text'))}`, 'x: is not an IDX file'],
  [
    'a truncated gzip file',
    () => `idx:${put('cut.gz', gzipSync(idx([2, 4, 4])).subarray(0, 20))}`,
    'cut.gz: is compressed (gzip) and cannot be unpacked',
  ],
])('%s is a DataError that names it', (_, name, message) => {
  expect(() => loadDataSet(name())).toThrow(DataError)
  expect(() => loadDataSet(name())).toThrow(message)
})
