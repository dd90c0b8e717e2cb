/** What `npm run latent` asks of the page: sheets, animations and inversions of a checkpoint's latents. */
import { DataError, randn, seed } from '../../engine/index.ts'
import { isImage } from '../../models/data/fields.ts'
import { parseIdx } from '../../models/data/idx.ts'
import { type Inversion, invert } from '../../models/evaluation/invert.ts'
import type { ImageScores } from '../../models/evaluation/metrics/index.ts'
import { type Generator, generatorOf, read } from '../../models/family.ts'
import type { Trainer } from '../../models/training/trainer.ts'
import { CHUNK, type Draw, inChunks, withTrainer } from '../checkpoint.ts'
import { get, send } from '../commands.ts'
import { scorerOf, servedDigits } from '../evaluation.ts'
import { type ImageSize, toPng } from '../picture.ts'
import { Progress } from '../report.ts'
import { drawSheet, type Sheet } from '../sheet.ts'
import { arithmetic, type Operands } from './arithmetic.ts'
import { interpolate, WALK_FRAMES, walk } from './interpolate.ts'
import { drawInversion } from './inversion.ts'
import { mix, noise, styledOf, truncate } from './styles.ts'
import { pixelsOf } from './target.ts'

/** Sheets of models that have styles. */
const STYLES = { mix, noise, truncate }
type StyleKind = keyof typeof STYLES

type Chosen = Omit<Draw, 'count'>

export interface SweepRequest extends Draw {
  hasClassifier: boolean
  psis: readonly number[]
}

export interface InvertRequest extends Chosen {
  space: 'z' | 'w'
  steps: number
  starts: number
  /** The place of an image in the data set that is served, or the PNG that is. */
  target: { index: number } | 'png'
}

export const latents = {
  /** Sends `sheet`, a PNG of what the styles of a StyleGAN do. */
  async styles({ kind, file, seed: from }: Chosen & { kind: StyleKind }): Promise<void> {
    await withImages(file, from, async ({ model, config }, image) => {
      await sendSheet(await STYLES[kind](styledOf({ model, config }, kind), image), image)
    })
  },

  /** Sends `sheet`, and the frames of an animation as `frame-NNN`. */
  async interpolate({ file, seed: from }: Chosen): Promise<void> {
    await withImages(file, from, async (trainer, image) => {
      const G = plainGenerator(trainer, file)
      await sendSheet(await interpolate(G, trainer.model.styles, image), image)
      seed(from)
      const progress = new Progress('frames', WALK_FRAMES)
      let frame = 0
      for await (const canvas of walk(G, image)) {
        await send(`frame-${String(frame).padStart(3, '0')}`, await toPng({ canvas, scale: 4, corner: 0 }))
        await progress.at(++frame)
      }
    })
  },

  /** Sends `sheet`: A - B + C. */
  async arithmetic({ file, seed: from, operands }: Chosen & { operands: Operands }): Promise<void> {
    await withImages(file, from, async (trainer, image) =>
      sendSheet(await arithmetic(plainGenerator(trainer, file), image, operands), image),
    )
  },

  /** Scores of samples for each ψ of truncation, of the same z; and of as many real digits. */
  async sweep(
    request: SweepRequest,
  ): Promise<{ sweep: ({ psi: number } & ImageScores)[]; real: ImageScores }> {
    const { file, count, seed: from, psis } = request
    const scorer = await scorerOf(await servedDigits(), request.hasClassifier)
    return withImages(file, from, async (trainer) => {
      const model = styledOf(trainer, 'truncate')
      const progress = new Progress('samples', count * psis.length)
      const sweep: ({ psi: number } & ImageScores)[] = []
      for (const [i, psi] of psis.entries()) {
        seed(from)
        const draw = () => read(() => model.images(model.of(randn([CHUNK, model.size])), { psi }))
        const samples = await inChunks(count, draw, (done) => progress.at(i * count + done))
        sweep.push({ psi, ...scorer.scoreGenerated(await scorer.describe(samples)) })
      }
      return { sweep, real: scorer.scoreReal(count) }
    })
  },

  /** Sends `sheet`, the picture of an inversion. */
  async invert(
    request: InvertRequest,
  ): Promise<Omit<Inversion, 'latent' | 'image' | 'errors'> & { latent: number[]; errors: number[] }> {
    const { file, seed: from, space, steps, starts } = request
    return withImages(file, from, async ({ model }, image) => {
      const target = await targetOf(request, image)
      const progress = new Progress('inversion', steps)
      const onStep = (step: number, error: number): void => {
        progress.at(step, { 'error %': 100 * error })
      }
      const made = await invert(model, image, target, { space, steps, starts, onStep })
      const canvas = drawInversion(target, made, image, space)
      await send('sheet', await canvas.convertToBlob({ type: 'image/png' }))
      const { best, error, errors, latent } = made
      return { best, error, latent: [...latent], errors: errors.map((each) => each[best]) }
    })
  },
}

/** Runs `body` with the trainer of a checkpoint of images, its random numbers those of `from`. */
function withImages<T>(
  file: string,
  from: number,
  body: (trainer: Trainer, image: ImageSize) => Promise<T>,
): Promise<T> {
  return withTrainer(file, (trainer) => {
    const { shows } = trainer.view()
    if (!isImage(shows))
      throw new DataError(`${file}: ${trainer.config.model} makes points here; latent is for images`)
    seed(from)
    return body(trainer, shows)
  })
}

/** What makes images of z alone. Throws DataError for a model that does not. */
function plainGenerator({ model, config }: Trainer, file: string): Generator {
  const generator = generatorOf(model)
  if (generator) return generator
  throw new DataError(`${file}: ${config.model} makes no images of one z alone`)
}

async function sendSheet(sheet: Sheet, image: ImageSize): Promise<void> {
  await send('sheet', await drawSheet(sheet, image).convertToBlob({ type: 'image/png' }))
}

/** The target as values in [-1, 1]. Throws DataError when there is no such image. */
async function targetOf({ target, file }: InvertRequest, image: ImageSize): Promise<Float32Array> {
  const { size, channels } = image
  if (target === 'png') {
    const file = (await get('target')) as Uint8Array<ArrayBuffer>
    return pixelsOf(new Blob([file], { type: 'image/png' }), image)
  }
  const data = parseIdx(await get('data'), 'data')
  if (data.size !== size || data.channels !== channels)
    throw new DataError(
      `${file}: makes images of ${size}x${size}x${channels}, the data set has others: name a PNG`,
    )
  if (target.index >= data.count)
    throw new DataError(`no image ${target.index}: the data set has ${data.count}, counted from 0`)
  const each = size * size * channels
  const bytes = data.bytes.subarray(target.index * each, (target.index + 1) * each)
  return Float32Array.from(bytes, (byte) => byte * (2 / 255) - 1)
}
