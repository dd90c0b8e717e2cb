import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { loadDataSet } from '../../scripts/datasets.ts'
import { read } from '../../scripts/read.ts'
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

test('a small file that unpacks to a large one takes no more memory than its header says', () => {
  const zeros = gzipSync(Buffer.alloc(2 ** 24))
  const bomb = put('bomb.gz', Buffer.concat([gzipSync(idx([1, 2, 2])), ...Array(32).fill(zeros)]))
  expect(statSync(bomb).size).toBeLessThan(1e6)
  const before = process.resourceUsage().maxRSS
  expect(() => loadDataSet(`idx:${bomb}`)).toThrow(
    'bomb.gz: is compressed (gzip) and cannot be unpacked: is longer',
  )
  expect(process.resourceUsage().maxRSS - before).toBeLessThan(1e5) // KiB; all of it has 5e5
})

test.skipIf(process.platform === 'win32')('pipes and devices are refused, not waited for', () => {
  const pipe = join(folder, 'pipe')
  spawnSync('mkfifo', [pipe])
  for (const path of [pipe, '/dev/zero'])
    expect(() => loadDataSet(`idx:${path}`)).toThrow(`${path}: is a pipe or device, not a file`)
})

test('a file larger than can be read is refused by its size', () => {
  const path = put('large', new Uint8Array())
  truncateSync(path, 3e9)
  expect(() => read(path)).toThrow(new DataError(`${path}: has 3.0 GB, at most 2.1 GB can be read`))
  expect(() => read(path, 5e6)).toThrow(`${path}: has 3.0 GB, at most 5.0 MB can be read`)
  truncateSync(path, 7)
  expect(() => read(path, 6)).toThrow(`${path}: has 7 bytes, at most 6 bytes can be read`)
  expect(read(path, 7)).toHaveLength(7)
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
  [
    'a path through a file',
    () => `idx:${put('file', idx([1, 2, 2]))}/x`,
    'x: no such file: a part of the path is a file',
  ],
  ['images of 0x0', () => `idx:${put('0x0', idx([3, 0, 0]))}`, '0x0: holds images of 0x0'],
  [
    'the same, packed',
    () => `idx:${put('0x0.gz', gzipSync(idx([300, 0, 0, 3])))}`,
    '0x0.gz: holds images of 0x0',
  ],
  [
    'a packed foreign file',
    () => `idx:${put('x.gz', gzipSync(Buffer.alloc(99, 7)))}`,
    'x.gz: is not an IDX file',
  ],
  [
    'a short packed file',
    () => `idx:${put('s.gz', gzipSync(Buffer.alloc(9)))}`,
    's.gz: holds values of type 0',
  ],
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
