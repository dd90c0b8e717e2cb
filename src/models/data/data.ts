/** Data sets: images in the IDX format, toy distributions, and minibatches of either drawn on the GPU. */
import {
  add,
  type ByteTable,
  byteTable,
  DataError,
  gather,
  gatherBytes,
  mul,
  permute,
  randn,
  randomIntegers,
  reshape,
  scope,
  type Tensor,
  tensor,
} from '../../engine/index.ts'
import type { ImageSize, SampleSize } from '../model.ts'
import { pointSize, type Toy, type ToyName, toyOf } from './toys.ts'

/** What a run learns from, as far as a checkpoint needs to know: images of a size, stacked or not, or a toy distribution. */
export type DataKind = (ImageSize & { stacked?: true }) | { toy: ToyName }

/** Channels of a stacked image, each a grey image of its own. */
export const STACKED = 3

export const isToy = (kind: DataKind | Data): kind is { toy: ToyName } => 'toy' in kind

export const sampleSize = (kind: DataKind): SampleSize =>
  isToy(kind) ? pointSize(toyOf(kind.toy)) : { size: kind.size, channels: kind.channels }

/**
 * Colour images whose channels are three grey images drawn at random, one by one: of ten digits, a thousand modes (Metz et
 * al. 2016, arXiv:1611.02163).
 */
export interface Stack {
  stack: Images
}

/** What a run learns from: images, images stacked, or a toy distribution. */
export type Data = Images | Stack | { toy: ToyName }

export const isStack = (data: Data): data is Stack => 'stack' in data

export function kindOf(data: Data): DataKind {
  if (isToy(data)) return { toy: data.toy }
  if (isStack(data)) return { size: data.stack.size, channels: STACKED, stacked: true }
  return { size: data.size, channels: data.channels }
}

/** The same images, each sample of `STACKED` of them. Throws DataError unless they are grey. */
export function stack(images: Images): Stack {
  if (images.channels !== 1)
    throw new DataError(
      `${images.name}: only grey images can be stacked, these have ${images.channels} channels`,
    )
  return { stack: images }
}

/** A data set on the GPU. */
export interface Table {
  /** `count` samples drawn with replacement: images in [-1, 1], or points. */
  batch(count: number): Tensor
  dispose(): void
}

export function tableOf(data: Data): Table {
  if (isToy(data)) return new ToyTable(toyOf(data.toy))
  return isStack(data) ? new StackTable(data.stack) : new ImageTable(data)
}

/** Images as bytes, [count, size, size, channels]. */
export interface Images extends ImageSize {
  /** Where they came from, for messages. */
  name: string
  count: number
  bytes: Uint8Array
}

const IDX_UNSIGNED_BYTE = 8
/** Bytes of the longest header that images can have. */
export const IDX_HEADER = 20
/** More than this is held by no array that files are read into. */
const IDX_LARGEST = 2 ** 31 - 1

/** What the header of an IDX file says of its images, and how long that makes the file. */
interface IdxHeader extends ImageSize {
  count: number
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

/** Images looked at to tell how much they vary. */
const LOOKED_AT = 256

/** Standard deviation over the samples, averaged over their values: how much the data vary. */
export function spreadOf(data: Data): number {
  if (isToy(data)) {
    const { centres, std } = toyOf(data.toy)
    const between = spread(Float32Array.from(centres.flat()), centres.length)
    return Math.hypot(between, std)
  }
  const images = isStack(data) ? data.stack : data
  const count = Math.min(images.count, LOOKED_AT)
  const values = (images.bytes.length / images.count) * count
  return spread(Float32Array.from(images.bytes.subarray(0, values)), count) * (2 / 255)
}

/** Standard deviation over `count` samples, averaged over their values. */
export function spread(samples: Float32Array, count: number): number {
  const values = samples.length / count
  let total = 0
  for (let i = 0; i < values; i++) {
    let [sum, squares] = [0, 0]
    for (let n = 0; n < count; n++) {
      const x = samples[n * values + i]
      sum += x
      squares += x * x
    }
    total += Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2))
  }
  return total / values
}

/** Images on the GPU, as bytes. */
export class ImageTable implements Table {
  private readonly table: ByteTable

  constructor({ bytes, size, channels }: Images) {
    this.table = byteTable(bytes, [size, size, channels])
  }

  dispose(): void {
    this.table.storage.dispose()
  }

  batch(count: number): Tensor {
    return scope(() => this.at(randomIntegers([count], this.table.count)))
  }

  /** The images at `indices` [n]: [n, size, size, channels]. */
  at(indices: Tensor): Tensor {
    return gatherBytes(this.table, indices, { scale: 2 / 255, shift: -1 })
  }
}

/** Grey images on the GPU, of which each sample is made anew. */
export class StackTable implements Table {
  private readonly images: ImageTable

  constructor(images: Images) {
    this.images = new ImageTable(images)
  }

  dispose(): void {
    this.images.dispose()
  }

  batch(count: number): Tensor {
    return scope(() => {
      const drawn = this.images.batch(count * STACKED)
      const [, size] = drawn.shape
      return permute(reshape(drawn, [count, STACKED, size, size]), [0, 2, 3, 1]) // [N,H,W,3]
    })
  }
}

/** A toy distribution, each point drawn anew: a centre, and a normal step away from it. */
export class ToyTable implements Table {
  private readonly centres: Tensor

  constructor(private readonly toy: Toy) {
    this.centres = tensor(toy.centres.map((centre) => [...centre]))
  }

  dispose(): void {
    this.centres.dispose()
  }

  batch(count: number): Tensor {
    const { centres, dims, std } = this.toy
    return scope(() =>
      add(gather(this.centres, randomIntegers([count], centres.length)), mul(randn([count, dims]), std)),
    )
  }
}
