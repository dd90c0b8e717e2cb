/** Gets IDX files to the worker, from a server or from the user, and unpacks them. */
import { DataError } from '../engine/index.ts'
import type { DataSet } from '../models/data/dataSet.ts'
import { IDX_HEADER, idxLength } from '../models/data/idx.ts'
import { openDataSet } from '../models/data/open.ts'
import type { Source } from './protocol.ts'
import { IMAGES } from './state.ts'

/** Images, with labels where there are some. Throws DataError when a file cannot be had, or is not what it should be. */
export async function loadImages(
  source: Source,
  onProgress: (received: number, total: number) => void,
): Promise<DataSet> {
  const [name, packed] =
    'file' in source
      ? [source.name, new Uint8Array(source.file)]
      : [source.url.split('/').at(-1) ?? '', await download(source.url, onProgress)]
  const labels =
    'labels' in source && source.labels
      ? await unpack(await download(source.labels, () => {}), 'labels')
      : undefined
  return openDataSet({ name: IMAGES, images: name }, { images: await unpack(packed, name), labels })
}

async function download(url: string, onProgress: (received: number, total: number) => void) {
  const response = await fetch(url).catch((error) => {
    throw new DataError(`${url} could not be loaded: ${error.message}`)
  })
  if (!response.ok || !response.body) throw new DataError(`${url} could not be loaded: ${response.status}`)
  // A length of packed bytes says nothing of those that arrive here unpacked.
  const { headers } = response
  const total = headers.has('Content-Encoding') ? 0 : Number(headers.get('Content-Length') ?? 0)
  let received = 0
  const counted = response.body.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        received += chunk.length
        onProgress(received, total)
        controller.enqueue(chunk)
      },
    }),
  )
  return new Uint8Array(await new Response(counted).arrayBuffer())
}

/** Some servers unpack .gz files on the way: look at the file, not at its name. No further than its header says. */
async function unpack(file: Uint8Array<ArrayBuffer>, name: string): Promise<Uint8Array> {
  if (file[0] !== 0x1f || file[1] !== 0x8b) return file
  const head = new Uint8Array(IDX_HEADER)
  let received = 0
  let refused: unknown // Response says of every error that it failed to fetch
  const check = (chunk: Uint8Array): void => {
    head.set(chunk.subarray(0, Math.max(0, IDX_HEADER - received)), Math.min(received, IDX_HEADER))
    received += chunk.length
    if (received >= IDX_HEADER && received > idxLength(head, name))
      throw new DataError(`${name}: unpacks to more than its header says`)
  }
  const bounded = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    transform(chunk, controller) {
      try {
        check(chunk)
      } catch (error) {
        refused = error
        throw error
      }
      controller.enqueue(chunk)
    },
  })
  const unpacked = new Blob([file]).stream().pipeThrough(new DecompressionStream('gzip')).pipeThrough(bounded)
  try {
    return new Uint8Array(await new Response(unpacked).arrayBuffer())
  } catch {
    throw refused ?? new DataError(`${name}: is a gzip file, but damaged or truncated`)
  }
}
