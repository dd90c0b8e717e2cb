/** What the page shows of a generator as it is: a walk, the sheets of `npm run latent`, the inversion of a picture. */
import { DataError, randn, seed, type Tensor, tensor } from '../../engine/index.ts'
import { isToy, sampleSize } from '../../models/data/data.ts'
import { invert } from '../../models/evaluation/invert.ts'
import { joined, rowsOf, slerp } from '../../models/evaluation/latents.ts'
import { StyleganLite } from '../../models/families/styleganLite.ts'
import { models } from '../../models/index.ts'
import { type ImageSize, read } from '../../models/model.ts'
import type { Config, Trainer } from '../../models/training/trainer.ts'
import { drawSnapshot, type Picture } from '../picture.ts'
import { drawSheet, type Sheet } from '../sheet.ts'
import { arithmetic, OPERANDS } from './arithmetic.ts'
import { interpolate } from './interpolate.ts'
import { drawInversion } from './inversion.ts'
import { mix, noise, styleganOf, truncate } from './styles.ts'
import { pixelsOf } from './target.ts'

/** What a look draws on, and what it is told meanwhile. */
export interface View {
  /** Shows a picture; `about` says what is seen. */
  show(picture: Picture, about: string): void
  /** A search has come to `step` of `steps`, its smallest error so far `error`. */
  onStep(step: number, steps: number, error: number): void
  /** ψ of truncation, for models that have styles. */
  psi(): number
  isInterrupted(): boolean
}

interface SheetEntry {
  about: string
  ofStyles?: true
  make(trainer: Trainer, image: ImageSize): Promise<Sheet>
}

const SHEETS = {
  interpolate: {
    about:
      'From some random numbers to others: along lines and arcs in z, and lines in w where there are styles.',
    make: ({ model }, image) => interpolate(model, image),
  },
  arithmetic: {
    about: 'A, B and C are means of three random z each; below them A − B + C, and what lies around it.',
    make: ({ model }, image) => arithmetic(model, image, OPERANDS),
  },
  mix: {
    about: 'The images on the left, with some layers taking their style from the image above.',
    ofStyles: true,
    make: (trainer, image) => mix(styleganOf(trainer, 'mix'), image),
  },
  noise: {
    about:
      'The same z with noise drawn three times, what differs between these, and noise in some layers only.',
    ofStyles: true,
    make: (trainer, image) => noise(styleganOf(trainer, 'noise'), image),
  },
  truncate: {
    about: 'From styles as they are, ψ = 1, through the mean style, ψ = 0, to their opposites.',
    ofStyles: true,
    make: (trainer, image) => truncate(styleganOf(trainer, 'truncate'), image),
  },
} satisfies Record<string, SheetEntry>
type SheetName = keyof typeof SHEETS

export type Look = 'walk' | SheetName | 'invert'

/** What there is to see of such a run. */
export function looksOf({ model, data }: Config): Look[] {
  if (isToy(data)) return ['walk']
  const sheets = Object.entries<SheetEntry>(SHEETS).filter(
    ([, { ofStyles }]) => !ofStyles || models[model].hasStyles,
  )
  return ['walk', ...sheets.map(([name]) => name as SheetName), 'invert']
}

/** Draws `look` of the trainer's generator; `target` is the picture to invert. */
export async function draw(look: Look, trainer: Trainer, view: View, target?: File): Promise<void> {
  if (look === 'walk') return walk(trainer, view)
  const { data, seed: from } = trainer.config
  if (isToy(data))
    throw new DataError('this run makes points: only of images are there sheets and inversions')
  const image = sampleSize(data) as ImageSize
  seed(from) // the same latents at every step of a run
  if (look === 'invert') return search(trainer, image, view, target)
  const { about, make } = SHEETS[look]
  view.show({ canvas: drawSheet(await make(trainer, image), image), scale: 1, corner: 0 }, about)
}

/** Frames from one place to the next, and how long each is shown at least. */
const WALK = { frames: 24, ms: 50 }

/** Samples on arcs from latents to latents, until interrupted. */
async function walk(trainer: Trainer, { show, psi, isInterrupted }: View): Promise<void> {
  const { model, shown, config } = trainer
  const { plane } = await trainer.snapshot()
  const drawn = async () => rowsOf(await read(() => randn([shown, model.latent])), model.latent)
  const sample = (z: Tensor, psi: number): Tensor =>
    model instanceof StyleganLite ? model.sample(z, { psi }) : model.sample(z)
  for (let from = await drawn(); !isInterrupted(); ) {
    const to = await drawn()
    for (let i = 0; i < WALK.frames && !isInterrupted(); i++) {
      const pause = new Promise((resolve) => setTimeout(resolve, WALK.ms))
      const z = joined(from.map((a, n) => slerp(a, to[n], i / WALK.frames)))
      const now = psi() // it may change while the samples are made
      const samples = await read(() => sample(tensor(z, [shown, model.latent]), now))
      show(drawSnapshot(config.data, { samples, plane }), aboutWalk(trainer, now))
      await pause
    }
    from = to
  }
}

function aboutWalk({ model, shown, config }: Trainer, psi: number): string {
  const what = `${shown.toLocaleString('en')} ${isToy(config.data) ? 'points' : 'images'}`
  const walk = `${what} of random numbers on their way to others: small steps make small changes.`
  return model instanceof StyleganLite && psi < 1
    ? `${walk} Truncated to ψ = ${psi}: the smaller, the nearer to the mean style.`
    : walk
}

const SEARCH_STEPS = 300

/** The z whose image comes closest to a picture, and how it was found. */
async function search(
  { model }: Trainer,
  image: ImageSize,
  { show, onStep, isInterrupted }: View,
  file?: File,
): Promise<void> {
  if (!file) throw new DataError('no picture was given to invert')
  const target = await pixelsOf(file, image, file.name)
  const made = await invert(model, image, target, {
    steps: SEARCH_STEPS,
    onStep: (step, error) => onStep(step, SEARCH_STEPS, error),
    isInterrupted,
  })
  const canvas = drawInversion(target, made, image, 'z', 'narrow')
  const about = `${file.name} at the run's size, the nearest image that was found to it, and how errors fell on the way.`
  if (!isInterrupted()) show({ canvas, scale: 1, corner: 0 }, about)
}
