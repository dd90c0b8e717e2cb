/** GAN losses as pairs, on logits, averaged over the batch. */
import { add, mean, neg, softplus, type Tensor } from '../engine/index.ts'

export interface GanLoss {
  /** What D minimises, from its logits on real and on generated images. */
  discriminator(real: Tensor, fake: Tensor): Tensor
  /** What G minimises, from D's logits on generated images. */
  generator(fake: Tensor): Tensor
}

/**
 * Non-saturating: D maximises log σ(D(x)) + log(1 - σ(D(G(z)))), G maximises log σ(D(G(z))).
 * Goodfellow et al. 2014, section 3 (arXiv:1406.2661). -log σ(a) = softplus(-a).
 */
export const nonSaturating: GanLoss = {
  discriminator: (real, fake) => add(mean(softplus(neg(real))), mean(softplus(fake))),
  generator: (fake) => mean(softplus(neg(fake))),
}
