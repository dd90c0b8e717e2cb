/** WGAN-GP: Gulrajani et al. 2017, "Improved training of Wasserstein GANs" (arXiv:1704.00028). */
import { add, mean, mul, nn, optim, reshape, scope, sub, untaped } from '../../engine/index.ts'
import { sample } from '../data/fields.ts'
import { family } from '../family.ts'
import { criticFor, generatorFor } from '../nets/networks.ts'
import { amount, count, countOrNone, decay, toggle } from '../options.ts'
import { wasserstein } from '../training/losses.ts'
import { falling } from '../training/rates.ts'
import { ANY, LAYERS, RESHAPED } from '../training/stabilisers/names.ts'
import { gradientPenalty } from '../training/stabilisers/penalties.ts'

export default family({
  about: 'Gulrajani et al. 2017 (arXiv:1704.00028): the critic held 1-Lipschitz by a gradient penalty',
  takes: { x: sample() },
  /** Algorithm 1's "Require", and networks after DCGAN's. */
  options: {
    lambda: amount(10, 'λ, the gradient penalty coefficient'),
    nCritic: count(5, 'n_critic, updates of the critic for each of the generator'),
    lr: amount(1e-4, "α, Adam's rate"),
    beta1: decay(0, "Adam's β1"),
    beta2: decay(0.9, "Adam's β2"),
    // The paper's own program lets α fall in its deepest networks.
    decaySteps: countOrNone(0, 'steps in which α falls evenly to a hundredth of itself; 0 for never'),
    latent: count(100, 'length of z'),
    width: count(64, 'channels next to the image, or units of a hidden layer'),
    depth: count(2, 'hidden layers, of the perceptrons for points'),
    residual: toggle(false, "the residual networks of its appendix in place of DCGAN's, for images"),
  },
  presets: {
    software: { options: { width: 16, lr: 5e-4 }, batch: 32, steps: 2600 },
    gpu: { options: {}, batch: 64, steps: 10000 },
    points: {
      options: { width: 128, depth: 3, latent: 2, lr: 3e-3, lambda: 0.1, decaySteps: 2500 },
      batch: 256,
      steps: 2500,
    },
  },
  stabilisers: ({ residual }) => (residual ? [...ANY, 'spectral'] : [...ANY, ...LAYERS, ...RESHAPED]),

  build({ x: kind }, o, kit) {
    // section 4, "No critic batch normalization"
    const D = kit.discriminator(kind, (sees, layers) => criticFor(sees, o, { ...layers, norm: false }))
    const G = generatorFor(kind, { ...o, dropout: kit.dropout })
    const betas = [o.beta1, o.beta2] as const
    const theta = new optim.Adam(nn.parameters(G), { lr: falling(o.lr, o.decaySteps), betas })
    const w = new optim.Adam(D.parameters, { lr: falling(o.lr, o.decaySteps * o.nCritic), betas })
    return {
      networks: { generator: G, critic: D },
      optimizers: { generator: theta, critic: w },
      metrics: { lossD: 'loss', lossG: 'loss', W: 'score', penalty: 'penalty' },

      /** Algorithm 1. */
      step({ draw, normal, uniform, minimize }) {
        const criticStep = () =>
          scope(() => {
            const { x } = draw() // 4: Sample real data x ~ P_r,
            const m = x.shape[0]
            const z = normal([m, o.latent]) //    latent variable z ~ p(z),
            const epsilon = reshape(uniform([m]), [m, ...x.shape.slice(1).fill(1)]) //    a random number ε ~ U[0, 1].
            const xTilde = untaped(() => G.forward(z)) // 5: x̃ ← G_θ(z)
            const xHat = add(xTilde, mul(epsilon, sub(x, xTilde))) // 6: x̂ ← ε x + (1 - ε) x̃
            // 7: L ← D_w(x̃) - D_w(x) + λ (‖∇_x̂ D_w(x̂)‖₂ - 1)²
            const scores = { real: D.onReal(x), fake: D.onFake(xTilde) }
            const penalty = gradientPenalty(D.plain, xHat, D.pack)
            const lossD = add(wasserstein.discriminator(scores.real, scores.fake), mul(penalty, o.lambda))
            minimize(w, lossD) // 9: w ← Adam(∇_w 1/m Σ L, w, α, β1, β2)
            return { lossD, penalty, W: sub(mean(scores.real), mean(scores.fake)), m }
          })
        let last = criticStep()
        for (let t = 1; t < o.nCritic; t++) last = criticStep() // 2: for t = 1, ..., n_critic do

        const z = normal([last.m, o.latent]) // 11: Sample a batch of latent variables {z} ~ p(z).
        const lossG = wasserstein.generator(D.onFake(G.forward(z)))
        minimize(theta, lossG) // 12: θ ← Adam(∇_θ 1/m Σ -D_w(G_θ(z)), θ, α, β1, β2)
        return { lossD: last.lossD, lossG, W: last.W, penalty: last.penalty }
      },

      views: {
        samples: {
          about: 'samples of z',
          shows: kind,
          latents: { z: { kind: 'normal', size: o.latent } },
          draw: ({ z }) => nn.evaluating(G, () => G.forward(z)),
        },
      },
      judge: (x) => D.judge(x),
    }
  },
})
