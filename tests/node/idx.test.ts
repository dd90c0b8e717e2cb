import { expect, test } from 'vitest'
import { DataError } from '../../src/engine/index.ts'
import { parseIdx } from '../../src/models/data/idx.ts'
import { idx } from './idx.ts'

test('reads images, with and without channels', () => {
  const grey = parseIdx(idx([3, 4, 4]), 'grey')
  expect(grey).toMatchObject({ name: 'grey', count: 3, size: 4, channels: 1 })
  expect([...grey.bytes.subarray(0, 3)]).toEqual([0, 37, 74])
  expect(grey.bytes).toHaveLength(48)
  expect(parseIdx(idx([2, 4, 4, 3]), 'colour')).toMatchObject({ count: 2, size: 4, channels: 3 })
})

test('reads a view into a larger buffer', () => {
  const file = Buffer.concat([new Uint8Array(5), idx([1, 2, 2])]).subarray(5)
  expect(parseIdx(file, 'view')).toMatchObject({ count: 1, size: 2 })
})

test.each<[string, Uint8Array, string]>([
  ['an empty file', new Uint8Array(), 'f: is not an IDX file: it begins with nothing, expected 00 00 08 03'],
  [
    'a foreign file',
    Buffer.from('\x89PNG\r\n', 'latin1'),
    'f: is not an IDX file: it begins with 89 50 4e 47',
  ],
  ['a compressed file', new Uint8Array([0x1f, 0x8b, 8, 0]), 'f: is compressed (gzip)'],
  ['labels', idx([7]), 'f: has 1 dimension, so labels perhaps; expected images'],
  ['five dimensions', idx([1, 1, 1, 1, 1]), 'f: has 5 dimensions; expected images'],
  ['floats', idx([1, 2, 2], { type: 0x0d }), 'f: holds values of type 13, expected 8 (unsigned bytes)'],
  ['half a header', idx([1, 2, 2]).subarray(0, 10), 'f: is truncated: 10 bytes, its header alone takes 16'],
  [
    'a truncated file',
    idx([5, 4, 4], { length: 79 }),
    'f: is truncated: 95 bytes, but 5 images of 4x4x1 make 96',
  ],
  ['a file that is too long', idx([5, 4, 4], { length: 81 }), 'f: is too long: 97 bytes, but 5 images'],
  ['no images', idx([0, 4, 4]), 'f: holds no images'],
  ['images without a pixel', idx([3, 0, 0]), 'f: holds images of 0x0, without a pixel'],
  [
    'more than can be',
    idx([2 ** 31, 9, 9], { length: 0 }),
    'f: holds 173.9 GB by its header, at most 2.1 GB',
  ],
  ['images that are not square', idx([1, 4, 5]), 'f: holds images of 4x5; only square ones are supported'],
])('%s is a DataError that says so', (_, file, message) => {
  expect(() => parseIdx(file, 'f')).toThrow(DataError)
  expect(() => parseIdx(file, 'f')).toThrow(message)
})
