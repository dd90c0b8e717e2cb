/** GAN: Goodfellow et al. 2014, "Generative adversarial nets" (arXiv:1406.2661). */
import { mean, nn, optim, scope, untaped } from '../../engine/index.ts'
import { sample } from '../data/fields.ts'
import { family } from '../family.ts'
import { MlpDiscriminator, MlpGenerator } from '../nets/mlp.ts'
import { amount, count, countOrNone, decay, oneOf } from '../options.ts'
import { LOSSES } from '../training/losses.ts'
import { falling } from '../training/rates.ts'
import { ANY, FREE, LAYERS, TARGETS } from '../training/stabilisers/names.ts'

export default family({
  about: 'Goodfellow et al. 2014 (arXiv:1406.2661): the first, of dense layers and maxout units',
  takes: { x: sample() },
  options: {
    k: count(1, 'discriminator steps per generator step: "we used k = 1, the least expensive option"'),
    latent: count(100, 'length of z'),
    width: count(256, 'units of a hidden layer'),
    depth: count(2, 'hidden layers'),
    pieces: count(2, 'linear maps that compete in a maxout unit of the discriminator'),
    lr: amount(2e-4, "Adam's rate"),
    beta1: decay(0.5, "Adam's β1"),
    beta2: decay(0.999, "Adam's β2"),
    decaySteps: countOrNone(0, 'steps in which the rate falls evenly to a hundredth of itself; 0 for never'),
    emaDecay: decay(0, 'of the averaged generator that samples are drawn from; 0 for none, as in the paper'),
    loss: oneOf(LOSSES, 'what D and G minimise; the paper trains with the first'),
  },
  presets: {
    software: { options: { width: 128 }, batch: 64, steps: 6000 },
    gpu: { options: { width: 512 }, batch: 128, steps: 20000 },
    points: { options: { width: 64, latent: 2, lr: 1e-3, emaDecay: 0.99 }, batch: 256, steps: 3000 },
  },
  stabilisers: [...ANY, ...TARGETS, ...LAYERS, ...FREE],

  build({ x: kind }, o, kit) {
    const G = new MlpGenerator(kind, { ...o, dropout: kit.dropout })
    const D = kit.discriminator(kind, (sees, { features }) => new MlpDiscriminator(sees, o, features))
    const loss = kit.loss(o.loss)
    // differs: the paper uses momentum and a schedule; Adam needs neither.
    const betas = [o.beta1, o.beta2] as const
    const paramsG = nn.parameters(G)
    const optG = new optim.Adam(paramsG, { lr: falling(o.lr, o.decaySteps), betas })
    const optD = new optim.Adam(D.parameters, { lr: falling(o.lr, o.decaySteps * o.k), betas })
    const average = o.emaDecay ? new optim.EMA(paramsG, { decay: o.emaDecay }) : undefined
    return {
      networks: { generator: G, discriminator: D },
      optimizers: { generator: optG, discriminator: optD },
      ...(average && { averages: { generator: average } }),
      metrics: {
        lossD: 'loss',
        lossG: 'loss',
        'D(x)': 'opinion of real',
        'D(G(z))': 'opinion of generated',
        'D(G(z)) after': 'opinion of generated',
      },

      /** Algorithm 1; G's objective is by default the non-saturating one, which the paper trains with. */
      step({ draw, normal, minimize }) {
        const discriminatorStep = () =>
          scope(() => {
            const { x } = draw() // Sample minibatch of m examples from the data generating distribution.
            const m = x.shape[0]
            const z = normal([m, o.latent]) // Sample minibatch of m noise samples from noise prior p_g(z).
            // Update the discriminator by ascending its stochastic gradient.
            const fake = untaped(() => G.forward(z))
            const logits = { real: D.onReal(x), fake: D.onFake(fake) }
            const lossD = loss.discriminator(logits.real, logits.fake)
            minimize(optD, lossD)
            const [onReal, onFake] = [logits.real, logits.fake].map((a) => mean(loss.opinion(a)))
            return { lossD, onReal, onFake, m }
          })
        let last = discriminatorStep()
        for (let i = 1; i < o.k; i++) last = discriminatorStep() // for k steps do

        const z = normal([last.m, o.latent]) // Sample minibatch of m noise samples from noise prior p_g(z).
        // Update the generator by descending its stochastic gradient.
        const logits = D.onFake(G.forward(z))
        const lossG = loss.generator(logits)
        minimize(optG, lossG)
        average?.update()
        const after = mean(loss.opinion(logits))
        return {
          lossD: last.lossD,
          lossG,
          'D(x)': last.onReal,
          'D(G(z))': last.onFake,
          'D(G(z)) after': after,
        }
      },

      views: {
        samples: {
          about: 'samples of z',
          shows: kind,
          latents: { z: { kind: 'normal', size: o.latent } },
          draw: ({ z }) => average?.averaged(() => G.forward(z)) ?? G.forward(z),
        },
      },
      judge: (x) => loss.opinion(D.judge(x)),
    }
  },
})
