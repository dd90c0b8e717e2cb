/** GAN: Goodfellow et al. 2014, "Generative adversarial nets" (arXiv:1406.2661). */
import { grad, mean, nn, optim, randn, scope, stopGradient, type Tensor } from '../engine/index.ts'
import { type LossName, losses, type OpinionLoss } from './losses.ts'
import { MlpDiscriminator, MlpGenerator } from './mlp.ts'
import type { GanModel, Metrics, SampleSize } from './model.ts'

export const DEFAULTS = {
  k: 1, // discriminator steps per generator step: "we used k = 1, the least expensive option"
  latent: 100,
  width: 256, // units of a hidden layer
  depth: 2, // hidden layers
  pieces: 2, // linear maps that compete in a maxout unit of the discriminator
  lr: 2e-4,
  beta1: 0.5,
  beta2: 0.999,
  emaDecay: 0, // of the averaged generator that samples are drawn from; 0 for none, as in the paper
}
export type GanOptions = typeof DEFAULTS

export class Gan implements GanModel {
  readonly metrics = ['lossD', 'lossG', 'D(x)', 'D(G(z))', 'D(G(z)) after']
  readonly latent: number
  readonly networks: { generator: MlpGenerator; discriminator: MlpDiscriminator }
  readonly optimizers: { generator: optim.Adam; discriminator: optim.Adam }
  readonly averages: Record<string, optim.EMA>
  private readonly k: number
  private readonly loss: OpinionLoss
  private readonly paramsG: Tensor[]
  private readonly paramsD: Tensor[]

  constructor(sample: SampleSize, options: Partial<GanOptions> = {}, loss: LossName = 'nonSaturating') {
    const all = { ...DEFAULTS, ...options }
    this.k = all.k
    this.loss = losses[loss]
    this.latent = all.latent
    this.networks = {
      generator: new MlpGenerator(sample, all),
      discriminator: new MlpDiscriminator(sample, all),
    }
    this.paramsG = nn.parameters(this.networks.generator)
    this.paramsD = nn.parameters(this.networks.discriminator)
    // differs: the paper uses momentum and a schedule; Adam needs neither.
    const adam = { lr: all.lr, betas: [all.beta1, all.beta2] as const }
    this.optimizers = {
      generator: new optim.Adam(this.paramsG, adam),
      discriminator: new optim.Adam(this.paramsD, adam),
    }
    this.averages = all.emaDecay ? { generator: new optim.EMA(this.paramsG, { decay: all.emaDecay }) } : {}
  }

  /** Algorithm 1; G's objective is by default the non-saturating one, which the paper trains with. */
  step(real: () => Tensor, latent = (count: number): Tensor => randn([count, this.latent])): Metrics {
    const { generator: G, discriminator: D } = this.networks
    const { loss } = this
    const discriminatorStep = () =>
      scope(() => {
        const x = real() // Sample minibatch of m examples from the data generating distribution.
        const m = x.shape[0]
        const z = latent(m) // Sample minibatch of m noise samples from noise prior p_g(z).
        // Update the discriminator by ascending its stochastic gradient.
        const logits = { real: D.forward(x), fake: D.forward(stopGradient(G.forward(z))) }
        const lossD = loss.discriminator(logits.real, logits.fake)
        this.optimizers.discriminator.step(grad(lossD, this.paramsD))
        return { lossD, onReal: mean(loss.opinion(logits.real)), onFake: mean(loss.opinion(logits.fake)), m }
      })
    let last = discriminatorStep()
    for (let i = 1; i < this.k; i++) last = discriminatorStep() // for k steps do

    const z = latent(last.m) // Sample minibatch of m noise samples from noise prior p_g(z).
    // Update the generator by descending its stochastic gradient.
    const logits = D.forward(G.forward(z))
    const lossG = loss.generator(logits)
    this.optimizers.generator.step(grad(lossG, this.paramsG))
    this.averages.generator?.update()
    const after = mean(loss.opinion(logits))
    return { lossD: last.lossD, lossG, 'D(x)': last.onReal, 'D(G(z))': last.onFake, 'D(G(z)) after': after }
  }

  sample(z: Tensor): Tensor {
    const { generator } = this.networks
    return this.averages.generator?.averaged(() => generator.forward(z)) ?? generator.forward(z)
  }

  judge(x: Tensor): Tensor {
    return this.loss.opinion(this.networks.discriminator.forward(x))
  }
}
