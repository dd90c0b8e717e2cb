/**
 * Past samples of G's, shown to D again. Shrivastava et al. 2016, "Learning from simulated and unsupervised images
 * through adversarial training", section 2.3 (arXiv:1612.07828).
 */
import {
  add,
  assign,
  concat,
  gather,
  greater,
  minimum,
  mul,
  noGrad,
  scope,
  slice,
  type Tensor,
  uniform,
  where,
  zeros,
} from '../../../engine/index.ts'

/** The latest `size` samples that went in, on the GPU, and in checkpoints. differs: the paper replaces random ones. */
export class Replay {
  /** [size, ...], the newest first. */
  readonly samples: Tensor
  /** How many of them there are: [1]. */
  readonly filled: Tensor

  constructor(size: number, sampleShape: readonly number[]) {
    this.samples = zeros([size, ...sampleShape])
    this.filled = zeros([1])
  }

  /**
   * A batch for D: of `fresh` [N, ...], which has no gradient, the second half, then as many of the pool's, drawn with
   * replacement (`fresh`'s own while it is empty). `fresh`'s first half goes into the pool.
   */
  mix(fresh: Tensor): Tensor {
    const N = fresh.shape[0]
    const half = Math.floor(N / 2)
    if (half === 0) return fresh
    return scope(() =>
      noGrad(() => {
        const { samples, filled } = this
        const [size] = samples.shape
        const first = slice(fresh, { end: [half] })
        const drawn = gather(samples, mul(uniform([half]), filled)) // gather takes the whole part of an index
        const past = where(greater(filled, 0), drawn, first)
        const entering = Math.min(half, size)
        const newest = slice(first, { end: [entering] })
        const kept = entering < size ? [slice(samples, { end: [size - entering] })] : []
        const next = concat([newest, ...kept])
        const mixed = concat([slice(fresh, { start: [half] }), past])
        assign(samples, next)
        assign(filled, minimum(add(filled, entering), size))
        return mixed
      }),
    )
  }
}
