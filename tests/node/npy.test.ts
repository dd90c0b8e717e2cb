import { expect, test } from 'vitest'
import { npy, readNpy } from '../../scripts/npy.ts'

/** Copied, so that they are aligned. */
const floats = (bytes: Uint8Array) => new Float32Array(new Uint8Array(bytes).buffer)

test.each([
  [[6], '(6,)'],
  [[1, 2, 3], '(1, 2, 3)'],
])('writes NumPy format 1.0 of shape %j', (shape, tuple) => {
  const values = new Float32Array([0, -1, 2.5, Number.NaN, 1e-40, 3e38])
  const file = npy(values, shape)
  expect([...file.subarray(0, 8)]).toEqual([0x93, ...Buffer.from('NUMPY'), 1, 0])
  const length = file[8] + 256 * file[9]
  expect((10 + length) % 64).toBe(0)
  const header = Buffer.from(file.subarray(10, 10 + length)).toString('latin1')
  expect(header).toMatch(/ *\n$/)
  expect(header.trim()).toBe(`{'descr': '<f4', 'fortran_order': False, 'shape': ${tuple}, }`)
  expect([...floats(file.subarray(10 + length))]).toEqual([...values])
})

test('writes only the part of a buffer that the values are', () => {
  const file = npy(new Float32Array([1, 2, 3, 4]).subarray(1, 3), [2])
  expect([...floats(file.subarray(-8))]).toEqual([2, 3])
})

test('reads back bytes, as NumPy writes them, too', () => {
  const file = npy(Uint8Array.of(1, 2, 3, 4, 5, 6), [1, 2, 3])
  expect(readNpy(file, 'a.npy')).toEqual({ shape: [1, 2, 3], values: Uint8Array.of(1, 2, 3, 4, 5, 6) })
  // A part of a larger buffer, as Node's small files are; one size has a comma behind it.
  const inside = new Uint8Array([0, 0, 0, ...npy(Uint8Array.of(7, 8), [2])]).subarray(3)
  expect(readNpy(inside, 'b.npy')).toEqual({ shape: [2], values: Uint8Array.of(7, 8) })
})

test('what it cannot read is named with what was expected', () => {
  const bytes = npy(Uint8Array.of(1, 2, 3), [3])
  const fails = (file: Uint8Array, message: string | RegExp) =>
    expect(() => readNpy(file, 'x.npy')).toThrow(message)
  fails(Buffer.from('PK\x03\x04'), 'x.npy: expected a NumPy .npy file, format 1.0, got one that begins with')
  fails(bytes.subarray(0, 9), 'x.npy: expected a header, got the end of the file')
  fails(bytes.subarray(0, -1), 'x.npy: expected 3 bytes for the shape [3], got 2')
  fails(npy(new Float32Array(2), [2]), /expected bytes \('\|u1'\), row-major, got "\{'descr': '<f4'/)
})

/** 12 bytes under a header of one's own. */
function withHeader(header: string): Uint8Array {
  const length = Buffer.from([header.length & 255, header.length >> 8])
  return Buffer.concat([
    Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
    length,
    Buffer.from(header, 'latin1'),
    new Uint8Array(12),
  ])
}
const headerOf = (shape: string) => `{'descr': '|u1', 'fortran_order': False, 'shape': ${shape}, }\n`

test.each(['(-3, -4)', '(1e1, 1.2)', '(0x3, 4)', '(3,,4)', '(3 4)', '(12)', '(,)', '(3, 4x)', '3, 4'])(
  'the shape %s is none',
  (shape) => {
    expect(() => readNpy(withHeader(headerOf(shape)), 'x.npy')).toThrow(
      "x.npy: expected bytes ('|u1'), row-major",
    )
  },
)

test('shapes as NumPy writes them', () => {
  for (const shape of ['(12,)', '(3, 4)', '(3, 4, 1)', '(3,4)', '(2, 6,)'])
    expect(readNpy(withHeader(headerOf(shape)), 'x.npy').values).toHaveLength(12)
  expect(() => readNpy(withHeader(headerOf('()')), 'x.npy')).toThrow(
    'expected 1 bytes for the shape [], got 12',
  )
  expect(() => readNpy(withHeader(headerOf('(999999999999999999999999,)')), 'x.npy')).toThrow('got 12')
})

test('a header full of line breaks is said in one line, and not all of it', () => {
  const message = /^x\.npy: expected bytes \('\|u1'\), row-major, got ".{100,700}"$/
  expect(() => readNpy(withHeader(`{\n${'\u0007\n'.repeat(5000)}`), 'x.npy')).toThrow(message)
})
