/** Images on a canvas whose size is a power of two. */
import { add, DataError, pad, slice, type Tensor } from '../../engine/index.ts'
import type { ImageField } from '../data/fields.ts'

/**
 * Some networks work on a canvas whose size is a power of two. Images of another size are centred on it, -1 (the
 * background) around them, for D to see; of what G makes, the frame is cut off again.
 */
export class Canvas {
  readonly size: number
  private readonly image: ImageField
  /** Throws DataError, naming the `model`, for images too small. */
  constructor(image: ImageField, model: string) {
    if (image.size < 5)
      throw new DataError(`${model} starts from 4x4 pixels: the size must be at least 5, got ${image.size}`)
    this.image = image
    this.size = 2 ** Math.ceil(Math.log2(image.size))
  }
  private get frame(): [number, number] {
    const rest = this.size - this.image.size
    return [Math.floor(rest / 2), Math.ceil(rest / 2)]
  }
  put(images: Tensor): Tensor {
    if (this.size === this.image.size) return images
    const padding = [[0, 0], this.frame, this.frame, [0, 0]] as const
    return add(pad(add(images, 1), { padding }), -1)
  }
  cut(canvas: Tensor): Tensor {
    if (this.size === this.image.size) return canvas
    const [from, to] = [this.frame[0], this.frame[0] + this.image.size]
    return slice(canvas, { start: [0, from, from], end: [canvas.shape[0], to, to] })
  }
}
