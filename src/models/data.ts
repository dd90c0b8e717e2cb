/** Data sets of images: the IDX format, and minibatches drawn on the GPU. */
import {
  type ByteTable,
  byteTable,
  DataError,
  gatherBytes,
  randomIntegers,
  scope,
  type Tensor,
} from '../engine/index.ts'
import type { ImageSize } from './model.ts'

/** Images as bytes, [count, size, size, channels]. */
export interface Images extends ImageSize {
  /** Where they came from, for messages. */
  name: string
  count: number
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

/** A data set on the GPU, as bytes. */
export class ImageTable {
  private readonly table: ByteTable

  constructor({ bytes, size, channels }: Images) {
    this.table = byteTable(bytes, [size, size, channels])
  }

  dispose(): void {
    this.table.storage.dispose()
  }

  /** `count` images drawn with replacement, in [-1, 1]. */
  batch(count: number): Tensor {
    return scope(() =>
      gatherBytes(this.table, randomIntegers([count], this.table.count), { scale: 2 / 255, shift: -1 }),
    )
  }
}

/** Pixels ready to draw, RGBA. */
export interface Picture {
  width: number
  height: number
  rgba: Uint8ClampedArray<ArrayBuffer>
}

/** Colour between the images: a dark grey, opaque, in either byte order near enough. */
const GAP = 0xff383838

/** Images [n, size, size, channels] in [-1, 1] side by side, `columns` to a row, with a pixel between them. */
export function tile(values: Float32Array, { size, channels }: ImageSize, columns: number): Picture {
  const pixels = size * size
  const count = values.length / (pixels * channels)
  const rows = Math.ceil(count / columns)
  const [width, height] = [columns * (size + 1) - 1, rows * (size + 1) - 1]
  const rgba = new Uint8ClampedArray(width * height * 4)
  new Uint32Array(rgba.buffer).fill(GAP)
  for (let n = 0; n < count; n++) {
    const [left, top] = [(n % columns) * (size + 1), Math.floor(n / columns) * (size + 1)]
    for (let p = 0; p < pixels; p++) {
      const to = ((top + Math.floor(p / size)) * width + left + (p % size)) * 4
      for (let c = 0; c < 3; c++)
        rgba[to + c] = (values[(n * pixels + p) * channels + Math.min(c, channels - 1)] + 1) * 127.5
      rgba[to + 3] = 255
    }
  }
  return { width, height, rgba }
}
