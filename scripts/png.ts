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
