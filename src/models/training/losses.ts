/** GAN losses as pairs, on logits (a critic's are unbounded scores), averaged over the batch. */
import {
  add,
  clamp,
  mean,
  mul,
  neg,
  relu,
  sigmoid,
  softplus,
  square,
  sub,
  type Tensor,
} from '../../engine/index.ts'

export interface GanLoss {
  /** What D minimises, from its logits on real and on generated samples. */
  discriminator(real: Tensor, fake: Tensor): Tensor
  /** What G minimises, from D's logits on generated samples. */
  generator(fake: Tensor): Tensor
}

/** A loss whose D says how probable it is that a sample is real. */
export interface OpinionLoss extends GanLoss {
  /** D(x), from 0 to 1, of logits. */
  opinion(logits: Tensor): Tensor
  /** What D minimises for each logit of a sample whose target is not quite 1 or 0; of losses that have targets. */
  towards?(logits: Tensor, targets: Tensor): Tensor
}

/** -log σ(a) */
const surprise = (a: Tensor): Tensor => softplus(neg(a))

/** D maximises log σ(D(x)) + log(1 - σ(D(G(z)))): Goodfellow et al. 2014, equation 1 (arXiv:1406.2661). */
const logistic = {
  discriminator: (real: Tensor, fake: Tensor): Tensor => add(mean(surprise(real)), mean(softplus(fake))),
  opinion: sigmoid,
  // binary cross-entropy: -t log σ(a) - (1 - t) log(1 - σ(a))
  towards: (logits: Tensor, targets: Tensor): Tensor => sub(softplus(logits), mul(logits, targets)),
}

/** G minimises log(1 - σ(D(G(z)))): equation 1. Its gradient vanishes as D grows confident. */
export const minimax: OpinionLoss = { ...logistic, generator: (fake) => neg(mean(softplus(fake))) }

/** G maximises log σ(D(G(z))): section 3, below algorithm 1. Same fixed point, strong gradients early. */
export const nonSaturating: OpinionLoss = { ...logistic, generator: (fake) => mean(surprise(fake)) }

/**
 * Label-flipped: G minimises D's loss with real and generated exchanged, here all of it that G moves. As a loss it is
 * the non-saturating one; it is how most programs say it (train G with the label "real").
 */
export const flipped: OpinionLoss = {
  ...logistic,
  // binary cross-entropy with the target 1: softplus(a) - a
  generator: (fake) => mean(sub(softplus(fake), fake)),
}

/** D: ½ E(D(x) - 1)² + ½ E D(G(z))²; G: ½ E(D(G(z)) - 1)². Mao et al. 2016, equation 9 (arXiv:1611.04076). */
export const leastSquares: OpinionLoss = {
  discriminator: (real, fake) =>
    mean(square(sub(real, 1)))
      .add(mean(square(fake)))
      .mul(0.5),
  generator: (fake) => mean(square(sub(fake, 1))).mul(0.5),
  opinion: (logits) => clamp(logits, { min: 0, max: 1 }), // the labels themselves
  towards: (logits, targets) => mul(square(sub(logits, targets)), 0.5),
}

/** D: E max(0, 1 - D(x)) + E max(0, 1 + D(G(z))); G: -E D(G(z)). Lim & Ye 2017 (arXiv:1705.02894). */
export const hinge: OpinionLoss = {
  discriminator: (real, fake) => add(mean(relu(add(neg(real), 1))), mean(relu(add(fake, 1)))),
  generator: (fake) => neg(mean(fake)),
  opinion: (logits) => clamp(mul(add(logits, 1), 0.5), { min: 0, max: 1 }), // from one margin to the other
}

/** Critic: E f(G(z)) - E f(x); G: -E f(G(z)). Arjovsky et al. 2017, equations 2 and 3 (arXiv:1701.07875). */
export const wasserstein: GanLoss = {
  discriminator: (real, fake) => sub(mean(fake), mean(real)),
  generator: (fake) => neg(mean(fake)),
}

/** Those to choose from where a paper leaves the choice, by name. */
export const losses = { nonSaturating, minimax, flipped, leastSquares, hinge } as const
export type LossName = keyof typeof losses
/** Their names, the first papers' first. */
export const LOSSES = Object.keys(losses) as LossName[]

/** Those that have targets for D, to be smoothed. */
export const targetLosses = (Object.keys(losses) as LossName[]).filter(
  (name) => (losses as Record<LossName, OpinionLoss>)[name].towards,
)
