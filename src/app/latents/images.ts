/** Images of latents, one by one. */
import { type Tensor, tensor } from '../../engine/index.ts'
import { joined, rowsOf } from '../../models/evaluation/latents.ts'
import { read } from '../../models/family.ts'
import type { ImageSize } from '../picture.ts'

/** The images [N, size, size, channels] that `make` makes. */
export async function images({ size, channels }: ImageSize, make: () => Tensor): Promise<Float32Array[]> {
  return rowsOf(await read(make), size * size * channels)
}

/** The images that `make` makes of latents. */
export const imagesOf = (
  image: ImageSize,
  make: (latents: Tensor) => Tensor,
  latents: readonly Float32Array[],
): Promise<Float32Array[]> =>
  images(image, () => make(tensor(joined(latents), [latents.length, latents[0].length])))
