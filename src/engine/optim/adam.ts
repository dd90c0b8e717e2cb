import { add, div, mul, sqrt, square, sub } from '../ops/pointwise.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { type NumberName, Optimizer, type Rate } from './base.ts'
import { type NumberOf, type Slots, UNDER_ROOT } from './lookahead.ts'
import { checkRange } from './options.ts'

export interface AdamOptions {
  lr?: Rate
  betas?: readonly [number, number]
  eps?: number
}

/** Adam (Kingma & Ba 2014, arXiv:1412.6980, algorithm 1). */
export class Adam extends Optimizer {
  private readonly betas: readonly [number, number]
  private readonly eps: number

  /** Throws ShapeError when lr or eps is not finite or below 0, or a beta is outside [0, 1). */
  constructor(params: readonly Tensor[], { lr = 1e-3, betas = [0.9, 0.999], eps = 1e-8 }: AdamOptions = {}) {
    checkRange('Adam', 'betas[0]', betas[0], { below: 1 })
    checkRange('Adam', 'betas[1]', betas[1], { below: 1 })
    checkRange('Adam', 'eps', eps)
    super('Adam', params, lr, ['m', 'v'])
    this.betas = betas
    this.eps = eps
  }

  protected numbers(t: number) {
    const [beta1, beta2] = this.betas
    return {
      rate: this.rate(t) / (1 - beta1 ** t),
      decay: beta1,
      decay2: beta2,
      eps: this.eps,
      correction: Math.sqrt(1 - beta2 ** t),
    }
  }

  protected next(p: Tensor, g: Tensor, { m, v }: Slots, n: NumberOf<NumberName>) {
    const mean = add(mul(m, n('decay')), mul(g, n('rest')))
    const squares = add(mul(v, n('decay2')), mul(square(g), n('rest2')))
    const root = add(div(sqrt(add(squares, UNDER_ROOT)), n('correction')), n('eps'))
    return { p: sub(p, div(mul(mean, n('rate')), root)), state: { m: mean, v: squares } }
  }
}
