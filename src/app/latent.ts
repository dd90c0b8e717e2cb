/** What a StyleGAN's latents do, as labelled sheets of images: styles mixed, noise on and off, truncation. */
import { broadcastTo, randn, scope, seed, slice, type Tensor } from '../engine/index.ts'
import { isToy } from '../models/data.ts'
import type { ImageSize } from '../models/model.ts'
import { StyleganLite } from '../models/styleganLite.ts'
import type { Trainer } from '../models/trainer.ts'
import { context, FONT_FAMILY, lightTheme as theme } from './draw.ts'
import { tile } from './picture.ts'

/** What of a model's latents can be shown. */
export const LATENT_KINDS = ['mix', 'noise', 'truncate'] as const
export type LatentKind = (typeof LATENT_KINDS)[number]

const SCALE = 3
const GAP = 6
const LABEL = { top: 26, left: 150 }
const FONT = `14px ${FONT_FAMILY}`

/** Sources of a mixing sheet, and rows of the others. */
const [SOURCES_A, SOURCES_B, ROWS] = [2, 8, 6]
const PSIS = [1, 0.75, 0.5, 0.25, 0, -0.5, -1]
/** Images of fresh noise in a row. */
const DRAWS = 4

/** One image [size, size, channels] and where it stands. */
type Cell = Float32Array | undefined

interface Sheet {
  columns: readonly string[]
  rows: readonly { label: string; cells: readonly Cell[] }[]
}

/** Draws a sheet of the averaged generator of `trainer`. Throws an Error when its model has no styles. */
export async function drawLatents(
  kind: LatentKind,
  trainer: Trainer,
  from: number,
): Promise<OffscreenCanvas> {
  const { model, config } = trainer
  if (!(model instanceof StyleganLite) || isToy(config.data))
    throw new Error(
      `${config.model} has no styles to ${kind}: latent is for stylegan-lite and stylegan2-lite`,
    )
  seed(from)
  return drawSheet(await SHEETS[kind](model), config.data)
}

const SHEETS: Record<LatentKind, (model: StyleganLite) => Promise<Sheet>> = { mix, noise, truncate }

/** Figure 3: the styles of B's coarse, middle or fine layers put on A. */
async function mix(model: StyleganLite): Promise<Sheet> {
  const [a, b] = [randn([SOURCES_A, model.latent]), randn([SOURCES_B, model.latent])]
  const [imagesA, imagesB] = [await images(() => model.sample(a)), await images(() => model.sample(b))]
  const rows = [{ label: 'source B', cells: [undefined, ...imagesB] as Cell[] }]
  for (const { name, layers } of model.groups)
    for (let i = 0; i < SOURCES_A; i++) {
      const mixed = await images(() => model.mix(rowOf(a, i, SOURCES_B), b, layers))
      rows.push({ label: `${name} of B`, cells: [imagesA[i], ...mixed] })
    }
  for (const t of [a, b]) t.dispose()
  return { columns: ['source A'], rows }
}

/** Figures 4 and 5: the same z without noise, and with noise drawn again and again; last, what differs between those. */
async function noise(model: StyleganLite): Promise<Sheet> {
  const z = randn([ROWS, model.latent])
  const off = await images(() => model.sample(z, { noise: 'none' }))
  const draws: Float32Array[][] = []
  for (let i = 0; i < DRAWS; i++) draws.push(await images(() => model.sample(z, { noise: randn })))
  z.dispose()
  const rows = off.map((image, i) => {
    const drawn = draws.map((each) => each[i])
    return { label: `z ${i + 1}`, cells: [image, ...drawn, deviation(drawn)] }
  })
  return { columns: ['no noise', ...draws.map((_, i) => `noise ${i + 1}`), 'deviation'], rows }
}

/** Figure 8: from the style of z through the mean style (ψ = 0) to its opposite. */
async function truncate(model: StyleganLite): Promise<Sheet> {
  const z = randn([ROWS, model.latent])
  const sweep: Float32Array[][] = []
  for (const psi of PSIS) sweep.push(await images(() => model.sample(z, { psi })))
  z.dispose()
  const rows = sweep[0].map((_, i) => ({ label: `z ${i + 1}`, cells: sweep.map((each) => each[i]) }))
  return { columns: PSIS.map((psi) => `ψ = ${psi}`), rows }
}

/** Row i of [N, latent], `count` times. */
function rowOf(z: Tensor, i: number, count: number): Tensor {
  return scope(() => {
    const row = slice(z, { start: [i, 0], end: [i + 1, z.shape[1]] })
    return broadcastTo(row, [count, z.shape[1]])
  })
}

/** The images [N, size, size, channels] that `make` makes, one by one. */
async function images(make: () => Tensor): Promise<Float32Array[]> {
  const made = scope(make)
  const [count] = made.shape
  const values = await made.data()
  made.dispose()
  const each = values.length / count
  return Array.from({ length: count }, (_, i) => values.slice(i * each, (i + 1) * each))
}

/** Standard deviation of each pixel, from -1 (none) up, so that 0.5 is white. */
function deviation(drawn: readonly Float32Array[]): Float32Array {
  return drawn[0].map((_, p) => {
    const mean = drawn.reduce((sum, image) => sum + image[p], 0) / drawn.length
    const variance = drawn.reduce((sum, image) => sum + (image[p] - mean) ** 2, 0) / drawn.length
    return Math.min(1, 4 * Math.sqrt(variance) - 1)
  })
}

function drawSheet({ columns, rows }: Sheet, image: ImageSize): OffscreenCanvas {
  const step = image.size * SCALE + GAP
  const across = Math.max(...rows.map(({ cells }) => cells.length))
  const canvas = new OffscreenCanvas(LABEL.left + across * step, LABEL.top + rows.length * step)
  const ctx = context(canvas)
  ctx.fillStyle = theme.background
  ctx.fillRect(0, 0, canvas.width, canvas.height)
  ctx.imageSmoothingEnabled = false
  ctx.font = FONT
  ctx.fillStyle = theme.text
  ctx.textBaseline = 'middle'
  ctx.textAlign = 'center'
  columns.forEach((name, i) => {
    ctx.fillText(name, LABEL.left + (i + 0.5) * step - GAP / 2, LABEL.top / 2)
  })
  ctx.textAlign = 'right'
  rows.forEach(({ label, cells }, row) => {
    const top = LABEL.top + row * step
    ctx.fillText(label, LABEL.left - 12, top + step / 2)
    cells.forEach((cell, column) => {
      if (!cell) return
      const side = image.size * SCALE
      ctx.drawImage(tile(cell, image, 1), LABEL.left + column * step, top, side, side)
    })
  })
  return canvas
}
