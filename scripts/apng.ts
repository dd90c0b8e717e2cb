// An animated PNG from PNG files: their compressed pixels stay as they are, each frame gets its place and time.
// https://www.w3.org/TR/png-3/#apng-frame-based-animation
import { type Chunk, SIGNATURE, words, written } from './png.ts'

/** Plays `frames` over and over, each shown for `ms`, the last for `lastMs`. Throws an Error if they are not alike. */
export function apng(frames: readonly Uint8Array[], { ms, lastMs }: { ms: number; lastMs: number }): Buffer {
  const read = frames.map((frame) => chunksOf(Buffer.from(frame)))
  const [header] = read[0]
  if (!read.every(([first]) => first.data.equals(header.data)))
    throw new Error('the frames of an animation need the same size and kind of pixels')
  let sequence = 0
  const chunks = [header, { type: 'acTL', data: words(frames.length, 0) }]
  read.forEach((frame, i) => {
    const time = Buffer.alloc(6)
    time.writeUInt16BE(i === frames.length - 1 ? lastMs : ms, 0)
    time.writeUInt16BE(1000, 2)
    const size = header.data.subarray(0, 8)
    chunks.push({ type: 'fcTL', data: Buffer.concat([words(sequence++), size, words(0, 0), time]) })
    for (const { type, data } of frame) {
      if (type !== 'IDAT') continue
      chunks.push(i === 0 ? { type, data } : { type: 'fdAT', data: Buffer.concat([words(sequence++), data]) })
    }
  })
  chunks.push({ type: 'IEND', data: Buffer.alloc(0) })
  return Buffer.concat([SIGNATURE, ...chunks.map(written)])
}

function chunksOf(file: Buffer): Chunk[] {
  const chunks: Chunk[] = []
  for (let at = SIGNATURE.length; at < file.length; ) {
    const length = file.readUInt32BE(at)
    chunks.push({
      type: file.toString('latin1', at + 4, at + 8),
      data: file.subarray(at + 8, at + 8 + length),
    })
    at += length + 12
  }
  return chunks
}
