/** The latent whose image comes closest to a given one, by gradient descent through the generator. */
import {
  assign,
  capture,
  grad,
  mean,
  nn,
  optim,
  randn,
  scope,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
} from '../../engine/index.ts'
import type { ImageField } from '../data/fields.ts'
import { generatorOf, type Model, read } from '../family.ts'
import { rowsOf } from './latents.ts'

export interface InvertOptions {
  /** Where to search: z, or the styles w of a model that has them. */
  space?: 'z' | 'w'
  steps?: number
  /** Adam's rate at the first step; it falls to 0 along a line. */
  lr?: number
  /** Searched from so many places at once: the error has valleys of its own around most of them. */
  starts?: number
  onStep?(step: number, error: number): void
  /** Asked before every step: whether to end with what was found by then. */
  isInterrupted?(): boolean
}

export interface Inversion {
  latent: Float32Array
  /** [size, size, channels] */
  image: Float32Array
  /** Mean squared error of the pixels, from -1 to 1. */
  error: number
  /** The error of each start before every step, and at the end. */
  errors: Float32Array[]
  /** Which of the starts came closest. */
  best: number
}

/**
 * min over z of ‖G(z) - target‖² / pixels by Adam (as Lipton & Tripathi 2017, arXiv:1702.04782; in w, Abdal et al. 2019,
 * arXiv:1904.03189), from several starts at once, the best of which is given. Changes the model: its parameters become
 * their averages. Throws RangeError for w of a model that has no styles, or a target of another size.
 */
export async function invert(
  model: Model,
  { size, channels }: Pick<ImageField, 'size' | 'channels'>,
  target: Float32Array,
  { space = 'z', steps = 300, lr = 0.1, starts = 16, onStep, isInterrupted }: InvertOptions = {},
): Promise<Inversion> {
  if (target.length !== size * size * channels)
    throw new RangeError(`invert: expected ${size}x${size}x${channels} values, got ${target.length}`)
  const { styles } = model
  const generator = generatorOf(model)
  if (!generator) throw new RangeError('invert: this model makes no images of one z alone')
  if (space === 'w' && !styles) throw new RangeError('invert: this model has no styles w; search in z')
  useAverages(model)
  const make = (p: Tensor): Tensor => (space === 'w' && styles ? styles.images(p) : generator.images(p))
  const z = randn([starts, generator.size])
  const first = space === 'w' && styles ? await read(() => styles.of(z)) : await z.data()
  z.dispose()
  const goal = tensor(target, [1, size, size, channels])
  const latents = tensor(first, [starts, generator.size], { requiresGrad: true })
  const optimizer = new optim.Adam([latents], { lr: (done) => lr * (1 - done / steps) })
  const errorsOf = (made: Tensor): Tensor => mean(square(sub(made, goal)), { axes: [1, 2, 3] })
  const step = capture(() =>
    scope(() => {
      const each = errorsOf(make(latents))
      optimizer.step(grad(sum(each), [latents]))
      return each
    }),
  )
  const errors: Float32Array[] = []
  try {
    for (let i = 0; i < steps && !isInterrupted?.(); i++) {
      errors.push(await step().data())
      onStep?.(i, Math.min(...errors[i]))
    }
    errors.push(await read(() => errorsOf(make(latents))))
    const last = errors[errors.length - 1]
    const best = last.indexOf(Math.min(...last))
    const [values, made] = [await latents.data(), await read(() => make(latents))]
    onStep?.(errors.length - 1, last[best])
    return {
      latent: rowsOf(values, generator.size)[best],
      image: rowsOf(made, target.length)[best],
      error: last[best],
      errors,
      best,
    }
  } finally {
    step.dispose()
    optimizer.dispose()
    for (const t of [goal, latents]) t.dispose()
  }
}

/**
 * Puts averaged parameters in the parameters' place: samples are drawn from the averages, and what a tape remembers are the
 * parameters.
 */
function useAverages({ networks, averages = {} }: Model): void {
  for (const [name, average] of Object.entries(averages)) {
    const saved = Object.values(average.stateDict())
    nn.parameters(networks[name]).forEach((p, i) => {
      assign(p, saved[i])
    })
    for (const t of saved) t.dispose()
  }
}
