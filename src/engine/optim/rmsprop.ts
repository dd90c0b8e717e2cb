import { add, div, mul, sqrt, square, sub } from '../ops/pointwise.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { type NumberName, Optimizer, type Rate } from './base.ts'
import { type NumberOf, type Slots, UNDER_ROOT } from './lookahead.ts'
import { checkRange } from './options.ts'

export interface RmspropOptions {
  lr?: Rate
  alpha?: number
  eps?: number
}

/** RMSprop (Tieleman & Hinton 2012), eps outside of the root. */
export class RMSprop extends Optimizer {
  private readonly alpha: number
  private readonly eps: number

  /**
   * Throws ShapeError when lr or eps is not finite or below 0, or alpha is outside [0, 1]: above 1, where PyTorch lets
   * it pass, the first step takes the root of a negative number.
   */
  constructor(params: readonly Tensor[], { lr = 1e-2, alpha = 0.99, eps = 1e-8 }: RmspropOptions = {}) {
    checkRange('RMSprop', 'alpha', alpha, { max: 1 })
    checkRange('RMSprop', 'eps', eps)
    super('RMSprop', params, lr, ['v'])
    this.alpha = alpha
    this.eps = eps
  }

  protected numbers(t: number) {
    return { rate: this.rate(t), decay: this.alpha, eps: this.eps }
  }

  protected next(p: Tensor, g: Tensor, { v }: Slots, n: NumberOf<NumberName>) {
    const squares = add(mul(v, n('decay')), mul(square(g), n('rest')))
    const root = add(sqrt(add(squares, UNDER_ROOT)), n('eps'))
    return { p: sub(p, div(mul(g, n('rate')), root)), state: { v: squares } }
  }
}
