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
  stopGradient,
  type Tensor,
  uniform,
  where,
} from '../../engine/index.ts'
import type { ImageSize, Metrics, StyledModel } from '../model.ts'
import { Canvas } from '../nets/canvas.ts'
import { Discriminator, Generator, type Noise, Synthesis, type SynthesisNet } from '../nets/styleganNets.ts'
import { type LossName, losses, type OpinionLoss } from '../training/losses.ts'
import { packedSize, type Settings, Stabilised, withTargets } from '../training/stabilisers/index.ts'
import { r1 } from '../training/stabilisers/penalties.ts'

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

/** Style mixing (section 3.1): the style of each of `layers` layers, w1 before layer `crossover` [1] and w2 from it on. */
export const mixStyles = (w1: Tensor, w2: Tensor, crossover: Tensor, layers: number): Tensor[] =>
  Array.from({ length: layers }, (_, i) => where(greater(crossover, i), w1, w2))

export interface SampleOptions {
  /** ψ of truncation: 1 for none, 0 for the mean style alone. */
  psi?: number
  noise?: Noise
}

/** What the networks are, for images that G makes and D sees (in packs, perhaps). */
type Build<G extends Generator<SynthesisNet>> = (
  made: ImageSize,
  seen: ImageSize,
  options: StyleganLiteOptions,
) => { generator: G; discriminator: Discriminator }

const build: Build<Generator> = (made, seen, options) => ({
  generator: new Generator(made.size, made.channels, options, Synthesis),
  discriminator: new Discriminator(seen.size, seen.channels, options),
})

export class StyleganLite<G extends Generator<SynthesisNet> = Generator> implements StyledModel {
  readonly metrics: readonly string[] = ['lossD', 'lossG', 'R1', 'D(x)', 'D(G(z))', 'D(G(z)) after']
  readonly latent: number
  readonly networks: { generator: G; discriminator: Discriminator } & Record<string, object>
  readonly optimizers: { generator: optim.Adam; discriminator: optim.Adam }
  readonly averages: { generator: optim.EMA }
  private readonly options: StyleganLiteOptions
  protected readonly canvas: Canvas
  private readonly loss: OpinionLoss
  private readonly D: Stabilised
  private readonly paramsG: Tensor[]
  private readonly paramsD: Tensor[]

  constructor(
    image: ImageSize,
    options: Partial<StyleganLiteOptions> = {},
    loss: LossName = 'nonSaturating',
    aids: Settings = {},
    /** Left out by those alone whose G is Generator. */
    networks: Build<G> = build as Build<Generator<SynthesisNet>> as Build<G>,
  ) {
    this.loss = withTargets(losses[loss], aids)
    this.options = { ...DEFAULTS, ...options }
    this.latent = this.options.latent
    this.canvas = new Canvas(image, 'StyleGAN')
    const own = { size: this.canvas.size, channels: image.channels }
    const { generator, discriminator } = networks(own, packedSize(own, aids), this.options)
    this.D = new Stabilised(discriminator, own, aids)
    this.networks = { generator, discriminator, ...this.D.state }
    this.paramsG = nn.parameters(generator)
    this.paramsD = this.D.parameters
    const { lr, beta1, beta2, emaDecay } = this.options
    this.optimizers = {
      generator: new optim.Adam(this.paramsG, { lr, betas: [beta1, beta2] }),
      discriminator: new optim.Adam(this.paramsD, { lr: lr * (aids.ttur ?? 1), betas: [beta1, beta2] }),
    }
    this.D.use(this.optimizers.generator, this.optimizers.discriminator)
    this.averages = { generator: new optim.EMA(this.paramsG, { decay: emaDecay }) }
  }

  /** Whether the next step takes the penalty. Adam's count is part of a checkpoint: a resumed run keeps the rhythm. */
  get course(): string {
    return this.penalises ? PENALISED : 'plain'
  }

  private get penalises(): boolean {
    return this.optimizers.discriminator.t % this.options.r1Every === 0
  }

  /** What G's loss is regularised by in the next step, if by anything; weighed already, and not part of what is reported. */
  protected regularizer(
    _latent: (count: number) => Tensor,
    _count: number,
    _noise: (shape: readonly number[]) => Tensor,
  ): Tensor | undefined {
    return undefined
  }

  /** Non-saturating loss with R1 (appendix C), reported as last taken. G is trained on the images that D was, against the updated D. */
  step(
    real: () => Tensor,
    latent = (count: number): Tensor => randn([count, this.latent]),
    noise: (shape: readonly number[]) => Tensor = randn,
  ): Metrics {
    const { D } = this // the discriminator, with what stabilises it
    const { penalty: last } = this.networks.discriminator
    const { gamma, r1Every } = this.options
    const x = this.canvas.put(real())
    const [N] = x.shape
    const styles = this.styles(() => latent(N))
    const generated = this.networks.generator.synthesis.forward(styles, noise)

    const { lossD, onReal, onFake } = scope(() => {
      const penalised = this.penalises
      const points = stopGradient(x)
      points.requiresGrad = penalised
      const logits = { real: D.forward(points), fake: D.forward(D.generated(generated)) }
      const loss = this.loss.discriminator(logits.real, logits.fake)
      const penalty = penalised ? mul(r1(logits.real, points), gamma / 2) : undefined
      const total = penalty ? add(loss, mul(penalty, r1Every)) : loss
      this.optimizers.discriminator.step(grad(total, this.paramsD))
      if (penalty) assign(last, penalty)
      return {
        lossD: loss,
        onReal: mean(this.loss.opinion(logits.real)),
        onFake: mean(this.loss.opinion(logits.fake)),
      }
    })

    const logits = D.forward(generated)
    const lossG = this.loss.generator(logits)
    const regularizer = this.regularizer(latent, N, noise)
    this.optimizers.generator.step(grad(regularizer ? add(lossG, regularizer) : lossG, this.paramsG))
    this.averages.generator.update()

    const after = mean(this.loss.opinion(logits))
    return { lossD, lossG, R1: add(last, 0), 'D(x)': onReal, 'D(G(z))': onFake, 'D(G(z)) after': after }
  }

  /** Styles of fresh latents, mixed; w̄ follows them. */
  protected styles(latent: () => Tensor): Tensor[] {
    const { mapping, synthesis } = this.networks.generator
    const { mixing } = this.options
    const count = synthesis.styleSizes.length
    const w = mapping.forward(latent())
    this.follow(w)
    if (mixing === 0) return Array(count).fill(w)
    // Both choices are drawn on the GPU: they belong to the checkpointed stream, and nothing is read back.
    const mixed = less(uniform([1]), mixing)
    const crossover = where(mixed, add(randomIntegers([1], count - 1), 1), count)
    return mixStyles(w, mapping.forward(latent()), crossover, count)
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
      (G) => Array(G.synthesis.styleSizes.length).fill(G.truncate(G.mapping.forward(z), psi)),
      noise,
    )
  }

  /** Styles w of z by the averaged generator. */
  stylesOf(z: Tensor): Tensor {
    const { generator: G } = this.networks
    return this.averages.generator.averaged(() => G.mapping.forward(z))
  }

  /** Images of styles w by the averaged generator. */
  fromStyles(w: Tensor, { psi = 1, noise = 'fixed' }: SampleOptions = {}): Tensor {
    return this.render((G) => Array(G.synthesis.styleSizes.length).fill(G.truncate(w, psi)), noise)
  }

  /** The styles [from, to) of coarse (up to 8x8), middle (16x16) and fine layers, as figure 3 tells them apart. */
  get groups(): { name: string; layers: readonly [number, number] }[] {
    const sizes = this.networks.generator.synthesis.styleSizes
    const below = (size: number): number => sizes.filter((at) => at < size).length
    const groups = {
      coarse: [0, below(16)],
      middle: [below(16), below(32)],
      fine: [below(32), sizes.length],
    } as const
    return Object.entries(groups)
      .filter(([, [from, to]]) => from < to)
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
      return G.synthesis.styleSizes.map((_, i) => (i >= from && i < to ? wB : wA))
    }, noise)
  }

  private render(styles: (G: Generator<SynthesisNet>) => Tensor[], noise: Noise): Tensor {
    const { generator: G } = this.networks
    return this.averages.generator.averaged(() => this.canvas.cut(G.synthesis.forward(styles(G), noise)))
  }
}
