/** A - B + C of averaged latents, after figure 7 of DCGAN's paper (arXiv:1511.06434, section 6.3.2). */
import { randn, uniform } from '../../engine/index.ts'
import { meanOf, rowsOf } from '../../models/evaluation/latents.ts'
import { type Generator, read } from '../../models/family.ts'
import { CHUNK } from '../checkpoint.ts'
import type { ImageSize } from '../picture.ts'
import type { Cell, Sheet } from '../sheet.ts'
import { imagesOf } from './images.ts'

/** Places in the grid of samples of a seed, from 0: each operand is the mean of its latents. */
export interface Operands {
  a: readonly number[]
  b: readonly number[]
  c: readonly number[]
}

export const OPERANDS: Operands = { a: [0, 1, 2], b: [3, 4, 5], c: [6, 7, 8] }

/** Images around the result, and how far their latents may be from it: as in the figure. */
const AROUND = { count: 8, reach: 0.25 }

/** Operands with their means, and below them the result among images near to it. */
export async function arithmetic(G: Generator, image: ImageSize, operands: Operands): Promise<Sheet> {
  const latents = rowsOf(await read(() => randn([CHUNK, G.size])), G.size)
  const means: Float32Array[] = []
  const rows: Sheet['rows'][number][] = []
  const across = Math.max(...Object.values(operands).map((places) => places.length))
  for (const [name, places] of Object.entries(operands)) {
    const chosen = places.map((place: number) => latents[place])
    const mean = meanOf(chosen)
    const made = await imagesOf(image, G.images, [...chosen, mean])
    const spaces: Cell[] = Array(across - places.length + 1).fill(undefined)
    rows.push({
      label: `${name.toUpperCase()}: ${places.join(', ')}`,
      cells: [...made.slice(0, -1), ...spaces, made[made.length - 1]],
    })
    means.push(mean)
  }
  const result = means[0].map((x, i) => x - means[1][i] + means[2][i])
  const noise = await read(() => uniform([AROUND.count, G.size], { min: -AROUND.reach, max: AROUND.reach }))
  const around = rowsOf(noise, G.size).map((step) => step.map((x, i) => x + result[i]))
  const [made, ...near] = await imagesOf(image, G.images, [result, ...around])
  rows.push({ label: 'A − B + C', cells: [made, undefined, ...near] })
  const columns = ['of each', ...Array(across).fill('')]
  return { columns: [...columns, 'mean'], rows }
}
