/** What a StyleGAN's latents do, as labelled sheets of images: styles mixed, noise on and off, truncation. */
import { broadcastTo, randn, scope, slice, type Tensor, zeros } from '../../engine/index.ts'
import { generatorOf, type StyleOptions, type Styles } from '../../models/family.ts'
import type { Trainer } from '../../models/training/trainer.ts'
import type { ImageSize } from '../picture.ts'
import type { Cell, Sheet } from '../sheet.ts'
import { images } from './images.ts'

/** Sources of a mixing sheet, and rows of the others. */
const [SOURCES_A, SOURCES_B, ROWS] = [2, 8, 6]
const PSIS = [1, 0.75, 0.5, 0.25, 0, -0.5, -1]
/** Images of fresh noise in a row. */
const DRAWS = 3
/** Pixels of the largest coarse layer. */
const COARSE = 8

type Noise = NonNullable<StyleOptions['noise']>

/** What makes images of z by way of styles. */
export interface Styled extends Styles {
  /** Length of z. */
  size: number
}

/** A trainer's model, which has styles. Throws an Error that says what they are wanted for if it has none. */
export function styledOf({ model, config }: Pick<Trainer, 'model' | 'config'>, kind: string): Styled {
  const generator = generatorOf(model)
  if (model.styles && generator) return { ...model.styles, size: generator.size }
  throw new Error(`${config.model} has no styles to ${kind}: latent ${kind} is for models that have them`)
}

/** Figure 3: the styles of B's coarse, middle or fine layers put on A. */
export async function mix(model: Styled, image: ImageSize): Promise<Sheet> {
  const [a, b] = [randn([SOURCES_A, model.size]), randn([SOURCES_B, model.size])]
  const [imagesA, imagesB] = [
    await images(image, () => model.images(model.of(a))),
    await images(image, () => model.images(model.of(b))),
  ]
  const rows = [{ label: 'source B', cells: [undefined, ...imagesB] as Cell[] }]
  for (const { name, layers } of model.groups)
    for (let i = 0; i < SOURCES_A; i++) {
      const mixed = await images(image, () => model.mix(rowOf(a, i, SOURCES_B), b, layers))
      rows.push({ label: `${name} of B`, cells: [imagesA[i], ...mixed] })
    }
  for (const t of [a, b]) t.dispose()
  return { columns: ['source A'], rows }
}

/**
 * Figures 4 and 5: the same z with noise drawn again and again, what differs between those, and noise in no layer, in coarse
 * ones (up to 8x8) or in the finer ones alone.
 */
export async function noise(model: Styled, image: ImageSize): Promise<Sheet> {
  const z = randn([ROWS, model.size])
  const made = (noise: Noise): Promise<Float32Array[]> =>
    images(image, () => model.images(model.of(z), { noise }))
  const draws: Float32Array[][] = []
  for (let i = 0; i < DRAWS; i++) draws.push(await made(randn))
  const within = (isNoisy: (size: number) => boolean): Noise => {
    return (shape) => (isNoisy(shape[1]) ? randn(shape) : zeros(shape))
  }
  const partly = {
    'no noise': await made('none'),
    'coarse only': await made(within((size) => size <= COARSE)),
    'fine only': await made(within((size) => size > COARSE)),
  }
  z.dispose()
  const rows = draws[0].map((_, i) => {
    const drawn = draws.map((each) => each[i])
    const others = Object.values(partly).map((each) => each[i])
    return { label: `z ${i + 1}`, cells: [...drawn, deviation(drawn), undefined, ...others] }
  })
  const columns = [...draws.map((_, i) => `all ${i + 1}`), 'deviation', '', ...Object.keys(partly)]
  return { columns, rows }
}

/** Figure 8: from the style of z through the mean style (ψ = 0) to its opposite. */
export async function truncate(model: Styled, image: ImageSize): Promise<Sheet> {
  const z = randn([ROWS, model.size])
  const sweep: Float32Array[][] = []
  for (const psi of PSIS) sweep.push(await images(image, () => model.images(model.of(z), { psi })))
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

/** Standard deviation of each value, from -1 (none) up, so that 0.5 is white. */
function deviation(drawn: readonly Float32Array[]): Float32Array {
  return drawn[0].map((_, p) => {
    const mean = drawn.reduce((sum, image) => sum + image[p], 0) / drawn.length
    const variance = drawn.reduce((sum, image) => sum + (image[p] - mean) ** 2, 0) / drawn.length
    return Math.min(1, 4 * Math.sqrt(variance) - 1)
  })
}
