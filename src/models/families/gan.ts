/** GAN: Goodfellow et al. 2014, "Generative adversarial nets" (arXiv:1406.2661). */
import { grad, mean, nn, optim, randn, scope, type Tensor, untaped } from '../../engine/index.ts'
import type { GanModel, Metrics, SampleSize } from '../model.ts'
import { MlpDiscriminator, MlpGenerator } from '../nets/mlp.ts'
import { type LossName, losses, type OpinionLoss } from '../training/losses.ts'
import { falling } from '../training/rates.ts'
import {
  featuresFor,
  generatorPenalty,
  packedSize,
  plus,
  type Settings,
  Stabilised,
  withTargets,
} from '../training/stabilisers/index.ts'

export const DEFAULTS = {
  k: 1, // discriminator steps per generator step: "we used k = 1, the least expensive option"
  latent: 100,
  width: 256, // units of a hidden layer
  depth: 2, // hidden layers
  pieces: 2, // linear maps that compete in a maxout unit of the discriminator
  lr: 2e-4,
  beta1: 0.5,
  beta2: 0.999,
  decaySteps: 0, // steps in which lr falls evenly to a hundredth of itself; 0 for never
  emaDecay: 0, // of the averaged generator that samples are drawn from; 0 for none, as in the paper
}
export type GanOptions = typeof DEFAULTS

export class Gan implements GanModel {
  readonly metrics: readonly string[]
  readonly latent: number
  readonly networks: { generator: MlpGenerator; discriminator: MlpDiscriminator } & Record<string, object>
  readonly optimizers: { generator: optim.Adam; discriminator: optim.Adam }
  readonly averages: Record<string, optim.EMA>
  /** Undefined where D's opinion of a sample depends on others. */
  readonly judge?: (x: Tensor) => Tensor
  private readonly k: number
  private readonly loss: OpinionLoss
  private readonly D: Stabilised
  private readonly paramsG: Tensor[]
  private readonly paramsD: Tensor[]

  constructor(
    sample: SampleSize,
    options: Partial<GanOptions> = {},
    loss: LossName = 'nonSaturating',
    private readonly aids: Settings = {},
  ) {
    const all = { ...DEFAULTS, ...options }
    this.k = all.k
    this.loss = withTargets(losses[loss], aids)
    this.latent = all.latent
    const generator = new MlpGenerator(sample, { ...all, dropout: aids.dropout })
    const discriminator = new MlpDiscriminator(packedSize(sample, aids), all, featuresFor(aids))
    this.D = new Stabilised(discriminator, sample, aids)
    this.metrics = ['lossD', 'lossG', 'D(x)', 'D(G(z))', 'D(G(z)) after', ...this.D.metrics]
    if (this.D.judgesAlone) this.judge = (x) => this.loss.opinion(this.D.judge(x))
    this.networks = { generator, discriminator, ...this.D.state }
    this.paramsG = nn.parameters(generator)
    this.paramsD = this.D.parameters
    // differs: the paper uses momentum and a schedule; Adam needs neither.
    const { lr, decaySteps, k, beta1, beta2 } = all
    const { ttur = 1 } = aids
    const betas = [beta1, beta2] as const
    this.optimizers = {
      generator: new optim.Adam(this.paramsG, { lr: falling(lr, decaySteps), betas }),
      discriminator: new optim.Adam(this.paramsD, { lr: falling(lr * ttur, decaySteps * k), betas }),
    }
    this.D.use(this.optimizers.generator, this.optimizers.discriminator)
    this.averages = all.emaDecay ? { generator: new optim.EMA(this.paramsG, { decay: all.emaDecay }) } : {}
  }

  /** Algorithm 1; G's objective is by default the non-saturating one, which the paper trains with. */
  step(real: () => Tensor, latent = (count: number): Tensor => randn([count, this.latent])): Metrics {
    const { loss, D } = this // D: the discriminator, with what stabilises it
    const { generator: G } = this.networks
    const discriminatorStep = () =>
      scope(() => {
        const x = D.real(real()) // Sample minibatch of m examples from the data generating distribution.
        const m = x.shape[0]
        const z = latent(m) // Sample minibatch of m noise samples from noise prior p_g(z).
        // Update the discriminator by ascending its stochastic gradient.
        const fake = D.generated(untaped(() => G.forward(z)))
        const logits = { real: D.forward(x), fake: D.forward(fake) }
        const lossD = loss.discriminator(logits.real, logits.fake)
        const penalty = D.penalty(x, fake, logits.real)
        this.optimizers.discriminator.step(grad(plus(lossD, penalty), this.paramsD))
        D.clip()
        const [onReal, onFake] = [logits.real, logits.fake].map((a) => mean(loss.opinion(a)))
        return { lossD, penalty, onReal, onFake, m }
      })
    let last = discriminatorStep()
    for (let i = 1; i < this.k; i++) last = discriminatorStep() // for k steps do

    const z = latent(last.m) // Sample minibatch of m noise samples from noise prior p_g(z).
    // Update the generator by descending its stochastic gradient.
    const logits = D.ahead(G.forward(z), real, loss)
    const lossG = loss.generator(logits)
    this.optimizers.generator.step(grad(plus(lossG, generatorPenalty(G, this.aids)), this.paramsG))
    this.averages.generator?.update()
    const after = mean(loss.opinion(logits))
    const { lossD, onReal, onFake, penalty } = last
    const metrics = { lossD, lossG, 'D(x)': onReal, 'D(G(z))': onFake, 'D(G(z)) after': after }
    return penalty ? { ...metrics, penalty } : metrics
  }

  sample(z: Tensor): Tensor {
    const { generator } = this.networks
    return this.averages.generator?.averaged(() => generator.forward(z)) ?? generator.forward(z)
  }
}
