/** Made-up IDX files. */

/** An IDX file of these dimensions, with made-up pixels. */
export function idx(
  dimensions: number[],
  { type = 8, length }: { type?: number; length?: number } = {},
): Uint8Array {
  const size = length ?? dimensions.reduce((a, b) => a * b, 1)
  const file = Buffer.alloc(4 + 4 * dimensions.length + size)
  file[2] = type
  file[3] = dimensions.length
  for (const [i, d] of dimensions.entries()) file.writeUInt32BE(d, 4 + 4 * i)
  for (let i = 0; i < size; i++) file[4 + 4 * dimensions.length + i] = (i * 37) % 256
  return file
}
