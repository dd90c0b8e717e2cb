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
import type { ImageSize, Metrics } from '../model.ts'
import { SkipGenerator } from '../nets/stylegan2Nets.ts'
import { Discriminator } from '../nets/styleganNets.ts'
import type { LossName } from '../training/losses.ts'
import type { Settings } from '../training/stabilisers/index.ts'
import { DEFAULTS as STYLEGAN_LITE, StyleganLite } from './styleganLite.ts'

/** Section 3 and appendix B, where they differ from StyleGAN-lite's. */
export const DEFAULTS = {
  ...STYLEGAN_LITE,
  lr: 2e-3, // λ
  r1Every: 16, // lazy regularisation: steps from one R1 to the next,
  pathEvery: 8, // and from one path length penalty to the next
  pathWeight: 2, // γ_pl
  pathDecay: 0.99, // of a, the mean of path lengths
}
export type Stylegan2LiteOptions = typeof DEFAULTS

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

export class Stylegan2Lite extends StyleganLite<SkipGenerator> {
  override readonly metrics = ['lossD', 'lossG', 'R1', 'path', 'D(x)', 'D(G(z))', 'D(G(z)) after']
  private readonly path: { every: number; weight: number; decay: number }

  constructor(
    image: ImageSize,
    options: Partial<Stylegan2LiteOptions> = {},
    loss?: LossName,
    aids?: Settings,
  ) {
    const all = { ...DEFAULTS, ...options }
    super(image, all, loss, aids, (made, seen, own) => ({
      generator: new SkipGenerator(made.size, made.channels, own),
      discriminator: new Discriminator(seen.size, seen.channels, own, { residual: true }),
    }))
    this.path = { every: all.pathEvery, weight: all.pathWeight, decay: all.pathDecay }
  }

  override get course(): string {
    return `${super.course}${this.takesPath ? ' path' : ''}`
  }

  private get takesPath(): boolean {
    return this.optimizers.generator.t % this.path.every === 0
  }

  /** StyleGAN-lite's step; `path` is the mean path length a. */
  override step(...sources: Parameters<StyleganLite<SkipGenerator>['step']>): Metrics {
    const metrics = super.step(...sources)
    return { ...metrics, path: add(this.networks.generator.pathLength, 0) }
  }

  /**
   * Path length regularisation (section 3.2): γ_pl E (‖J_wᵀ y‖₂ - a)², every so many steps and then so many times as much.
   * differs: taken in the same update as the loss, so that Adam's rates need no correction for updates of its own.
   */
  protected override regularizer(
    latent: (count: number) => Tensor,
    count: number,
    noise: (shape: readonly number[]) => Tensor,
  ): Tensor | undefined {
    if (!this.takesPath) return undefined
    const { synthesis, pathLength } = this.networks.generator
    const { every, weight, decay } = this.path
    const m = Math.max(1, Math.floor(count / PATH_SHARE))
    // One style may serve many layers: each layer's gradient is asked for by a tensor of its own.
    const styles = this.styles(() => latent(m)).map((w) => reshape(w, w.shape))
    const images = synthesis.forward(styles, noise)
    const lengths = pathLengths(images, styles, noise(images.shape))
    scope(() => noGrad(() => assign(pathLength, add(mul(pathLength, decay), mul(mean(lengths), 1 - decay)))))
    // a, as it is now, is held constant.
    const penalty = mean(square(sub(lengths, stopGradient(add(pathLength, 0)))))
    return mul(penalty, weight * every)
  }
}
