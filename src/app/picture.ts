/** What a run has to show, as a picture: a grid of images, or points in their surroundings. */
import { type ImageField, isPoints } from '../models/data/fields.ts'
import { toyOf } from '../models/data/toys.ts'
import type { View } from '../models/family.ts'
import type { Snapshot } from '../models/training/trainer.ts'
import { sheetOf } from '../models/training/views.ts'
import { context } from './draw.ts'
import { drawLine, drawPlane } from './points.ts'

/** Images a side that stand for all of them. */
const CORNER = 3
/** Pixels of a picture of points. */
const PLANE = { width: 924, height: 960 }
const LINE = { width: 924, height: 560 }
/** Between images: a dark grey, opaque, in either byte order near enough. */
const GAP = 0xff383838

/** Height and width, and channels. */
export type ImageSize = Pick<ImageField, 'size' | 'channels'>

export interface Picture {
  canvas: OffscreenCanvas
  /** How many times as large it is best seen, with sharp pixels. */
  scale: number
  /** Side of the square in its corner that stands for it in small. */
  corner: number
}

/** A view's pictures: images in rows of `across`, or as many as its sheet has; points in their plane. */
export function drawSnapshot(view: View, { columns, plane }: Snapshot, across?: number): Picture {
  const { shows } = view
  if (isPoints(shows)) {
    if (!plane) throw new Error('points are drawn in their plane, which is missing')
    const toy = toyOf(shows.toy)
    const size = toy.dims === 1 ? LINE : PLANE
    const canvas = new OffscreenCanvas(size.width, size.height)
    const draw = toy.dims === 1 ? drawLine : drawPlane
    draw(context(canvas), size, toy, columns[0], plane)
    return { canvas, scale: 1, corner: Math.min(canvas.width, canvas.height) }
  }
  const side = across ?? (columns.length > 1 ? columns.length : sheetOf(view).columns)
  const canvas = tile(sideBySide(columns, shows), shows, side)
  return { canvas, scale: 4, corner: CORNER * (shows.size + 1) - 1 }
}

/** The images of each column [N, ...] in the order of their rows. */
function sideBySide(columns: readonly Float32Array[], { size, channels }: ImageField): Float32Array {
  if (columns.length === 1) return columns[0]
  const each = size * size * channels
  const count = columns[0].length / each
  const values = new Float32Array(columns.length * columns[0].length)
  for (let n = 0; n < count; n++)
    for (const [c, column] of columns.entries())
      values.set(column.subarray(n * each, (n + 1) * each), (n * columns.length + c) * each)
  return values
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
