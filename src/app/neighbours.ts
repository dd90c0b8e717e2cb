/** Samples, each beside the training images nearest to it: what was learned by heart would show. */
import type { Rows } from '../models/evaluation/metrics/rows.ts'
import type { ImageSize } from './picture.ts'
import { type Cell, drawSheet } from './sheet.ts'

/** Samples, and neighbours of each by each distance. */
export const SHOWN = { samples: 10, neighbours: 5 }

/** Places in `real` of each sample's neighbours, the nearest first. */
interface Neighbours {
  pixels: readonly (readonly number[])[]
  features: readonly (readonly number[])[]
}

export function drawNeighbours(
  image: ImageSize,
  samples: Rows,
  real: Rows,
  { pixels, features }: Neighbours,
): OffscreenCanvas {
  const row = ({ values, size }: Rows, i: number): Cell => values.slice(i * size, (i + 1) * size)
  const rows = pixels.map((_, i) => ({
    label: `sample ${i + 1}`,
    cells: [
      row(samples, i),
      undefined,
      ...pixels[i].map((at) => row(real, at)),
      undefined,
      ...features[i].map((at) => row(real, at)),
    ],
  }))
  const across = (words: string): string[] => [words, ...Array(SHOWN.neighbours - 1).fill('')]
  const columns = ['sample', '', ...across('nearest by pixels'), '', ...across('nearest by features')]
  return drawSheet({ columns, rows }, image)
}
