import { describe, expect, test } from 'vitest'
import { CheckpointError } from '../../src/engine/errors.ts'
import { read, write } from '../../src/engine/tensor/safetensors.ts'

const file = (header: string | object, values = new Uint8Array(0)): Uint8Array => {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header))
  const bytes = new Uint8Array(8 + json.length + values.length)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true)
  bytes.set(json, 8)
  bytes.set(values, 8 + json.length)
  return bytes
}
const tensors = {
  weight: { shape: [2, 3], data: Float32Array.of(1, -2, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 1e-40) },
  'a.ü "name"': { shape: [], data: Float32Array.of(7) },
  empty: { shape: [0, 3], data: new Float32Array(0) },
}
const metadata = { step: '12', note: 'ü' }

test('what is written is read back, bit for bit, at any offset in memory', () => {
  const bytes = write({ tensors, metadata })
  const shifted = new Uint8Array(bytes.length + 3)
  shifted.set(bytes, 3)
  for (const given of [bytes, shifted.subarray(3)]) expect(read(given)).toEqual({ tensors, metadata })
})

test('the header is as the format says', () => {
  const bytes = write({ tensors: { w: { shape: [2], data: Float32Array.of(1, 2) } }, metadata: {} })
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true))
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)))
  expect(length % 8).toBe(0)
  expect(header).toEqual({ __metadata__: {}, w: { dtype: 'F32', shape: [2], data_offsets: [0, 8] } })
  expect([...new Float32Array(bytes.slice(8 + length).buffer)]).toEqual([1, 2])
})

test('values of another number than the shape holds are not written', () => {
  const w = { shape: [3], data: Float32Array.of(1) }
  expect(() => write({ tensors: { w }, metadata: {} })).toThrow(
    /^safetensors: w has 1 values for shape \[3\]/,
  )
})

describe('bad files', () => {
  const good = write({ tensors, metadata })
  const entry = { dtype: 'F32', shape: [2], data_offsets: [0, 8] }
  const huge = new Uint8Array(16).fill(255)
  test.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(0), /^w.st: only 0 bytes: not a safetensors file/],
    [
      'a header beyond the end',
      huge,
      /^w.st: the header claims \d+ bytes of a file of 16: truncated, or another format/,
    ],
    ['a truncated header', good.subarray(0, 40), /truncated, or another format/],
    ['truncated values', good.subarray(0, -4), /^w.st: truncated: a.ü "name" ends at byte 28 of 24/],
    [
      'another format',
      new TextEncoder().encode('PK\x03\x04 and so on, for a while'),
      /truncated, or another format/,
    ],
    ['no JSON', file('{"w": '), /^w.st: the header is not JSON: not a safetensors file/],
    ['a list', file('[1]'), /the header is not JSON/],
    [
      'half precision',
      file({ w: { ...entry, dtype: 'F16' } }),
      /^w.st: w has type F16; only F32 is supported/,
    ],
    ['no shape', file({ w: { dtype: 'F32', data_offsets: [0, 8] } }), /w has no shape or offsets/],
    ['a negative size', file({ w: { ...entry, shape: [-2] } }), /w has no shape or offsets/],
    ['an entry that is null', file({ w: null }), /w has type undefined/],
    [
      'offsets of another size',
      file({ w: { ...entry, data_offsets: [0, 12] } }, new Uint8Array(12)),
      /w of shape \[2\] has 12 bytes/,
    ],
    [
      'offsets beyond the end',
      file({ w: { ...entry, data_offsets: [4, 12] } }, new Uint8Array(8)),
      /truncated: w ends at byte 12 of 8/,
    ],
  ])('%s', (_, bytes, message) => {
    expect(() => read(bytes, 'w.st')).toThrow(CheckpointError)
    expect(() => read(bytes, 'w.st')).toThrow(message)
  })
})
