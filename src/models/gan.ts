/** GAN: Goodfellow et al. 2014, "Generative adversarial nets" (arXiv:1406.2661). */
import {
  grad,
  max,
  mean,
  nn,
  optim,
  randn,
  relu,
  reshape,
  scope,
  sigmoid,
  stopGradient,
  type Tensor,
  tanh,
} from '../engine/index.ts'
import { nonSaturating } from './losses.ts'
import type { ImageModel, ImageSize, Metrics } from './model.ts'

export const DEFAULTS = {
  k: 1, // discriminator steps per generator step: "we used k = 1, the least expensive option"
  latent: 100,
  width: 256, // units of each of the two hidden layers
  pieces: 2, // linear maps that compete in a maxout unit of the discriminator
  lr: 2e-4,
  beta1: 0.5,
  beta2: 0.999,
}
export type GanOptions = typeof DEFAULTS

/** z [N, latent] -> images [N, size, size, channels] in (-1, 1): rectifiers, then tanh (the paper: a sigmoid). */
export class Generator {
  private readonly hidden: nn.Linear[]
  private readonly out: nn.Linear
  private readonly shape: number[]

  constructor({ size, channels }: ImageSize, { latent, width }: Pick<GanOptions, 'latent' | 'width'>) {
    const init = nn.init.heNormal()
    this.shape = [size, size, channels]
    this.hidden = [new nn.Linear(latent, width, { init }), new nn.Linear(width, width, { init })]
    this.out = new nn.Linear(width, size * size * channels)
  }

  forward(z: Tensor): Tensor {
    const y = this.hidden.reduce((h, layer) => relu(layer.forward(h)), z)
    return tanh(reshape(this.out.forward(y), [z.shape[0], ...this.shape]))
  }
}

/** Images -> logits [N, 1], through maxout units (Goodfellow et al. 2013, arXiv:1302.4389). */
export class Discriminator {
  private readonly hidden: nn.Linear[]
  private readonly out: nn.Linear
  private readonly pieces: number

  constructor({ size, channels }: ImageSize, { width, pieces }: Pick<GanOptions, 'width' | 'pieces'>) {
    const init = nn.init.heNormal()
    const units = width * pieces
    this.pieces = pieces
    this.hidden = [
      new nn.Linear(size * size * channels, units, { init }),
      new nn.Linear(width, units, { init }),
    ]
    this.out = new nn.Linear(width, 1)
  }

  forward(x: Tensor): Tensor {
    const N = x.shape[0]
    const maxout = (h: Tensor): Tensor => max(reshape(h, [N, -1, this.pieces]), { axes: 2 })
    return this.out.forward(this.hidden.reduce((h, layer) => maxout(layer.forward(h)), reshape(x, [N, -1])))
  }
}

export class Gan implements ImageModel {
  readonly metrics = ['lossD', 'lossG', 'D(x)', 'D(G(z))']
  readonly latent: number
  readonly networks: { generator: Generator; discriminator: Discriminator }
  readonly optimizers: { generator: optim.Adam; discriminator: optim.Adam }
  private readonly k: number
  private readonly paramsG: Tensor[]
  private readonly paramsD: Tensor[]

  constructor(image: ImageSize, options: Partial<GanOptions> = {}) {
    const all = { ...DEFAULTS, ...options }
    this.k = all.k
    this.latent = all.latent
    this.networks = { generator: new Generator(image, all), discriminator: new Discriminator(image, all) }
    this.paramsG = nn.parameters(this.networks.generator)
    this.paramsD = nn.parameters(this.networks.discriminator)
    // differs: the paper uses momentum and a schedule; Adam needs neither.
    const adam = { lr: all.lr, betas: [all.beta1, all.beta2] as const }
    this.optimizers = {
      generator: new optim.Adam(this.paramsG, adam),
      discriminator: new optim.Adam(this.paramsD, adam),
    }
  }

  /** Algorithm 1, with the generator's non-saturating objective that the paper trains with. */
  step(real: () => Tensor, latent = (count: number): Tensor => randn([count, this.latent])): Metrics {
    const { generator: G, discriminator: D } = this.networks
    const discriminatorStep = () =>
      scope(() => {
        const x = real() // Sample minibatch of m examples from the data generating distribution.
        const m = x.shape[0]
        const z = latent(m) // Sample minibatch of m noise samples from noise prior p_g(z).
        // Update the discriminator by ascending its stochastic gradient.
        const logits = { real: D.forward(x), fake: D.forward(stopGradient(G.forward(z))) }
        const lossD = nonSaturating.discriminator(logits.real, logits.fake)
        this.optimizers.discriminator.step(grad(lossD, this.paramsD))
        return { lossD, onReal: mean(sigmoid(logits.real)), onFake: mean(sigmoid(logits.fake)), m }
      })
    let last = discriminatorStep()
    for (let i = 1; i < this.k; i++) last = discriminatorStep() // for k steps do

    const z = latent(last.m) // Sample minibatch of m noise samples from noise prior p_g(z).
    // Update the generator by descending its stochastic gradient.
    const lossG = nonSaturating.generator(D.forward(G.forward(z)))
    this.optimizers.generator.step(grad(lossG, this.paramsG))
    return { lossD: last.lossD, lossG, 'D(x)': last.onReal, 'D(G(z))': last.onFake }
  }

  sample(z: Tensor): Tensor {
    return this.networks.generator.forward(z)
  }
}
