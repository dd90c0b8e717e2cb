// An animated PNG from PNG files: their compressed pixels stay as they are, each frame gets its place and time.
// https://www.w3.org/TR/png-3/#apng-frame-based-animation
import { type Chunk, chunksOf, SIGNATURE, words, written } from './png.ts'

/** Those of some PNG files that can be in one animation with the last whole one: whole, and of its size and kind of pixels. */
export function framesOf(files: readonly Uint8Array[]): Uint8Array[] {
  const whole = files.flatMap((file) => {
    const header = chunksOf(file)?.[0]
    return header ? [{ file, header }] : []
  })
  const last = whole.at(-1)
  return whole.flatMap(({ file, header }) => (last && areAlike(header, last.header) ? [file] : []))
}

const areAlike = (a: Chunk, b: Chunk): boolean => a.data.equals(b.data)

/**
 * Plays `frames`, PNG files, over and over, each shown for `ms`, the last for `lastMs`. Throws an Error if one is not whole or
 * they are not alike.
 */
export function apng(frames: readonly Uint8Array[], { ms, lastMs }: { ms: number; lastMs: number }): Buffer {
  const read = frames.map((frame) => {
    const chunks = chunksOf(frame)
    if (!chunks) throw new Error('a frame of the animation is no whole PNG file')
    return chunks
  })
  const [header] = read[0]
  if (!read.every(([first]) => areAlike(first, header)))
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
