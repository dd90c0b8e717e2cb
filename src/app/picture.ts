/** What a run has to show, as a picture: a grid of images, or points in their surroundings. */
import { type DataKind, isToy } from '../models/data/data.ts'
import { toyOf } from '../models/data/toys.ts'
import type { ImageSize } from '../models/model.ts'
import type { Snapshot } from '../models/training/trainer.ts'
import { context } from './draw.ts'
import { drawLine, drawPlane } from './points.ts'

/** Images of a row, of those that every run shows. */
export const COLUMNS = 8
/** Images a side that stand for all of them. */
const CORNER = 3
/** Pixels of a picture of points. */
const PLANE = { width: 924, height: 960 }
const LINE = { width: 924, height: 560 }
/** Between images: a dark grey, opaque, in either byte order near enough. */
const GAP = 0xff383838

export interface Picture {
  canvas: OffscreenCanvas
  /** How many times as large it is best seen, with sharp pixels. */
  scale: number
  /** Side of the square in its corner that stands for it in small. */
  corner: number
}

export function drawSnapshot(kind: DataKind, { samples, plane }: Snapshot, columns = COLUMNS): Picture {
  if (!isToy(kind))
    return { canvas: tile(samples, kind, columns), scale: 4, corner: CORNER * (kind.size + 1) - 1 }
  if (!plane) throw new Error('points are drawn in their plane, which is missing')
  const toy = toyOf(kind.toy)
  const size = toy.dims === 1 ? LINE : PLANE
  const canvas = new OffscreenCanvas(size.width, size.height)
  const draw = toy.dims === 1 ? drawLine : drawPlane
  draw(context(canvas), size, toy, samples, plane)
  return { canvas, scale: 1, corner: Math.min(canvas.width, canvas.height) }
}

/** The picture as a PNG file. */
export async function toPng({ canvas, scale }: Picture): Promise<Blob> {
  const { width, height } = canvas
  const enlarged = new OffscreenCanvas(width * scale, height * scale)
  const ctx = context(enlarged)
  ctx.imageSmoothingEnabled = false
  ctx.drawImage(canvas, 0, 0, enlarged.width, enlarged.height)
  return enlarged.convertToBlob({ type: 'image/png' })
}

/** Images [n, size, size, channels] in [-1, 1] side by side, `columns` to a row, with a pixel between them. */
export function tile(values: Float32Array, { size, channels }: ImageSize, columns: number): OffscreenCanvas {
  const pixels = size * size
  const count = values.length / (pixels * channels)
  const rows = Math.ceil(count / columns)
  const [width, height] = [columns * (size + 1) - 1, rows * (size + 1) - 1]
  const rgba = new Uint8ClampedArray(width * height * 4)
  new Uint32Array(rgba.buffer).fill(GAP)
  for (let n = 0; n < count; n++) {
    const [left, top] = [(n % columns) * (size + 1), Math.floor(n / columns) * (size + 1)]
    for (let p = 0; p < pixels; p++) {
      const to = ((top + Math.floor(p / size)) * width + left + (p % size)) * 4
      for (let c = 0; c < 3; c++)
        rgba[to + c] = (values[(n * pixels + p) * channels + Math.min(c, channels - 1)] + 1) * 127.5
      rgba[to + 3] = 255
    }
  }
  const canvas = new OffscreenCanvas(width, height)
  context(canvas).putImageData(new ImageData(rgba, width, height), 0, 0)
  return canvas
}
