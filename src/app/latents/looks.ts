/** What the page shows of a generator as it is: a walk, the sheets of `npm run latent`, the inversion of a picture. */
import { DataError, randn, seed, type Tensor, tensor } from '../../engine/index.ts'
import { isImage, isPoints } from '../../models/data/fields.ts'
import { invert } from '../../models/evaluation/invert.ts'
import { joined, rowsOf, slerp } from '../../models/evaluation/latents.ts'
import { firstView, type Generator, generatorOf, type Model, read } from '../../models/family.ts'
import type { Trainer } from '../../models/training/trainer.ts'
import { sheetOf } from '../../models/training/views.ts'
import { drawSnapshot, type ImageSize, type Picture } from '../picture.ts'
import { drawSheet, type Sheet } from '../sheet.ts'
import { arithmetic, OPERANDS } from './arithmetic.ts'
import { interpolate } from './interpolate.ts'
import { drawInversion } from './inversion.ts'
import { mix, noise, styledOf, truncate } from './styles.ts'
import { pixelsOf } from './target.ts'

/** What a look draws on, and what it is told meanwhile. */
export interface View {
  /** Shows a picture; `about` says what is seen. */
  show(picture: Picture, about: string): void
  /** A search has come to `step` of `steps`, its smallest error so far `error`. */
  onStep(step: number, steps: number, error: number): void
  /** ψ of truncation, for models that have styles. */
  psi(): number
  /** The class to draw, of a model that is told one. */
  chosen(): number
  isInterrupted(): boolean
}

interface SheetEntry {
  about: string
  ofStyles?: true
  make(trainer: Trainer, G: Generator, image: ImageSize): Promise<Sheet>
}

const SHEETS = {
  interpolate: {
    about:
      'From some random numbers to others: along lines and arcs in z, and lines in w where there are styles.',
    make: ({ model }, G, image) => interpolate(G, model.styles, image),
  },
  arithmetic: {
    about: 'A, B and C are means of three random z each; below them A − B + C, and what lies around it.',
    make: (_, G, image) => arithmetic(G, image, OPERANDS),
  },
  mix: {
    about: 'The images on the left, with some layers taking their style from the image above.',
    ofStyles: true,
    make: (trainer, _, image) => mix(styledOf(trainer, 'mix'), image),
  },
  noise: {
    about:
      'The same z with noise drawn three times, what differs between these, and noise in some layers only.',
    ofStyles: true,
    make: (trainer, _, image) => noise(styledOf(trainer, 'noise'), image),
  },
  truncate: {
    about: 'From styles as they are, ψ = 1, through the mean style, ψ = 0, to their opposites.',
    ofStyles: true,
    make: (trainer, _, image) => truncate(styledOf(trainer, 'truncate'), image),
  },
} satisfies Record<string, SheetEntry>
type SheetName = keyof typeof SHEETS

export type Look = 'walk' | SheetName | 'invert'

/** What there is to see of such a model. */
export function looksOf(model: Model): Look[] {
  const G = generatorOf(model)
  if (!G) return []
  if (!isImage(firstView(model).shows)) return ['walk']
  const sheets = Object.entries<SheetEntry>(SHEETS).filter(([, { ofStyles }]) => !ofStyles || model.styles)
  return ['walk', ...sheets.map(([name]) => name as SheetName), 'invert']
}

/** Draws `look` of the trainer's generator; `target` is the picture to invert. */
export async function draw(look: Look, trainer: Trainer, view: View, target?: File): Promise<void> {
  const { model, config } = trainer
  const G = generatorOf(model, view.chosen())
  if (!G)
    throw new DataError(`${config.model} makes nothing of one z alone: there is nothing to walk through`)
  if (look === 'walk') return walk(trainer, G, view)
  const { shows: image } = trainer.view()
  if (!isImage(image))
    throw new DataError('this run makes points: only of images are there sheets and inversions')
  seed(config.seed) // the same latents at every step of a run
  if (look === 'invert') return search(trainer, image, view, target)
  const { about, make } = SHEETS[look]
  view.show({ canvas: drawSheet(await make(trainer, G, image), image), scale: 1, corner: 0 }, about)
}

/** Frames from one place to the next, and how long each is shown at least. */
const WALK = { frames: 24, ms: 50 }
/** Images that walk, and how many of them to a row. */
const [WALKERS, ACROSS] = [64, 8]

/** Samples on arcs from latents to latents, until interrupted. */
async function walk(
  trainer: Trainer,
  { size, images }: Generator,
  { show, psi, isInterrupted }: View,
): Promise<void> {
  const { styles } = trainer.model
  const view = trainer.view()
  const shown = isPoints(view.shows) ? sheetOf(view).count : WALKERS
  const { plane } = await trainer.snapshot()
  const drawn = async () => rowsOf(await read(() => randn([shown, size])), size)
  const sample = (z: Tensor, psi: number): Tensor =>
    styles && psi < 1 ? styles.images(styles.of(z), { psi }) : images(z)
  for (let from = await drawn(); !isInterrupted(); ) {
    const to = await drawn()
    for (let i = 0; i < WALK.frames && !isInterrupted(); i++) {
      const pause = new Promise((resolve) => setTimeout(resolve, WALK.ms))
      const z = joined(from.map((a, n) => slerp(a, to[n], i / WALK.frames)))
      const now = psi() // it may change while the samples are made
      const samples = await read(() => sample(tensor(z, [shown, size]), now))
      show(drawSnapshot(view, { columns: [samples], plane }, ACROSS), aboutWalk(trainer, shown, now))
      await pause
    }
    from = to
  }
}

function aboutWalk(trainer: Trainer, shown: number, psi: number): string {
  const what = `${shown.toLocaleString('en')} ${isImage(trainer.view().shows) ? 'images' : 'points'}`
  const walk = `${what} of random numbers on their way to others: small steps make small changes.`
  return trainer.model.styles && psi < 1
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
