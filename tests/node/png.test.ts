import { inflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { npy } from '../../scripts/npy.ts'
import { png } from '../../scripts/png.ts'

test('a PNG of grey and of colour bytes holds them line by line', () => {
  for (const [channels, colours] of [
    [1, 0],
    [3, 2],
  ]) {
    const pixels = Uint8Array.from({ length: 2 * 2 * channels }, (_, i) => 20 * i)
    const file = png(pixels, 2, channels)
    expect(file.toString('latin1', 1, 4)).toBe('PNG')
    // Width, height, bits and kind of colours, after the signature, length and name of the first chunk.
    expect([...file.subarray(16, 26)]).toEqual([0, 0, 0, 2, 0, 0, 0, 2, 8, colours])
    const length = file.readUInt32BE(33)
    expect(file.toString('latin1', 37, 41)).toBe('IDAT')
    const line = 2 * channels
    expect([...inflateSync(file.subarray(41, 41 + length))]).toEqual([
      0,
      ...pixels.subarray(0, line),
      0,
      ...pixels.subarray(line),
    ])
  }
  expect(() => png(new Uint8Array(2), 1, 2)).toThrow('expected 1 or 3 channels, got 2')
})

test('a .npy of bytes', () => {
  const file = Buffer.from(npy(Uint8Array.of(1, 2, 3, 4), [2, 2]))
  expect(file.toString('latin1')).toContain("'descr': '|u1', 'fortran_order': False, 'shape': (2, 2)")
  expect([...file.subarray(-4)]).toEqual([1, 2, 3, 4])
})
