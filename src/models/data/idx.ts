/** Reads the IDX format of images and labels (LeCun et al.). Pure. */
import { DataError } from '../../engine/index.ts'

/** Images as bytes, [count, size, size, channels]. */
export interface Images {
  /** Where they came from, for messages. */
  name: string
  count: number
  /** Height and width. */
  size: number
  channels: number
  bytes: Uint8Array
}

const IDX_UNSIGNED_BYTE = 8

/**
 * Reads an IDX file of square images: two zero bytes, the type (8: unsigned byte), the number of dimensions (3, or 4
 * with channels), each dimension as four bytes (big endian), then the values, row-major.
 * Throws DataError naming the file and what is wrong with it.
 */
export function parseIdx(file: Uint8Array, name: string): Images {
  const fail = (message: string): never => {
    throw new DataError(`${name}: ${message}`)
  }
  if (file.length < 4 || file[0] !== 0 || file[1] !== 0) {
    const start = [...file.subarray(0, 4)].map((b) => b.toString(16).padStart(2, '0')).join(' ')
    if (file[0] === 0x1f && file[1] === 0x8b) fail('is compressed (gzip); unpack it first')
    fail(`is not an IDX file: it begins with ${start || 'nothing'}, expected 00 00 08 03`)
  }
  if (file[2] !== IDX_UNSIGNED_BYTE) fail(`holds values of type ${file[2]}, expected 8 (unsigned bytes)`)
  const rank = file[3]
  if (rank !== 3 && rank !== 4)
    fail(
      `has ${rank} dimension${rank === 1 ? ', so labels perhaps' : 's'}; expected images: [count, height, width] or with channels`,
    )
  const header = 4 + 4 * rank
  if (file.length < header) fail(`is truncated: ${file.length} bytes, its header alone takes ${header}`)
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const [count, height, width, channels = 1] = Array.from({ length: rank }, (_, d) =>
    view.getUint32(4 + 4 * d),
  )
  if (count === 0) fail('holds no images')
  if (channels !== 1 && channels !== 3)
    fail(`holds images of ${channels} channels, expected 1 (grey) or 3 (colour)`)
  if (height !== width) fail(`holds images of ${height}x${width}; only square ones are supported`)
  const expected = header + count * height * width * channels
  if (file.length !== expected)
    fail(
      `is ${file.length < expected ? 'truncated' : 'too long'}: ${file.length} bytes, but ${count} images of ${height}x${width}x${channels} make ${expected}`,
    )
  return { name, count, size: height, channels, bytes: file.subarray(header) }
}

/**
 * Reads an IDX file of labels: two zero bytes, the type (8), one dimension, the number of labels, then a byte each. Throws
 * DataError naming the file and what is wrong with it.
 */
export function parseLabels(file: Uint8Array, name: string): Uint8Array {
  const HEADER = 8
  if (file.length < HEADER || file[0] || file[1] || file[2] !== IDX_UNSIGNED_BYTE || file[3] !== 1)
    throw new DataError(`${name}: is not an IDX file of labels: expected it to begin with 00 00 08 01`)
  const count = new DataView(file.buffer, file.byteOffset).getUint32(4)
  if (file.length !== HEADER + count)
    throw new DataError(`${name}: holds ${file.length - HEADER} labels, its header says ${count}`)
  return file.subarray(HEADER)
}
