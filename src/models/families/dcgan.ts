/**
 * DCGAN: Radford, Metz & Chintala 2015, "Unsupervised representation learning with deep convolutional generative
 * adversarial networks" (arXiv:1511.06434).
 */
import {
  DataError,
  dropout,
  grad,
  mean,
  nn,
  optim,
  randn,
  reshape,
  scope,
  type Tensor,
  tanh,
} from '../../engine/index.ts'
import { evaluate, type GanModel, type ImageSize, type Metrics } from '../model.ts'
import { type LossName, losses, type OpinionLoss } from '../training/losses.ts'
import {
  added,
  type FeatureLayer,
  type Features,
  noFeatures,
  withFeatures,
} from '../training/stabilisers/features.ts'
import {
  featuresFor,
  generatorPenalty,
  needsNoNorm,
  packedSize,
  plus,
  type Settings,
  Stabilised,
  withTargets,
} from '../training/stabilisers/index.ts'

/** Section 4, "Details of adversarial training". */
export const DEFAULTS = {
  latent: 100, // length of z
  width: 64, // channels of the layer next to the image; each level further doubles them (the paper's G: 128)
  lr: 2e-4, // Adam's rate
  beta1: 0.5,
  beta2: 0.999,
}
export type DcganOptions = typeof DEFAULTS

const LEAK = 0.2
/** Every weight starts as N(0, 0.02²). */
const init = nn.init.normal({ std: 0.02 })
/** Kernel 4 with stride 2 doubles or halves a size exactly. differs: the paper draws 5x5 kernels. */
const RESAMPLE = { stride: 2, padding: 1, init }

/** How often `size` halves down to the 4 to 7 pixels that z is projected to: 64 -> 4 in four levels, 28 -> 7 in two. */
function levelsOf(size: number): number {
  let levels = 0
  for (let s = size; s > 7 && s % 2 === 0; s /= 2) levels++
  if (levels === 0)
    throw new DataError(
      `DCGAN doubles a few pixels up to the image: the size must be even and at least 8, got ${size}`,
    )
  return levels
}

/** z [N, latent] -> images [N, size, size, channels] in (-1, 1): figure 1. `dropout`: of maps' values, in sampling, too. */
export class Generator {
  private readonly project: nn.Linear
  private readonly norms: nn.BatchNorm[]
  private readonly ups: nn.ConvTranspose2d[]
  private readonly base: number
  private readonly p: number

  constructor(
    { size, channels }: ImageSize,
    { latent, width, dropout = 0 }: Pick<DcganOptions, 'latent' | 'width'> & { dropout?: number },
  ) {
    this.p = dropout
    const levels = levelsOf(size)
    this.base = size / 2 ** levels
    const depths = Array.from({ length: levels }, (_, i) => width * 2 ** (levels - 1 - i))
    this.project = new nn.Linear(latent, this.base * this.base * depths[0], { bias: false, init })
    this.norms = depths.map((depth) => new nn.BatchNorm(depth, { slope: 0 })) // and ReLU
    this.ups = depths.map((depth, i) => {
      const last = i === levels - 1
      return new nn.ConvTranspose2d(depth, last ? channels : depths[i + 1], 4, { ...RESAMPLE, bias: last })
    })
  }

  forward(z: Tensor): Tensor {
    let y = reshape(this.project.forward(z), [z.shape[0], this.base, this.base, -1]) // [N,h,w,C]
    this.ups.forEach((up, i) => {
      y = up.forward(dropout(this.norms[i].forward(y), { p: this.p })) // [N,2h,2w,C/2]
    })
    return tanh(y)
  }
}

/**
 * Images [N, size, size, channels] -> logits [N, 1]. No batch norm on the first layer, nor anywhere unless `norm`.
 * `features` come behind those of the last conv.
 */
export class Discriminator {
  private readonly convs: nn.Conv2d[]
  private readonly norms: nn.BatchNorm[]
  private readonly features: FeatureLayer[]
  private readonly out: nn.Linear

  constructor(
    { size, channels }: ImageSize,
    { width }: Pick<DcganOptions, 'width'>,
    { norm = true, features = noFeatures }: { norm?: boolean; features?: Features } = {},
  ) {
    const levels = levelsOf(size)
    const base = size / 2 ** levels
    const depths = Array.from({ length: levels }, (_, i) => width * 2 ** i)
    this.convs = depths.map((depth, i) => {
      const ends = i === 0 || !norm ? { slope: LEAK } : { bias: false } // else batch norm ends the layer
      return new nn.Conv2d(i ? depths[i - 1] : channels, depth, 4, { ...RESAMPLE, ...ends })
    })
    this.norms = norm ? depths.slice(1).map((depth) => new nn.BatchNorm(depth, { slope: LEAK })) : []
    const last = base * base * depths[levels - 1]
    this.features = features(last)
    this.out = new nn.Linear(last + added(this.features), 1, { init })
  }

  /** What each conv layer makes of images. */
  maps(x: Tensor): Tensor[] {
    let y = x
    return this.convs.map((conv, i) => {
      y = conv.forward(y) // [N,h/2,w/2,C]
      if (i && this.norms.length) y = this.norms[i - 1].forward(y)
      return y
    })
  }

  forward(x: Tensor): Tensor {
    const last = this.maps(x)[this.convs.length - 1]
    return this.out.forward(withFeatures(reshape(last, [x.shape[0], -1]), this.features))
  }
}

export class Dcgan implements GanModel {
  readonly metrics: readonly string[]
  readonly latent: number
  readonly networks: { generator: Generator; discriminator: Discriminator } & Record<string, object>
  readonly optimizers: { generator: optim.Adam; discriminator: optim.Adam }
  private readonly loss: OpinionLoss
  private readonly D: Stabilised
  private readonly paramsG: Tensor[]
  private readonly paramsD: Tensor[]

  constructor(
    image: ImageSize,
    options: Partial<DcganOptions> = {},
    loss: LossName = 'nonSaturating',
    private readonly aids: Settings = {},
  ) {
    this.loss = withTargets(losses[loss], aids)
    const all = { ...DEFAULTS, ...options }
    const generator = new Generator(image, { ...all, dropout: aids.dropout })
    const discriminator = new Discriminator(packedSize(image, aids), all, {
      norm: !needsNoNorm(aids),
      features: featuresFor(aids),
    })
    this.D = new Stabilised(discriminator, image, aids)
    this.metrics = ['lossD', 'lossG', 'D(x)', 'D(G(z))', 'D(G(z)) after', ...this.D.metrics]
    this.latent = all.latent
    this.networks = { generator, discriminator, ...this.D.state }
    this.paramsG = nn.parameters(generator)
    this.paramsD = this.D.parameters
    const betas = [all.beta1, all.beta2] as const
    this.optimizers = {
      generator: new optim.Adam(this.paramsG, { lr: all.lr, betas }),
      discriminator: new optim.Adam(this.paramsD, { lr: all.lr * (aids.ttur ?? 1), betas }),
    }
    this.D.use(this.optimizers.generator, this.optimizers.discriminator)
  }

  /**
   * Algorithm 1 of Goodfellow et al. 2014 with k = 1; real and generated images pass D in batches of their own, and
   * G is trained on the images that D was, against the updated D.
   */
  step(real: () => Tensor, latent = (count: number): Tensor => randn([count, this.latent])): Metrics {
    const { D } = this // the discriminator, with what stabilises it
    const { generator: G } = this.networks
    const x = D.real(real())
    const generated = G.forward(latent(x.shape[0]))

    // Update D by its gradient, with G's images held constant.
    const { lossD, penalty, onReal, onFake } = scope(() => {
      const fake = D.generated(generated)
      const logits = { real: D.forward(x), fake: D.forward(fake) }
      const loss = this.loss.discriminator(logits.real, logits.fake)
      const penalty = D.penalty(x, fake, logits.real)
      this.optimizers.discriminator.step(grad(plus(loss, penalty), this.paramsD))
      D.clip()
      return {
        lossD: loss,
        penalty,
        onReal: mean(this.loss.opinion(logits.real)),
        onFake: mean(this.loss.opinion(logits.fake)),
      }
    })

    // Update G by its gradient through D.
    const logits = D.ahead(generated, real, this.loss)
    const lossG = this.loss.generator(logits)
    this.optimizers.generator.step(grad(plus(lossG, generatorPenalty(G, this.aids)), this.paramsG))

    const after = mean(this.loss.opinion(logits))
    const metrics = { lossD, lossG, 'D(x)': onReal, 'D(G(z))': onFake, 'D(G(z)) after': after }
    return penalty ? { ...metrics, penalty } : metrics
  }

  sample(z: Tensor): Tensor {
    return evaluate(this.networks.generator, z)
  }
}
