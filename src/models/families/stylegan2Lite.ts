/**
 * StyleGAN2: Karras, Laine, Aittala, Hellsten, Lehtinen & Aila 2019, "Analyzing and improving the image quality of
 * StyleGAN" (arXiv:1912.04958), scaled to small images.
 */
import {
  add,
  assign,
  grad,
  mean,
  mul,
  noGrad,
  reshape,
  scope,
  sqrt,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
} from '../../engine/index.ts'
import { image } from '../data/fields.ts'
import { family } from '../family.ts'
import { SkipGenerator } from '../nets/stylegan2Nets.ts'
import { Discriminator } from '../nets/styleganNets.ts'
import { amount, count, decay } from '../options.ts'
import { ANY, TARGETS } from '../training/stabilisers/names.ts'
import { SMALL, OPTIONS as STYLEGAN, styleBased } from './styleganLite.ts'

/** Path lengths are taken of a share of the batch, to save memory. */
const PATH_SHARE = 2

/**
 * ‖J_wᵀ y‖₂ of each image (section 3.2, equation 4), [N]: how far it moves in the directions y, images of N(0, I) noise, by
 * a step in w; `styles` [N, latent] are w for each layer, whose squares are averaged. Differentiable again.
 */
export function pathLengths(images: Tensor, styles: readonly Tensor[], y: Tensor): Tensor {
  const [, H, W] = images.shape
  // 1 / √(H W) makes it independent of the image's size.
  const product = mul(sum(mul(images, y)), 1 / Math.sqrt(H * W))
  const squares = grad(product, styles, { createGraph: true }).map((g) => sum(square(g), { axes: 1 }))
  const average = mul(
    squares.reduce((a, b) => add(a, b)),
    1 / styles.length,
  )
  return sqrt(add(average, 1e-8)) // a root has no slope at 0
}

export default family({
  about:
    'Karras et al. 2019 (arXiv:1912.04958): modulated convs, image skips, path length regularisation, small',
  takes: { x: image() },
  /** Section 3 and appendix B, where they differ from StyleGAN-lite's. */
  options: {
    ...STYLEGAN,
    lr: amount(2e-3, "λ, Adam's rate"),
    r1Every: count(16, 'lazy regularisation: steps from one R1 to the next'),
    pathEvery: count(8, 'steps from one path length penalty to the next'),
    pathWeight: amount(2, 'γ_pl, of the path length penalty'),
    pathDecay: decay(0.99, 'of a, the mean of path lengths'),
  },
  presets: {
    // The paper's rate: at twice as much, short runs came to strokes drowned in noise.
    software: { options: SMALL, batch: 16, steps: 3000 },
    gpu: { options: {}, batch: 64, steps: 10000 },
  },
  stabilisers: [...ANY, ...TARGETS],

  build({ x: image }, o, kit) {
    const takesPath = (step: number): boolean => step % o.pathEvery === 0
    let pathLength: Tensor | undefined // a
    const model = styleBased(image, o, kit, {
      generator: (made) => {
        const G = new SkipGenerator(made.size, made.channels, o)
        pathLength = G.pathLength
        return G
      },
      discriminator: (seen) => new Discriminator(seen.size, seen.channels, o, { residual: true }),

      /**
       * Path length regularisation (section 3.2): γ_pl E (‖J_wᵀ y‖₂ - a)², every so many steps and then so many times as
       * much. differs: taken in the same update as the loss, so that Adam's rates need no correction for updates of its own.
       */
      regularizer({ taken, normal }, G, stylesOf, batch) {
        if (!takesPath(taken)) return undefined
        const { synthesis, pathLength: a } = G
        const m = Math.max(1, Math.floor(batch / PATH_SHARE))
        // One style may serve many layers: each layer's gradient is asked for by a tensor of its own.
        const styles = stylesOf(m).map((w) => reshape(w, w.shape))
        const images = synthesis.forward(styles, normal)
        const lengths = pathLengths(images, styles, normal(images.shape))
        scope(() => noGrad(() => assign(a, add(mul(a, o.pathDecay), mul(mean(lengths), 1 - o.pathDecay)))))
        // a, as it is now, is held constant.
        const penalty = mean(square(sub(lengths, stopGradient(add(a, 0)))))
        return mul(penalty, o.pathWeight * o.pathEvery)
      },
    })
    const { lossD, lossG, R1, ...opinions } = model.metrics
    return {
      ...model,
      metrics: { lossD, lossG, R1, path: 'penalty', ...opinions },
      variant: (step) => `${model.variant?.(step)}${takesPath(step) ? ' path' : ''}`,
      /** StyleGAN-lite's step; `path` is the mean path length a. */
      step: (context) => ({ ...model.step(context), path: add(pathLength as Tensor, 0) }),
    }
  },
})
