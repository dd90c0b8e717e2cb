/** WGAN: Arjovsky, Chintala & Bottou 2017, "Wasserstein GAN" (arXiv:1701.07875). */
import { mean, nn, optim, scope, sub, untaped } from '../../engine/index.ts'
import { sample } from '../data/fields.ts'
import { family } from '../family.ts'
import { criticFor, generatorFor } from '../nets/networks.ts'
import { amount, count, positive } from '../options.ts'
import { wasserstein } from '../training/losses.ts'
import { ANY, LAYERS } from '../training/stabilisers/names.ts'

export default family({
  about: "Arjovsky et al. 2017 (arXiv:1701.07875): DCGAN's networks, a critic with clipped weights",
  takes: { x: sample() },
  /** Algorithm 1's "Require", the values of the paper's experiments; the networks are DCGAN's. */
  options: {
    lr: amount(5e-5, "α, RMSProp's rate"),
    clip: positive(0.01, 'c, the bound of the weights'),
    nCritic: count(5, 'n_critic, updates of the critic for each of the generator'),
    latent: count(100, 'length of z'),
    width: count(64, 'channels next to the image, or units of a hidden layer'),
    depth: count(2, 'hidden layers, of the perceptrons for points'),
  },
  presets: {
    software: { options: { width: 16, lr: 5e-4 }, batch: 32, steps: 1200 },
    gpu: { options: {}, batch: 64, steps: 10000 },
    points: { options: { width: 64, latent: 2, lr: 1e-3, clip: 0.1 }, batch: 256, steps: 2000 },
  },
  stabilisers: [...ANY, ...LAYERS],

  build({ x: kind }, o, kit) {
    const f = kit.discriminator(kind, (sees, layers) => criticFor(sees, o, layers))
    const g = generatorFor(kind, { ...o, dropout: kit.dropout })
    const theta = new optim.RMSprop(nn.parameters(g), { lr: o.lr })
    const w = new optim.RMSprop(f.parameters, { lr: o.lr })
    return {
      networks: { generator: g, critic: f },
      optimizers: { generator: theta, critic: w },
      metrics: { lossD: 'loss', lossG: 'loss', W: 'score' },

      /** Algorithm 1. */
      step({ draw, normal, minimize }) {
        const criticStep = () =>
          scope(() => {
            const { x } = draw() // 3: Sample {x} ~ P_r a batch from the real data
            const m = x.shape[0]
            const z = normal([m, o.latent]) // 4: Sample {z} ~ p(z) a batch of prior samples
            // 5: g_w ← ∇_w [1/m Σ f_w(x) - 1/m Σ f_w(g_θ(z))], here of its negative, to descend
            const scores = { real: f.onReal(x), fake: f.onFake(untaped(() => g.forward(z))) }
            const lossD = wasserstein.discriminator(scores.real, scores.fake)
            minimize(w, lossD) // 6: w ← w + α RMSProp(w, g_w)
            w.clip(o.clip) // 7: w ← clip(w, -c, c)
            return { lossD, W: sub(mean(scores.real), mean(scores.fake)), m }
          })
        let last = criticStep()
        for (let t = 1; t < o.nCritic; t++) last = criticStep() // 2: for t = 0, ..., n_critic do

        const z = normal([last.m, o.latent]) // 9: Sample {z} ~ p(z) a batch of prior samples
        // 10: g_θ ← -∇_θ 1/m Σ f_w(g_θ(z))
        const lossG = wasserstein.generator(f.onFake(g.forward(z)))
        minimize(theta, lossG) // 11: θ ← θ - α RMSProp(θ, g_θ)
        return { lossD: last.lossD, lossG, W: last.W }
      },

      views: {
        samples: {
          about: 'samples of z',
          shows: kind,
          latents: { z: { kind: 'normal', size: o.latent } },
          draw: ({ z }) => nn.evaluating(g, () => g.forward(z)),
        },
      },
      judge: (x) => f.judge(x),
    }
  },
})
