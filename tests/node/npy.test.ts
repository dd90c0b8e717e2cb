import { expect, test } from 'vitest'
import { npy } from '../../scripts/npy.ts'

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
