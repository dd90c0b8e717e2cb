/** Other targets for D than 1 and 0. G's loss stays what it was. */
import { add, full, less, mean, type Tensor, uniform, where } from '../../../engine/index.ts'
import type { OpinionLoss } from '../losses.ts'
import type { Settings } from './names.ts'

/**
 * The loss with D's targets, drawn anew for each sample [N, 1]:
 *   smooth   α for real samples, 0 for generated: one-sided label smoothing, Salimans et al. 2016, section 3.4
 *            (arXiv:1606.03498). D* = α p_data / (p_data + p_G).
 *   soft     U[1 - w, 1) and U[0, w)
 *   flip     with probability p, the target that a sample of the other kind would have
 * Soft and flipped labels: Chintala et al. 2016, "How to train a GAN?", point 6.
 */
export function withTargets(loss: OpinionLoss, { smooth = 1, soft, flip }: Settings): OpinionLoss {
  const { towards } = loss
  if (!towards || (smooth === 1 && !soft && !flip)) return loss
  const targets = (logits: Tensor, isReal: boolean): Tensor => {
    if (!soft) return full(logits.shape, isReal ? smooth : 0)
    return uniform(logits.shape, isReal ? { min: 1 - soft, max: 1 } : { max: soft })
  }
  const flipped = (logits: Tensor, isReal: boolean): Tensor => {
    const own = targets(logits, isReal)
    return flip ? where(less(uniform(logits.shape), flip), targets(logits, !isReal), own) : own
  }
  const cost = (logits: Tensor, isReal: boolean): Tensor => mean(towards(logits, flipped(logits, isReal)))
  return { ...loss, discriminator: (real, fake) => add(cost(real, true), cost(fake, false)) }
}
