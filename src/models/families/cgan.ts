/** Conditional GAN: Mirza & Osindero 2014, "Conditional generative adversarial nets" (arXiv:1411.1784). */
import { mean, nn, optim, scope, stopGradient } from '../../engine/index.ts'
import { image, label, shapeOf } from '../data/fields.ts'
import { family } from '../family.ts'
import { LabelledDenseDiscriminator, LabelledDiscriminator, LabelledGenerator } from '../nets/conditional.ts'
import { Discriminator, Generator } from '../nets/dcgan.ts'
import { MlpDiscriminator, MlpGenerator } from '../nets/mlp.ts'
import { amount, count, decay, oneOf, toggle } from '../options.ts'
import { LOSSES } from '../training/losses.ts'
import { TARGETS } from '../training/stabilisers/names.ts'

export default family({
  about: 'Mirza & Osindero 2014 (arXiv:1411.1784): G and D are told the class',
  takes: { x: image(), y: label() },
  options: {
    dense: toggle(false, "the paper's dense layers with maxout units in place of DCGAN's convs"),
    latent: count(100, 'length of z'),
    embedding: count(16, 'length of the vector that stands for a class'),
    width: count(64, 'channels next to the image, or units of a hidden layer'),
    depth: count(2, 'hidden layers, of dense networks'),
    pieces: count(5, 'linear maps that compete in a maxout unit, of dense networks'),
    lr: amount(2e-4, "Adam's rate"),
    beta1: decay(0.5, "Adam's β1"),
    beta2: decay(0.999, "Adam's β2"),
    loss: oneOf(LOSSES, 'what D and G minimise'),
  },
  presets: {
    software: { options: { width: 32, lr: 5e-4 }, batch: 32, steps: 2000 },
    gpu: { options: {}, batch: 128, steps: 6000 },
  },
  stabilisers: ['noise', 'noise-steps', 'ttur', 'color', 'translation', 'cutout', 'dropout', ...TARGETS],

  build({ x: image, y: label }, o, kit) {
    const classes = label.classes.length
    const sizes = { ...o, latent: o.latent + o.embedding, dropout: kit.dropout }
    const G = new LabelledGenerator(
      classes,
      o.embedding,
      o.dense ? new MlpGenerator(image, sizes) : new Generator(image, sizes),
    )
    const D = kit.discriminator(image, (sees, layers) => {
      if (!o.dense) {
        const channels = sees.channels + o.embedding
        const net = new Discriminator({ ...sees, channels }, o, layers)
        return new LabelledDiscriminator(classes, o.embedding, net)
      }
      const dims = shapeOf(sees).reduce((a, b) => a * b) + o.embedding
      const net = new MlpDiscriminator({ kind: 'points', dims, unit: 1, toy: '' }, o, layers.features)
      return new LabelledDenseDiscriminator(classes, o.embedding, net)
    })
    const loss = kit.loss(o.loss)
    const betas = [o.beta1, o.beta2] as const
    // differs: the paper uses momentum and a schedule, as the first GAN.
    const optG = new optim.Adam(nn.parameters(G), { lr: o.lr, betas })
    const optD = new optim.Adam(D.parameters, { lr: o.lr, betas })
    return {
      networks: { generator: G, discriminator: D },
      optimizers: { generator: optG, discriminator: optD },
      metrics: {
        lossD: 'loss',
        lossG: 'loss',
        'D(x|y)': 'opinion of real',
        'D(G(z|y))': 'opinion of generated',
        'D(G(z|y)) after': 'opinion of generated',
      },

      /** Equation 2, min max V(D, G) = E log D(x|y) + E log(1 - D(G(z|y))), by algorithm 1 of Goodfellow et al. 2014 with k = 1. */
      step({ draw, normal, minimize }) {
        const { x, y } = draw()
        // differs: the paper draws z from the unit hypercube; a normal z may be walked along arcs.
        const generated = G.forward(normal([x.shape[0], o.latent]), y)

        const onD = scope(() => {
          const [real, fake] = [D.onReal(x, y), D.onFake(stopGradient(generated), y)]
          const lossD = loss.discriminator(real, fake)
          minimize(optD, lossD)
          return { lossD, 'D(x|y)': mean(loss.opinion(real)), 'D(G(z|y))': mean(loss.opinion(fake)) }
        })

        const logits = D.onFake(generated, y)
        const lossG = loss.generator(logits)
        minimize(optG, lossG)
        return { ...onD, lossG, 'D(G(z|y)) after': mean(loss.opinion(logits)) }
      },

      views: {
        samples: {
          about: 'images of z, asked for by class',
          shows: image,
          latents: {
            z: { kind: 'normal', size: o.latent },
            label: { kind: 'class', classes: label.classes },
          },
          draw: ({ z, label }) => nn.evaluating(G, () => G.forward(z, label)),
        },
      },
    }
  },
})
