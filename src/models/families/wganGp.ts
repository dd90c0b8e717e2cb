/** WGAN-GP: Gulrajani et al. 2017, "Improved training of Wasserstein GANs" (arXiv:1704.00028). */
import {
  add,
  grad,
  mean,
  mul,
  nn,
  optim,
  randn,
  reshape,
  scope,
  sub,
  type Tensor,
  uniform,
  untaped,
} from '../../engine/index.ts'
import { evaluate, type GanModel, type Metrics, type SampleSize } from '../model.ts'
import { networksFor } from '../nets/networks.ts'
import { wasserstein } from '../training/losses.ts'
import { falling } from '../training/rates.ts'
import { generatorPenalty, plus, type Settings, Stabilised } from '../training/stabilisers/index.ts'
import { gradientPenalty } from '../training/stabilisers/penalties.ts'

/** Algorithm 1's "Require", and networks after DCGAN's. */
export const DEFAULTS = {
  lambda: 10, // λ, the gradient penalty coefficient
  nCritic: 5, // n_critic
  lr: 1e-4, // α
  beta1: 0,
  beta2: 0.9,
  decaySteps: 0, // steps in which α falls evenly to a hundredth of itself; 0 for never
  latent: 100,
  width: 64,
  depth: 2, // hidden layers, of the perceptrons for points
  residual: 0, // 1 for the residual networks of its appendix in place of DCGAN's; of images
}
export type WganGpOptions = typeof DEFAULTS

export class WganGp implements GanModel {
  readonly metrics = ['lossD', 'lossG', 'W', 'penalty']
  readonly latent: number
  readonly networks: { generator: nn.Layer; critic: nn.Layer } & Record<string, object>
  readonly optimizers: { generator: optim.Adam; critic: optim.Adam }
  /** Undefined where the score of a sample depends on others. */
  readonly judge?: (x: Tensor) => Tensor
  private readonly options: WganGpOptions
  private readonly D: Stabilised
  private readonly theta: Tensor[]
  private readonly w: Tensor[]

  constructor(
    sample: SampleSize,
    options: Partial<WganGpOptions> = {},
    private readonly aids: Settings = {},
  ) {
    this.options = { ...DEFAULTS, ...options }
    this.latent = this.options.latent
    // section 4, "No critic batch normalization"
    const { generator, critic } = networksFor(sample, this.options, { norm: false, aids })
    this.D = new Stabilised(critic, sample, aids)
    if (this.D.judgesAlone) this.judge = (x) => this.D.judge(x)
    this.networks = { generator, critic, ...this.D.state }
    this.theta = nn.parameters(generator)
    this.w = this.D.parameters
    const { lr, beta1, beta2, decaySteps, nCritic } = this.options
    const betas = [beta1, beta2] as const
    // The paper's own program lets α fall in its deepest networks.
    const lrD = lr * (aids.ttur ?? 1)
    this.optimizers = {
      generator: new optim.Adam(this.theta, { lr: falling(lr, decaySteps), betas }),
      critic: new optim.Adam(this.w, { lr: falling(lrD, decaySteps * nCritic), betas }),
    }
    this.D.use(this.optimizers.generator, this.optimizers.critic)
  }

  /** Algorithm 1; `random` draws ε. */
  step(
    real: () => Tensor,
    latent = (count: number): Tensor => randn([count, this.latent]),
    random = (count: number): Tensor => uniform([count]),
  ): Metrics {
    const { D } = this // the critic, with what stabilises it
    const { generator: G } = this.networks
    const { nCritic, lambda } = this.options
    const criticStep = () =>
      scope(() => {
        const x = real() // 4: Sample real data x ~ P_r,
        const m = x.shape[0]
        const z = latent(m) //    latent variable z ~ p(z),
        const epsilon = reshape(random(m), [m, ...x.shape.slice(1).fill(1)]) //    a random number ε ~ U[0, 1].
        const xTilde = D.generated(untaped(() => G.forward(z))) // 5: x̃ ← G_θ(z)
        const xHat = add(xTilde, mul(epsilon, sub(x, xTilde))) // 6: x̂ ← ε x + (1 - ε) x̃
        // 7: L ← D_w(x̃) - D_w(x) + λ (‖∇_x̂ D_w(x̂)‖₂ - 1)²
        const scores = { real: D.forward(x), fake: D.forward(xTilde) }
        const penalty = gradientPenalty(D.plain, xHat, this.aids.pack)
        const lossD = add(wasserstein.discriminator(scores.real, scores.fake), mul(penalty, lambda))
        this.optimizers.critic.step(grad(lossD, this.w)) // 9: w ← Adam(∇_w 1/m Σ L, w, α, β1, β2)
        return { lossD, penalty, W: sub(mean(scores.real), mean(scores.fake)), m }
      })
    let last = criticStep()
    for (let t = 1; t < nCritic; t++) last = criticStep() // 2: for t = 1, ..., n_critic do

    const z = latent(last.m) // 11: Sample a batch of latent variables {z} ~ p(z).
    const lossG = wasserstein.generator(D.forward(G.forward(z)))
    this.optimizers.generator.step(grad(plus(lossG, generatorPenalty(G, this.aids)), this.theta)) // 12: θ ← Adam(∇_θ 1/m Σ -D_w(G_θ(z)), θ, α, β1, β2)
    return { lossD: last.lossD, lossG, W: last.W, penalty: last.penalty }
  }

  sample(z: Tensor): Tensor {
    return evaluate(this.networks.generator, z)
  }
}
