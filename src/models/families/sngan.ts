/** SN-GAN: Miyato, Kataoka, Koyama & Yoshida 2018, "Spectral normalization for generative adversarial networks" (arXiv:1802.05957). */
import {
  concat,
  grad,
  mean,
  nn,
  optim,
  randn,
  scope,
  slice,
  type Tensor,
  untaped,
} from '../../engine/index.ts'
import { evaluate, type GanModel, type ImageSize, type Metrics } from '../model.ts'
import { ResidualCritic, ResidualGenerator } from '../nets/residual.ts'
import { type LossName, losses, type OpinionLoss } from '../training/losses.ts'
import { packedSize, plus, type Settings, Stabilised, withTargets } from '../training/stabilisers/index.ts'

/** Section 4 and table 4, of the residual networks. */
export const DEFAULTS = {
  nDis: 5, // n_dis, updates of D for each of G
  latent: 128,
  width: 128, // channels of D
  widthG: 256, // channels of G
  lr: 2e-4, // α; differs: the paper lets it fall to 0 over its 100,000 steps
  beta1: 0,
  beta2: 0.9,
}
export type SnganOptions = typeof DEFAULTS

export class Sngan implements GanModel {
  readonly metrics: readonly string[]
  readonly latent: number
  readonly networks: { generator: ResidualGenerator; discriminator: ResidualCritic } & Record<string, object>
  readonly optimizers: { generator: optim.Adam; discriminator: optim.Adam }
  private readonly nDis: number
  private readonly loss: OpinionLoss
  private readonly D: Stabilised
  private readonly paramsG: Tensor[]
  private readonly paramsD: Tensor[]

  constructor(
    image: ImageSize,
    options: Partial<SnganOptions> = {},
    loss: LossName = 'hinge',
    aids: Settings = {},
  ) {
    const { nDis, latent, width, widthG, lr, beta1, beta2 } = { ...DEFAULTS, ...options }
    this.nDis = nDis
    this.loss = withTargets(losses[loss], aids)
    this.latent = latent
    const generator = new ResidualGenerator(image, { latent, width: widthG })
    const discriminator = new ResidualCritic(packedSize(image, aids), { width, pool: 'sum', spectral: true })
    this.D = new Stabilised(discriminator, image, aids)
    this.metrics = ['lossD', 'lossG', 'D(x)', 'D(G(z))', 'D(G(z)) after', ...this.D.metrics]
    this.networks = { generator, discriminator, ...this.D.state }
    this.paramsG = nn.parameters(generator)
    this.paramsD = this.D.parameters
    const betas = [beta1, beta2] as const
    this.optimizers = {
      generator: new optim.Adam(this.paramsG, { lr, betas }),
      discriminator: new optim.Adam(this.paramsD, { lr: lr * (aids.ttur ?? 1), betas }),
    }
    this.D.use(this.optimizers.generator, this.optimizers.discriminator)
  }

  /**
   * Algorithm 1 (appendix A) for each update of D, with the hinge loss (equations 16 and 17): D's pass takes a step of
   * the power iteration for all of its layers, then divides each W by its σ(W). Real and generated images pass D as
   * one batch, so that there is one such step an update; G's pass through the updated D takes another.
   */
  step(real: () => Tensor, latent = (count: number): Tensor => randn([count, this.latent])): Metrics {
    const { loss, D } = this // D: the discriminator, with what stabilises it
    const { generator: G } = this.networks
    const discriminatorStep = () =>
      scope(() => {
        const x = D.real(real())
        const m = x.shape[0]
        const generated = D.generated(untaped(() => G.forward(latent(m))))
        const logits = D.forward(concat([x, generated]))
        const half = logits.shape[0] / 2
        const onReal = slice(logits, { end: [half, 1] })
        const onFake = slice(logits, { start: [half, 0] })
        const lossD = loss.discriminator(onReal, onFake)
        const penalty = D.penalty(x, generated, onReal)
        this.optimizers.discriminator.step(grad(plus(lossD, penalty), this.paramsD))
        return { lossD, penalty, onReal: mean(loss.opinion(onReal)), onFake: mean(loss.opinion(onFake)), m }
      })
    let last = discriminatorStep()
    for (let i = 1; i < this.nDis; i++) last = discriminatorStep()

    const logits = D.forward(G.forward(latent(last.m)))
    const lossG = loss.generator(logits)
    this.optimizers.generator.step(grad(lossG, this.paramsG))
    const after = mean(loss.opinion(logits))
    const { lossD, onReal, onFake, penalty } = last
    const metrics = { lossD, lossG, 'D(x)': onReal, 'D(G(z))': onFake, 'D(G(z)) after': after }
    return penalty ? { ...metrics, penalty } : metrics
  }

  sample(z: Tensor): Tensor {
    return evaluate(this.networks.generator, z)
  }
}
