/** WGAN: Arjovsky, Chintala & Bottou 2017, "Wasserstein GAN" (arXiv:1701.07875). */
import { grad, mean, nn, optim, randn, scope, sub, type Tensor, untaped } from '../../engine/index.ts'
import { evaluate, type GanModel, type Metrics, type SampleSize } from '../model.ts'
import { networksFor } from '../nets/networks.ts'
import { wasserstein } from '../training/losses.ts'
import { generatorPenalty, plus, type Settings, Stabilised } from '../training/stabilisers/index.ts'

/** Algorithm 1's "Require", the values of the paper's experiments; the networks are DCGAN's. */
export const DEFAULTS = {
  lr: 5e-5, // α
  clip: 0.01, // c
  nCritic: 5, // n_critic
  latent: 100,
  width: 64,
  depth: 2, // hidden layers, of the perceptrons for points
}
export type WganOptions = typeof DEFAULTS

export class Wgan implements GanModel {
  readonly metrics = ['lossD', 'lossG', 'W']
  readonly latent: number
  readonly networks: { generator: nn.Layer; critic: nn.Layer } & Record<string, object>
  readonly optimizers: { generator: optim.RMSprop; critic: optim.RMSprop }
  /** Undefined where the score of a sample depends on others. */
  readonly judge?: (x: Tensor) => Tensor
  private readonly options: WganOptions
  private readonly f: Stabilised
  private readonly theta: Tensor[]
  private readonly w: Tensor[]

  constructor(
    sample: SampleSize,
    options: Partial<WganOptions> = {},
    private readonly aids: Settings = {},
  ) {
    this.options = { ...DEFAULTS, ...options }
    this.latent = this.options.latent
    const { generator, critic } = networksFor(sample, this.options, { aids })
    this.f = new Stabilised(critic, sample, aids)
    if (this.f.judgesAlone) this.judge = (x) => this.f.judge(x)
    this.networks = { generator, critic, ...this.f.state }
    this.theta = nn.parameters(generator)
    this.w = this.f.parameters
    const { lr } = this.options
    this.optimizers = {
      generator: new optim.RMSprop(this.theta, { lr }),
      critic: new optim.RMSprop(this.w, { lr: lr * (aids.ttur ?? 1) }),
    }
    this.f.use(this.optimizers.generator, this.optimizers.critic)
  }

  /** Algorithm 1. */
  step(real: () => Tensor, latent = (count: number): Tensor => randn([count, this.latent])): Metrics {
    const { f } = this // the critic, with what stabilises it
    const { generator: g } = this.networks
    const { nCritic, clip } = this.options
    const criticStep = () =>
      scope(() => {
        const x = real() // 3: Sample {x} ~ P_r a batch from the real data
        const m = x.shape[0]
        const z = latent(m) // 4: Sample {z} ~ p(z) a batch of prior samples
        // 5: g_w ← ∇_w [1/m Σ f_w(x) - 1/m Σ f_w(g_θ(z))], here of its negative, to descend
        const fake = () => f.generated(untaped(() => g.forward(z)))
        const scores = { real: f.forward(x), fake: f.forward(fake()) }
        const lossD = wasserstein.discriminator(scores.real, scores.fake)
        this.optimizers.critic.step(grad(lossD, this.w)) // 6: w ← w + α RMSProp(w, g_w)
        this.optimizers.critic.clip(clip) // 7: w ← clip(w, -c, c)
        return { lossD, W: sub(mean(scores.real), mean(scores.fake)), m }
      })
    let last = criticStep()
    for (let t = 1; t < nCritic; t++) last = criticStep() // 2: for t = 0, ..., n_critic do

    const z = latent(last.m) // 9: Sample {z} ~ p(z) a batch of prior samples
    // 10: g_θ ← -∇_θ 1/m Σ f_w(g_θ(z))
    const lossG = wasserstein.generator(f.forward(g.forward(z)))
    this.optimizers.generator.step(grad(plus(lossG, generatorPenalty(g, this.aids)), this.theta)) // 11: θ ← θ - α RMSProp(θ, g_θ)
    return { lossD: last.lossD, lossG, W: last.W }
  }

  sample(z: Tensor): Tensor {
    return evaluate(this.networks.generator, z)
  }
}
