/** From one latent to another, step by step: as a sheet, and as frames of an animation. */
import { randn, type Tensor, tensor } from '../../engine/index.ts'
import { joined, lerp, rowsOf, slerp } from '../../models/evaluation/latents.ts'
import { type Generator, read, type Styles } from '../../models/family.ts'
import { type ImageSize, tile } from '../picture.ts'
import type { Sheet } from '../sheet.ts'
import { imagesOf } from './images.ts'

const PAIRS = 3
const COLUMNS = 11

/** Of each pair of latents: the line and the arc in z, and for a model that has styles the line in w. */
export async function interpolate(
  G: Generator,
  styles: Styles | undefined,
  image: ImageSize,
): Promise<Sheet> {
  const drawn = rowsOf(await read(() => randn([2 * PAIRS, G.size])), G.size)
  const ways = [
    { name: 'z, linear', way: lerp, ends: drawn, make: G.images },
    { name: 'z, spherical', way: slerp, ends: drawn, make: G.images },
  ]
  if (styles) {
    const ends = rowsOf(await read(() => styles.of(tensor(joined(drawn), [drawn.length, G.size]))), G.size)
    ways.push({ name: 'w, linear', way: lerp, ends, make: (w: Tensor) => styles.images(w) })
  }
  const along = Array.from({ length: COLUMNS }, (_, i) => i / (COLUMNS - 1))
  const rows: Sheet['rows'][number][] = []
  for (let pair = 0; pair < PAIRS; pair++)
    for (const { name, way, ends, make } of ways) {
      const [a, b] = ends.slice(2 * pair, 2 * pair + 2)
      const cells = await imagesOf(
        image,
        make,
        along.map((t) => way(a, b, t)),
      )
      rows.push({ label: name, cells })
    }
  return { columns: along.map((t) => `t = ${t}`), rows }
}

/** Samples of a frame, a side; places that each passes; frames from one to the next. */
const WALK = { side: 4, stops: 5, between: 12 }
export const WALK_FRAMES = WALK.stops * WALK.between

/** Frames of samples that walk along arcs in z from place to place, and back to the first. */
export async function* walk(G: Generator, image: ImageSize): AsyncGenerator<OffscreenCanvas> {
  const count = WALK.side ** 2
  const values = await read(() => randn([WALK.stops * count, G.size]))
  const stops = rowsOf(values, G.size)
  for (let frame = 0; frame < WALK_FRAMES; frame++) {
    const [stop, t] = [Math.floor(frame / WALK.between), (frame % WALK.between) / WALK.between]
    const next = (stop + 1) % WALK.stops
    const latents = Array.from({ length: count }, (_, i) =>
      slerp(stops[stop * count + i], stops[next * count + i], t),
    )
    yield tile(joined(await imagesOf(image, G.images, latents)), image, WALK.side)
  }
}
