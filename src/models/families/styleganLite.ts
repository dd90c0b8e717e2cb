/**
 * StyleGAN: Karras, Laine & Aila 2018, "A style-based generator architecture for generative adversarial networks"
 * (arXiv:1812.04948), scaled to small images. differs: all sizes are trained at once, without progressive growing.
 */
import {
  add,
  assign,
  greater,
  less,
  mean,
  mul,
  nn,
  noGrad,
  optim,
  scope,
  stopGradient,
  type Tensor,
  where,
} from '../../engine/index.ts'
import { type ImageField, image } from '../data/fields.ts'
import { family, type Kit, type Model, type Step, type StyleOptions } from '../family.ts'
import { Canvas } from '../nets/canvas.ts'
import { Discriminator, Generator, Synthesis, type SynthesisNet } from '../nets/styleganNets.ts'
import { amount, count, decay, fraction, oneOf, type Values } from '../options.ts'
import { LOSSES } from '../training/losses.ts'
import { ANY, TARGETS } from '../training/stabilisers/names.ts'
import { r1 } from '../training/stabilisers/penalties.ts'

export const OPTIONS = {
  latent: count(128, 'length of z and of w (the paper: 512)'),
  depth: count(8, 'layers of the mapping network f'),
  mappingLr: amount(0.01, "λ' / λ, the learning-rate multiplier of f"),
  width: count(64, 'channels at full size; twice as many at each smaller one'),
  maxWidth: count(512, 'but no more channels than this'),
  gamma: amount(10, 'γ of R1'),
  r1Every: count(
    1,
    "steps from one R1 to the next; more is StyleGAN2's lazy regularisation (arXiv:1912.04958)",
  ),
  mixing: fraction(0.9, 'probability of style mixing'),
  lr: amount(1e-3, "λ, Adam's rate"),
  beta1: decay(0, "Adam's β1"),
  beta2: decay(0.99, "Adam's β2"),
  emaDecay: decay(0.999, 'of the averaged generator that samples are drawn from'),
  styleDecay: decay(0.995, 'of w̄, the mean style'),
  loss: oneOf(LOSSES, 'what D and G minimise'),
}
export type StyleganOptions = Values<typeof OPTIONS>

/**
 * With the paper's eight mapping layers, runs as short as these came to draw nearly the same digit for every z; a high
 * rate needs the small γ.
 */
export const SMALL = {
  latent: 64,
  depth: 4,
  mappingLr: 0.1,
  width: 8,
  maxWidth: 64,
  gamma: 1,
  mixing: 0.5,
  emaDecay: 0.995,
}

/** Style mixing (section 3.1): the style of each of `layers` layers, w1 before layer `crossover` [1] and w2 from it on. */
export const mixStyles = (w1: Tensor, w2: Tensor, crossover: Tensor, layers: number): Tensor[] =>
  Array.from({ length: layers }, (_, i) => where(greater(crossover, i), w1, w2))

/** What a variant of StyleGAN changes. */
export interface Variant<G extends Generator<SynthesisNet>> {
  generator(made: ImageField): G
  discriminator(seen: ImageField): Discriminator
  /**
   * What G's loss is regularised by in this step, if by anything, weighed already and not part of the loss that is reported.
   * `styles` gives those of `count` fresh latents.
   */
  regularizer?(context: Step, G: G, styles: (count: number) => Tensor[], batch: number): Tensor | undefined
}

/** The model of StyleGAN's step around the networks of a variant. */
export function styleBased<G extends Generator<SynthesisNet>>(
  image: ImageField,
  o: StyleganOptions,
  kit: Kit,
  variant: Variant<G>,
): Model {
  const canvas = new Canvas(image, 'StyleGAN')
  const own: ImageField = { kind: 'image', size: canvas.size, channels: image.channels }
  const G = variant.generator(own)
  const D = kit.discriminator(own, (seen) => variant.discriminator(seen))
  const lastPenalty = (D.network as Discriminator).penalty
  const loss = kit.loss(o.loss)
  const betas = [o.beta1, o.beta2] as const
  const paramsG = nn.parameters(G)
  const optG = new optim.Adam(paramsG, { lr: o.lr, betas })
  const optD = new optim.Adam(D.parameters, { lr: o.lr, betas })
  const average = new optim.EMA(paramsG, { decay: o.emaDecay })
  const layers = G.synthesis.styleSizes.length

  /** w̄ ← β w̄ + (1 - β) E w */
  const follow = (w: Tensor): void => {
    const { meanStyle } = G
    scope(() =>
      noGrad(() =>
        assign(meanStyle, add(mul(meanStyle, o.styleDecay), mul(mean(w, { axes: 0 }), 1 - o.styleDecay))),
      ),
    )
  }

  /** Styles of fresh latents, mixed; w̄ follows them. */
  const stylesOf = ({ normal, uniform, integers }: Step, N: number): Tensor[] => {
    const w = G.mapping.forward(normal([N, o.latent]))
    follow(w)
    if (o.mixing === 0) return Array(layers).fill(w)
    // Both choices are drawn on the GPU: they belong to the checkpointed stream, and nothing is read back.
    const mixed = less(uniform([1]), o.mixing)
    const crossover = where(mixed, add(integers([1], layers - 1), 1), layers)
    return mixStyles(w, G.mapping.forward(normal([N, o.latent])), crossover, layers)
  }

  /** Images by the averaged generator. */
  const render = (styles: () => Tensor[], { noise = 'fixed' }: StyleOptions): Tensor =>
    average.averaged(() => canvas.cut(G.synthesis.forward(styles(), noise)))
  const images = (w: Tensor, options: StyleOptions = {}): Tensor =>
    render(() => Array(layers).fill(G.truncate(w, options.psi ?? 1)), options)

  return {
    networks: { generator: G, discriminator: D },
    optimizers: { generator: optG, discriminator: optD },
    averages: { generator: average },
    metrics: {
      lossD: 'loss',
      lossG: 'loss',
      R1: 'penalty',
      'D(x)': 'opinion of real',
      'D(G(z))': 'opinion of generated',
      'D(G(z)) after': 'opinion of generated',
    },
    variant: (step) => (step % o.r1Every === 0 ? 'penalised' : 'plain'),

    /** Non-saturating loss with R1 (appendix C), reported as last taken. G is trained on the images that D was, against the updated D. */
    step(context) {
      const { draw, normal, minimize, taken } = context
      const x = canvas.put(draw().x)
      const [N] = x.shape
      const generated = G.synthesis.forward(stylesOf(context, N), normal)

      const onD = scope(() => {
        const penalised = taken % o.r1Every === 0
        const points = stopGradient(x)
        points.requiresGrad = penalised
        const logits = { real: D.onReal(points), fake: D.onFake(stopGradient(generated)) }
        const lossD = loss.discriminator(logits.real, logits.fake)
        const penalty = penalised ? mul(r1(logits.real, points), o.gamma / 2) : undefined
        minimize(optD, penalty ? add(lossD, mul(penalty, o.r1Every)) : lossD)
        if (penalty) assign(lastPenalty, penalty)
        return { lossD, 'D(x)': mean(loss.opinion(logits.real)), 'D(G(z))': mean(loss.opinion(logits.fake)) }
      })

      const logits = D.onFake(generated)
      const lossG = loss.generator(logits)
      const regularizer = variant.regularizer?.(context, G, (count) => stylesOf(context, count), N)
      minimize(optG, regularizer ? add(lossG, regularizer) : lossG)
      average.update()
      return { ...onD, lossG, R1: add(lastPenalty, 0), 'D(G(z)) after': mean(loss.opinion(logits)) }
    },

    views: {
      samples: {
        about: 'images of z by the averaged generator',
        shows: image,
        latents: { z: { kind: 'normal', size: o.latent } },
        // The mapping runs with the averages, too.
        draw: ({ z }) => render(() => Array(layers).fill(G.mapping.forward(z)), {}),
      },
    },
    styles: {
      of: (z) => average.averaged(() => G.mapping.forward(z)),
      images,
      mix: (a, b, [from, to], options = {}) =>
        render(() => {
          const [wA, wB] = [a, b].map((z) => G.truncate(G.mapping.forward(z), options.psi ?? 1))
          return G.synthesis.styleSizes.map((_, i) => (i >= from && i < to ? wB : wA))
        }, options),
      groups: groupsOf(G.synthesis.styleSizes),
    },
  }
}

/** The styles [from, to) of coarse (up to 8x8), middle (16x16) and fine layers, as figure 3 tells them apart. */
function groupsOf(sizes: readonly number[]): { name: string; layers: readonly [number, number] }[] {
  const below = (size: number): number => sizes.filter((at) => at < size).length
  const groups = {
    coarse: [0, below(16)],
    middle: [below(16), below(32)],
    fine: [below(32), sizes.length],
  } as const
  return Object.entries(groups)
    .filter(([, [from, to]]) => from < to)
    .map(([name, layers]) => ({ name, layers }))
}

export default family({
  about: 'Karras et al. 2018 (arXiv:1812.04948): styles, AdaIN and noise in each layer, small',
  takes: { x: image() },
  options: OPTIONS,
  presets: {
    software: { options: { ...SMALL, r1Every: 4, lr: 4e-3 }, batch: 16, steps: 2000 },
    gpu: { options: {}, batch: 64, steps: 10000 },
  },
  stabilisers: [...ANY, ...TARGETS],
  build: ({ x: image }, o, kit) =>
    styleBased(image, o, kit, {
      generator: (made) => new Generator(made.size, made.channels, o, Synthesis),
      discriminator: (seen) => new Discriminator(seen.size, seen.channels, o),
    }),
})
