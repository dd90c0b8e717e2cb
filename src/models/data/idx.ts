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

/** Bytes of the longest header that images can have. */
export const IDX_HEADER = 20
/** More than this is held by no array that files are read into. */
const IDX_LARGEST = 2 ** 31 - 1

/** What the header of an IDX file says of its images, and how long that makes the file. */
interface IdxHeader {
  count: number
  /** Height and width. */
  size: number
  channels: number
  /** Bytes of the header, and of the whole file. */
  begin: number
  length: number
}

/**
 * Reads the header of an IDX file of square images: two zero bytes, the type (8: unsigned byte), the number of dimensions
 * (3, or 4 with channels), each dimension as four bytes (big endian). `head` are the first bytes, IDX_HEADER of them if
 * there are as many. Throws DataError naming the file and what is wrong with it.
 */
export function parseIdxHeader(head: Uint8Array, name: string): IdxHeader {
  const fail = failing(name)
  if (head.length < 4 || head[0] !== 0 || head[1] !== 0) {
    const start = [...head.subarray(0, 4)].map((b) => b.toString(16).padStart(2, '0')).join(' ')
    if (head[0] === 0x1f && head[1] === 0x8b) fail('is compressed (gzip); unpack it first')
    fail(`is not an IDX file: it begins with ${start || 'nothing'}, expected 00 00 08 03`)
  }
  if (head[2] !== IDX_UNSIGNED_BYTE) fail(`holds values of type ${head[2]}, expected 8 (unsigned bytes)`)
  const rank = head[3]
  if (rank !== 3 && rank !== 4)
    fail(
      `has ${rank} dimension${rank === 1 ? ', so labels perhaps' : 's'}; expected images: [count, height, width] or with channels`,
    )
  const begin = 4 + 4 * rank
  if (head.length < begin) fail(`is truncated: ${head.length} bytes, its header alone takes ${begin}`)
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength)
  const [count, height, width, channels = 1] = Array.from({ length: rank }, (_, d) =>
    view.getUint32(4 + 4 * d),
  )
  if (count === 0) fail('holds no images')
  if (channels !== 1 && channels !== 3)
    fail(`holds images of ${channels} channels, expected 1 (grey) or 3 (colour)`)
  if (height !== width) fail(`holds images of ${height}x${width}; only square ones are supported`)
  if (height === 0) fail('holds images of 0x0, without a pixel')
  const length = begin + count * height * width * channels
  if (length > IDX_LARGEST)
    fail(`holds ${gigabytes(length)} by its header, at most ${gigabytes(IDX_LARGEST)} can be read`)
  return { count, size: height, channels, begin, length }
}

/** Reads an IDX file: its header (see parseIdxHeader), then the values, row-major. Throws DataError as that does. */
export function parseIdx(file: Uint8Array, name: string): Images {
  const { count, size, channels, begin, length } = parseIdxHeader(file.subarray(0, IDX_HEADER), name)
  if (file.length !== length)
    failing(name)(
      `is ${file.length < length ? 'truncated' : 'too long'}: ${file.length} bytes, but ${count} images of ${size}x${size}x${channels} make ${length}`,
    )
  return { name, count, size, channels, bytes: file.subarray(begin) }
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(1)} GB`

const failing =
  (name: string) =>
  (message: string): never => {
    throw new DataError(`${name}: ${message}`)
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

/** How long an IDX file of images or labels is by its header, of which `head` are the first bytes. Throws DataError as its reader does. */
export function idxLength(head: Uint8Array, name: string): number {
  if (head[3] !== 1) return parseIdxHeader(head, name).length
  const count = new DataView(head.buffer, head.byteOffset, head.byteLength).getUint32(4)
  return 8 + count
}
