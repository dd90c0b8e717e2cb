import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, expect, test } from 'vitest'
import { loadDataSet } from '../../scripts/datasets.ts'
import { read } from '../../scripts/read.ts'
import { DataError } from '../../src/engine/index.ts'
import { fieldsOf } from '../../src/models/data/dataSet.ts'
import { openDataSet } from '../../src/models/data/open.ts'
import { idx } from './idx.ts'

const folder = mkdtempSync(join(tmpdir(), 'ganvas-datasets-'))
afterAll(() => rmSync(folder, { recursive: true }))

const TEN = { kind: 'label', classes: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'] }

function put(name: string, content: Uint8Array): string {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}

test('mnist is the 60,000 handwritten digits', () => {
  const { name, set, about, request, files, identity } = loadDataSet('mnist')
  expect(name).toBe('mnist')
  expect(fieldsOf(set)).toEqual({ image: { kind: 'image', size: 28, channels: 1 }, label: TEN })
  expect(set.count).toBe(60_000)
  expect(identity.count).toBe(60_000)
  expect(about).toMatch(/60,000 28x28x1 images with labels of 10 classes from .*train-images-idx3-ubyte/)
  expect(request).toEqual({
    name: 'mnist',
    images: expect.stringMatching(/train-images-idx3-ubyte$/),
    labels: expect.stringMatching(/train-labels-idx1-ubyte$/),
  })
  expect(files.labels).toHaveLength(8 + 60_000)
  expect(fieldsOf(openDataSet(request, files))).toEqual(fieldsOf(set))
})

test('labels beside an IDX file of images come with it, and tell it from the same images with others', () => {
  const images = put('t10k-images-idx3-ubyte', idx([3, 4, 4]))
  const alone = loadDataSet(`idx:${images}`)
  expect(Object.keys(alone.set.columns)).toEqual(['image'])
  expect(alone.files.labels).toBeUndefined()
  const file = (...labels: number[]) => Uint8Array.of(0, 0, 8, 1, 0, 0, 0, labels.length, ...labels)
  const labels = put('t10k-labels-idx1-ubyte', file(0, 1, 1))
  const both = loadDataSet(`idx:${images}`)
  expect(fieldsOf(both.set).label).toEqual({ kind: 'label', classes: ['0', '1'] })
  expect(both.request).toMatchObject({ images, labels })
  put('t10k-labels-idx1-ubyte', file(0, 1, 0))
  expect(loadDataSet(`idx:${images}`).identity).not.toEqual(both.identity)
  put('t10k-labels-idx1-ubyte', file(0, 1))
  expect(() => loadDataSet(`idx:${images}`)).toThrow(`${labels}: holds 2 labels for 3 images in ${images}`)
  put('t10k-labels-idx1-ubyte', idx([3, 4, 4]))
  expect(() => loadDataSet(`idx:${images}`)).toThrow(`${labels}: is not an IDX file of labels`)
})

test('an IDX file, packed or not, gives the same images, wherever it is', () => {
  const plain = put('plain', idx([2, 4, 4]))
  const packed = put('packed.gz', gzipSync(idx([2, 4, 4])))
  const a = loadDataSet(`idx:${relative('', plain)}`)
  const b = loadDataSet(`idx:${packed}`)
  expect(a.name).toBe(`idx:${resolve(plain)}`)
  expect(fieldsOf(b.set)).toEqual({ image: { kind: 'image', size: 4, channels: 1 } })
  expect(b.identity).toEqual({ count: 2, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) })
  expect(b.identity).toEqual(a.identity)
})

test('stacked are the same digits, three to an image', () => {
  const [plain, stacked] = [loadDataSet('mnist'), loadDataSet('stacked')]
  expect(fieldsOf(stacked.set)).toEqual({ image: { kind: 'image', size: 28, channels: 3, stacked: true } })
  expect(stacked.files.images.length).toBe(plain.files.images.length)
  expect(stacked.request).toEqual({ name: 'stacked', images: plain.request.images })
  expect(stacked.about).toContain('three digits at a time, one in each colour')
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
  const { set, about, files, request } = loadDataSet('ring')
  expect(fieldsOf(set)).toEqual({ points: { kind: 'points', dims: 2, unit: 1, toy: 'ring' } })
  expect(request).toEqual({ name: 'ring' })
  expect(about).toContain('8 Gaussians on a ring')
  expect(files).toEqual({})
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
