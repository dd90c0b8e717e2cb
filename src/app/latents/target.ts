/** The target of an inversion. */
import { DataError } from '../../engine/index.ts'
import { context } from '../draw.ts'
import type { ImageSize } from '../picture.ts'

/**
 * A picture of any size as values in [-1, 1], brought to that of the model's images; of one channel, its mean brightness.
 * Throws DataError when it cannot be read, calling it `name`.
 */
export async function pixelsOf(
  file: Blob,
  { size, channels }: ImageSize,
  name = 'the target',
): Promise<Float32Array> {
  const picture = await createImageBitmap(file).catch(() => {
    throw new DataError(`${name} is no picture that can be read`)
  })
  const ctx = context(new OffscreenCanvas(size, size))
  ctx.fillStyle = 'black'
  ctx.fillRect(0, 0, size, size)
  ctx.imageSmoothingQuality = 'high'
  ctx.drawImage(picture, 0, 0, size, size)
  const { data } = ctx.getImageData(0, 0, size, size)
  return Float32Array.from({ length: size * size * channels }, (_, i) => {
    const [pixel, channel] = [Math.floor(i / channels), i % channels]
    const [r, g, b] = data.subarray(4 * pixel, 4 * pixel + 3)
    return (channels === 1 ? (r + g + b) / 3 : [r, g, b][channel]) * (2 / 255) - 1
  })
}
