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
  sqrt,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
  uniform,
} from '../engine/index.ts'
import { wasserstein } from './losses.ts'
import { evaluate, type GanModel, type Metrics, type SampleSize } from './model.ts'
import { networksFor } from './networks.ts'

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

/** (‖∇_x̂ D(x̂)‖₂ - 1)² averaged over the batch, of equation 3: through the gradient, so D is differentiated twice. */
export function gradientPenalty(D: nn.Layer, points: Tensor): Tensor {
  const xHat = stopGradient(points)
  xHat.requiresGrad = true
  // D treats its samples apart (no batch norm), so the gradient of the sum holds each sample's own.
  const [gradient] = grad(sum(D.forward(xHat)), [xHat], { createGraph: true })
  const squares = sum(square(reshape(gradient, [points.shape[0], -1])), { axes: 1 })
  const norms = sqrt(add(squares, 1e-12)) // a root has no slope at 0
  return mean(square(sub(norms, 1)))
}

export class WganGp implements GanModel {
  readonly metrics = ['lossD', 'lossG', 'W', 'penalty']
  readonly latent: number
  readonly networks: { generator: nn.Layer; critic: nn.Layer }
  readonly optimizers: { generator: optim.Adam; critic: optim.Adam }
  private readonly options: WganGpOptions
  private readonly theta: Tensor[]
  private readonly w: Tensor[]

  constructor(sample: SampleSize, options: Partial<WganGpOptions> = {}) {
    this.options = { ...DEFAULTS, ...options }
    this.latent = this.options.latent
    this.networks = networksFor(sample, this.options, { norm: false }) // section 4, "No critic batch normalization"
    this.theta = nn.parameters(this.networks.generator)
    this.w = nn.parameters(this.networks.critic)
    const { lr, beta1, beta2, decaySteps, nCritic } = this.options
    // The paper's own program lets α fall to 0 in its deepest networks; not quite here, so that training can go on.
    const rate = (steps: number): number => (decaySteps ? lr * Math.max(0.01, 1 - steps / decaySteps) : lr)
    const betas = [beta1, beta2] as const
    this.optimizers = {
      generator: new optim.Adam(this.theta, { lr: rate, betas }),
      critic: new optim.Adam(this.w, { lr: (steps) => rate(steps / nCritic), betas }),
    }
  }

  /** Algorithm 1; `random` draws ε. */
  step(
    real: () => Tensor,
    latent = (count: number): Tensor => randn([count, this.latent]),
    random = (count: number): Tensor => uniform([count]),
  ): Metrics {
    const { generator: G, critic: D } = this.networks
    const { nCritic, lambda } = this.options
    const criticStep = () =>
      scope(() => {
        const x = real() // 4: Sample real data x ~ P_r,
        const m = x.shape[0]
        const z = latent(m) //    latent variable z ~ p(z),
        const epsilon = reshape(random(m), [m, ...x.shape.slice(1).fill(1)]) //    a random number ε ~ U[0, 1].
        const xTilde = stopGradient(G.forward(z)) // 5: x̃ ← G_θ(z)
        const xHat = add(xTilde, mul(epsilon, sub(x, xTilde))) // 6: x̂ ← ε x + (1 - ε) x̃
        // 7: L ← D_w(x̃) - D_w(x) + λ (‖∇_x̂ D_w(x̂)‖₂ - 1)²
        const scores = { real: D.forward(x), fake: D.forward(xTilde) }
        const penalty = gradientPenalty(D, xHat)
        const lossD = add(wasserstein.discriminator(scores.real, scores.fake), mul(penalty, lambda))
        this.optimizers.critic.step(grad(lossD, this.w)) // 9: w ← Adam(∇_w 1/m Σ L, w, α, β1, β2)
        return { lossD, penalty, W: sub(mean(scores.real), mean(scores.fake)), m }
      })
    let last = criticStep()
    for (let t = 1; t < nCritic; t++) last = criticStep() // 2: for t = 1, ..., n_critic do

    const z = latent(last.m) // 11: Sample a batch of latent variables {z} ~ p(z).
    const lossG = wasserstein.generator(D.forward(G.forward(z)))
    this.optimizers.generator.step(grad(lossG, this.theta)) // 12: θ ← Adam(∇_θ 1/m Σ -D_w(G_θ(z)), θ, α, β1, β2)
    return { lossD: last.lossD, lossG, W: last.W, penalty: last.penalty }
  }

  sample(z: Tensor): Tensor {
    return evaluate(this.networks.generator, z)
  }

  judge(x: Tensor): Tensor {
    return this.networks.critic.forward(x)
  }
}
