/**
 * StyleGAN: Karras, Laine & Aila 2018, "A style-based generator architecture for generative adversarial networks"
 * (arXiv:1812.04948), scaled to small images. differs: all sizes are trained at once, without progressive growing.
 */
import {
  add,
  assign,
  grad,
  greater,
  less,
  mean,
  mul,
  nn,
  noGrad,
  optim,
  randn,
  randomIntegers,
  scope,
  square,
  stopGradient,
  sum,
  type Tensor,
  uniform,
  where,
} from '../engine/index.ts'
import { Canvas } from './canvas.ts'
import { type LossName, losses, type OpinionLoss } from './losses.ts'
import type { GanModel, ImageSize, Metrics } from './model.ts'
import { Discriminator, Generator, type Noise } from './styleganNets.ts'

export const DEFAULTS = {
  latent: 128, // length of z and of w (the paper: 512)
  depth: 8, // layers of the mapping network f
  mappingLr: 0.01, // λ' / λ, the learning-rate multiplier of f
  width: 64, // channels at full size; twice as many at each smaller one,
  maxWidth: 512, // but no more than this
  gamma: 10, // γ of R1
  r1Every: 1, // steps from one penalty to the next; more is StyleGAN2's lazy regularisation (arXiv:1912.04958)
  mixing: 0.9, // probability of style mixing
  lr: 1e-3, // λ, Adam's rate
  beta1: 0,
  beta2: 0.99,
  emaDecay: 0.999, // of the generator that samples are drawn from
  styleDecay: 0.995, // of w̄
}
export type StyleganLiteOptions = typeof DEFAULTS

const PENALISED = 'penalised'

/** R1: E ‖∇_x D(x)‖² over real images, to be weighed by γ / 2 (Mescheder et al. 2018, arXiv:1801.04406, equation 9). */
export function r1(logits: Tensor, x: Tensor): Tensor {
  const [gradient] = grad(sum(logits), [x], { createGraph: true })
  return mul(sum(square(gradient)), 1 / x.shape[0])
}

/** Style mixing (section 3.1): the style of each of `layers` layers, w1 before layer `crossover` [1] and w2 from it on. */
export const mixStyles = (w1: Tensor, w2: Tensor, crossover: Tensor, layers: number): Tensor[] =>
  Array.from({ length: layers }, (_, i) => where(greater(crossover, i), w1, w2))

export interface SampleOptions {
  /** ψ of truncation: 1 for none, 0 for the mean style alone. */
  psi?: number
  noise?: Noise
}

export class StyleganLite implements GanModel {
  readonly metrics = ['lossD', 'lossG', 'R1', 'D(x)', 'D(G(z))', 'D(G(z)) after']
  readonly latent: number
  readonly networks: { generator: Generator; discriminator: Discriminator }
  readonly optimizers: { generator: optim.Adam; discriminator: optim.Adam }
  readonly averages: { generator: optim.EMA }
  private readonly options: StyleganLiteOptions
  private readonly canvas: Canvas
  private readonly loss: OpinionLoss
  private readonly paramsG: Tensor[]
  private readonly paramsD: Tensor[]

  constructor(
    image: ImageSize,
    options: Partial<StyleganLiteOptions> = {},
    loss: LossName = 'nonSaturating',
  ) {
    this.loss = losses[loss]
    this.options = { ...DEFAULTS, ...options }
    this.latent = this.options.latent
    this.canvas = new Canvas(image, 'StyleGAN')
    const { size } = this.canvas
    this.networks = {
      generator: new Generator(size, image.channels, this.options),
      discriminator: new Discriminator(size, image.channels, this.options),
    }
    this.paramsG = nn.parameters(this.networks.generator)
    this.paramsD = nn.parameters(this.networks.discriminator)
    const { lr, beta1, beta2, emaDecay } = this.options
    this.optimizers = {
      generator: new optim.Adam(this.paramsG, { lr, betas: [beta1, beta2] }),
      discriminator: new optim.Adam(this.paramsD, { lr, betas: [beta1, beta2] }),
    }
    this.averages = { generator: new optim.EMA(this.paramsG, { decay: emaDecay }) }
  }

  /** Whether the next step takes the penalty. Adam's count is part of a checkpoint: a resumed run keeps the rhythm. */
  get course(): string {
    return this.optimizers.discriminator.t % this.options.r1Every === 0 ? PENALISED : 'plain'
  }

  /** Non-saturating loss with R1 (appendix C), reported as last taken. G is trained on the images that D was, against the updated D. */
  step(
    real: () => Tensor,
    latent = (count: number): Tensor => randn([count, this.latent]),
    noise: Noise = randn,
  ): Metrics {
    const { discriminator: D } = this.networks
    const { gamma, r1Every } = this.options
    const x = this.canvas.put(real())
    const generated = this.generate(() => latent(x.shape[0]), noise)

    const { lossD, onReal, onFake } = scope(() => {
      const penalised = this.course === PENALISED
      const points = stopGradient(x)
      points.requiresGrad = penalised
      const logits = { real: D.forward(points), fake: D.forward(stopGradient(generated)) }
      const loss = this.loss.discriminator(logits.real, logits.fake)
      const penalty = penalised ? mul(r1(logits.real, points), gamma / 2) : undefined
      const total = penalty ? add(loss, mul(penalty, r1Every)) : loss
      this.optimizers.discriminator.step(grad(total, this.paramsD))
      if (penalty) assign(D.penalty, penalty)
      return {
        lossD: loss,
        onReal: mean(this.loss.opinion(logits.real)),
        onFake: mean(this.loss.opinion(logits.fake)),
      }
    })

    const logits = D.forward(generated)
    const lossG = this.loss.generator(logits)
    this.optimizers.generator.step(grad(lossG, this.paramsG))
    this.averages.generator.update()

    const after = mean(this.loss.opinion(logits))
    return { lossD, lossG, R1: add(D.penalty, 0), 'D(x)': onReal, 'D(G(z))': onFake, 'D(G(z)) after': after }
  }

  /** Images of fresh latents, with noise and style mixing; w̄ follows their styles. */
  private generate(latent: () => Tensor, noise: Noise): Tensor {
    const { mapping, synthesis } = this.networks.generator
    const { mixing } = this.options
    const layers = synthesis.layers.length
    const w = mapping.forward(latent())
    this.follow(w)
    if (mixing === 0) return synthesis.forward(Array(layers).fill(w), noise)
    // Both choices are drawn on the GPU: they belong to the checkpointed stream, and nothing is read back.
    const mixed = less(uniform([1]), mixing)
    const crossover = where(mixed, add(randomIntegers([1], layers - 1), 1), layers)
    return synthesis.forward(mixStyles(w, mapping.forward(latent()), crossover, layers), noise)
  }

  /** w̄ ← β w̄ + (1 - β) E w */
  private follow(w: Tensor): void {
    const { meanStyle } = this.networks.generator
    const { styleDecay } = this.options
    scope(() =>
      noGrad(() =>
        assign(meanStyle, add(mul(meanStyle, styleDecay), mul(mean(w, { axes: 0 }), 1 - styleDecay))),
      ),
    )
  }

  /** Images of z by the averaged generator; the same z gives the same image unless noise is drawn. */
  sample(z: Tensor, { psi = 1, noise = 'fixed' }: SampleOptions = {}): Tensor {
    return this.render(
      (G) => Array(G.synthesis.layers.length).fill(G.truncate(G.mapping.forward(z), psi)),
      noise,
    )
  }

  /** The layers [from, to) of coarse (up to 8x8), middle (16x16) and fine styles, as figure 3 tells them apart. */
  get groups(): { name: string; layers: readonly [number, number] }[] {
    const { length } = this.networks.generator.synthesis.layers
    const groups = { coarse: [0, 4], middle: [4, 6], fine: [6, length] } as const
    return Object.entries(groups)
      .filter(([, [from]]) => from < length)
      .map(([name, layers]) => ({ name, layers }))
  }

  /** Images of a, with the styles of b in the layers [from, to): figure 3. */
  mix(
    a: Tensor,
    b: Tensor,
    [from, to]: readonly [number, number],
    { psi = 1, noise = 'fixed' }: SampleOptions = {},
  ): Tensor {
    return this.render((G) => {
      const [wA, wB] = [a, b].map((z) => G.truncate(G.mapping.forward(z), psi))
      return G.synthesis.layers.map((_, i) => (i >= from && i < to ? wB : wA))
    }, noise)
  }

  private render(styles: (G: Generator) => Tensor[], noise: Noise): Tensor {
    const { generator: G } = this.networks
    return scope(() =>
      noGrad(() =>
        this.averages.generator.averaged(() => this.canvas.cut(G.synthesis.forward(styles(G), noise))),
      ),
    )
  }
}
