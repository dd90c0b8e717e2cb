// PNG files: https://www.w3.org/TR/png-3/
import { crc32, deflateSync } from 'node:zlib'

export const SIGNATURE = Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')

export interface Chunk {
  type: string
  data: Buffer
}

export function written({ type, data }: Chunk): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  return Buffer.concat([words(data.length), body, words(crc32(body))])
}

/** The chunks of a PNG file; undefined when it is none, or not whole. */
export function chunksOf(file: Uint8Array): Chunk[] | undefined {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  if (!bytes.subarray(0, SIGNATURE.length).equals(SIGNATURE)) return undefined
  const chunks: Chunk[] = []
  for (let at = SIGNATURE.length; at < bytes.length; ) {
    if (at + 12 > bytes.length) return undefined
    const end = at + 12 + bytes.readUInt32BE(at)
    if (end > bytes.length || bytes.readUInt32BE(end - 4) !== crc32(bytes.subarray(at + 4, end - 4)))
      return undefined
    chunks.push({ type: bytes.toString('latin1', at + 4, at + 8), data: bytes.subarray(at + 8, end - 4) })
    at = end
  }
  return chunks[0]?.type === 'IHDR' && chunks.at(-1)?.type === 'IEND' ? chunks : undefined
}

export function words(...values: number[]): Buffer {
  const buffer = Buffer.alloc(4 * values.length)
  values.forEach((value, i) => {
    buffer.writeUInt32BE(value, 4 * i)
  })
  return buffer
}

const COLOUR_TYPES: Record<number, number> = { 1: 0, 3: 2 }

/** Bytes [size, size, channels], grey or colour, as a PNG file. Throws RangeError for other channels. */
export function png(pixels: Uint8Array, size: number, channels: number): Buffer {
  const colours = COLOUR_TYPES[channels]
  if (colours === undefined) throw new RangeError(`png: expected 1 or 3 channels, got ${channels}`)
  const line = size * channels
  const lines = Buffer.alloc(size * (1 + line)) // each begins with its filter: 0, none
  for (let y = 0; y < size; y++) lines.set(pixels.subarray(y * line, (y + 1) * line), y * (1 + line) + 1)
  const header = Buffer.concat([words(size, size), Buffer.from([8, colours, 0, 0, 0])])
  const chunks = [
    { type: 'IHDR', data: header },
    { type: 'IDAT', data: deflateSync(lines) },
    { type: 'IEND', data: Buffer.alloc(0) },
  ]
  return Buffer.concat([SIGNATURE, ...chunks.map(written)])
}
