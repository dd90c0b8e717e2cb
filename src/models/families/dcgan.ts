/**
 * DCGAN: Radford, Metz & Chintala 2015, "Unsupervised representation learning with deep convolutional generative
 * adversarial networks" (arXiv:1511.06434).
 */
import { mean, nn, optim, scope, stopGradient } from '../../engine/index.ts'
import { image } from '../data/fields.ts'
import { family } from '../family.ts'
import { Discriminator, Generator } from '../nets/dcgan.ts'
import { amount, count, decay, oneOf } from '../options.ts'
import { LOSSES } from '../training/losses.ts'
import { ANY, FREE, LAYERS, TARGETS } from '../training/stabilisers/names.ts'

export default family({
  about: 'Radford et al. 2015 (arXiv:1511.06434): transposed convs with batch norm',
  takes: { x: image() },
  /** Section 4, "Details of adversarial training". */
  options: {
    latent: count(100, 'length of z'),
    width: count(64, "channels next to the image; each level further doubles them (the paper's G: 128)"),
    lr: amount(2e-4, "Adam's rate"),
    beta1: decay(0.5, "Adam's β1"),
    beta2: decay(0.999, "Adam's β2"),
    loss: oneOf(LOSSES, 'what D and G minimise'),
  },
  presets: {
    software: { options: { width: 32, lr: 5e-4 }, batch: 32, steps: 2000 },
    gpu: { options: {}, batch: 128, steps: 6000 },
  },
  stabilisers: [...ANY, ...TARGETS, ...LAYERS, ...FREE],

  build({ x: image }, o, kit) {
    const G = new Generator(image, { ...o, dropout: kit.dropout })
    const D = kit.discriminator(image, (sees, layers) => new Discriminator(sees, o, layers))
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
       * Algorithm 1 of Goodfellow et al. 2014 with k = 1; real and generated images pass D in batches of their own, and
       * G is trained on the images that D was, against the updated D.
       */
      step({ draw, normal, minimize }) {
        const { x } = draw()
        const generated = G.forward(normal([x.shape[0], o.latent]))

        // Update D by its gradient, with G's images held constant.
        const onD = scope(() => {
          const [real, fake] = [D.onReal(x), D.onFake(stopGradient(generated))]
          const lossD = loss.discriminator(real, fake)
          minimize(optD, lossD)
          return { lossD, 'D(x)': mean(loss.opinion(real)), 'D(G(z))': mean(loss.opinion(fake)) }
        })

        // Update G by its gradient through D.
        const logits = D.onFake(generated)
        const lossG = loss.generator(logits)
        minimize(optG, lossG)
        return { ...onD, lossG, 'D(G(z)) after': mean(loss.opinion(logits)) }
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
