/** SN-GAN: Miyato, Kataoka, Koyama & Yoshida 2018, "Spectral normalization for generative adversarial networks" (arXiv:1802.05957). */
import { mean, nn, optim, scope, untaped } from '../../engine/index.ts'
import { image } from '../data/fields.ts'
import { family } from '../family.ts'
import { ResidualCritic, ResidualGenerator } from '../nets/residual.ts'
import { amount, count, decay, oneOf } from '../options.ts'
import { LOSSES } from '../training/losses.ts'
import { ANY, PENALTIES, TARGETS } from '../training/stabilisers/names.ts'

export default family({
  about:
    "Miyato et al. 2018 (arXiv:1802.05957): residual networks, the spectral norm of each of D's layers 1",
  takes: { x: image() },
  /** Section 4 and table 4, of the residual networks. */
  options: {
    nDis: count(5, 'n_dis, updates of D for each of G'),
    latent: count(128, 'length of z'),
    width: count(128, 'channels of D'),
    widthG: count(256, 'channels of G'),
    lr: amount(2e-4, "α, Adam's rate"), // differs: the paper lets it fall to 0 over its 100,000 steps
    beta1: decay(0, "Adam's β1"),
    beta2: decay(0.9, "Adam's β2"),
    loss: oneOf(['hinge', ...LOSSES.filter((name) => name !== 'hinge')], 'what D and G minimise'),
  },
  presets: {
    software: {
      options: { nDis: 1, width: 16, widthG: 16, latent: 64, lr: 1e-3 },
      batch: 16,
      steps: 2000,
    },
    gpu: { options: {}, batch: 64, steps: 10000 },
  },
  stabilisers: [...ANY, ...TARGETS, ...PENALTIES],

  build({ x: image }, o, kit) {
    const G = new ResidualGenerator(image, { latent: o.latent, width: o.widthG })
    const D = kit.discriminator(
      image,
      (sees) => new ResidualCritic(sees, { width: o.width, pool: 'sum', spectral: true }),
    )
    const loss = kit.loss(o.loss)
    const betas = [o.beta1, o.beta2] as const
    const optG = new optim.Adam(nn.parameters(G), { lr: o.lr, betas })
    const optD = new optim.Adam(D.parameters, { lr: o.lr, betas })
    return {
      networks: { generator: G, discriminator: D },
      optimizers: { generator: optG, discriminator: optD },
      metrics: {
        lossD: 'loss',
        lossG: 'loss',
        'D(x)': 'opinion of real',
        'D(G(z))': 'opinion of generated',
        'D(G(z)) after': 'opinion of generated',
      },

      /**
       * Algorithm 1 (appendix A) for each update of D, with the hinge loss (equations 16 and 17): D's pass takes a step
       * of the power iteration for all of its layers, then divides each W by its σ(W). Real and generated images pass D
       * as one batch, so that there is one such step an update; G's pass through the updated D takes another.
       */
      step({ draw, normal, minimize }) {
        const discriminatorStep = () =>
          scope(() => {
            const { x } = draw()
            const m = x.shape[0]
            const generated = untaped(() => G.forward(normal([m, o.latent])))
            const [real, fake] = D.onBoth(x, generated)
            const lossD = loss.discriminator(real, fake)
            minimize(optD, lossD)
            return { lossD, onReal: mean(loss.opinion(real)), onFake: mean(loss.opinion(fake)), m }
          })
        let last = discriminatorStep()
        for (let i = 1; i < o.nDis; i++) last = discriminatorStep()

        const logits = D.onFake(G.forward(normal([last.m, o.latent])))
        const lossG = loss.generator(logits)
        minimize(optG, lossG)
        const after = mean(loss.opinion(logits))
        const { lossD, onReal, onFake } = last
        return { lossD, lossG, 'D(x)': onReal, 'D(G(z))': onFake, 'D(G(z)) after': after }
      },

      views: {
        samples: {
          about: 'images of z',
          shows: image,
          latents: { z: { kind: 'normal', size: o.latent } },
          draw: ({ z }) => nn.evaluating(G, () => G.forward(z)),
        },
      },
    }
  },
})
