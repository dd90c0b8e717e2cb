import { add, mul, sub } from '../ops/pointwise.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { type NumberName, Optimizer, type Rate } from './base.ts'
import type { NumberOf, Slots } from './lookahead.ts'
import { checkRange } from './options.ts'

export interface SgdOptions {
  lr: Rate
  momentum?: number
}

/** Stochastic gradient descent with momentum: v = momentum v + g, p -= lr v. */
export class SGD extends Optimizer {
  private readonly momentum: number

  /** Throws ShapeError when lr or momentum is not finite or below 0. */
  constructor(params: readonly Tensor[], { lr, momentum = 0 }: SgdOptions) {
    checkRange('SGD', 'momentum', momentum)
    super('SGD', params, lr, ['v'])
    this.momentum = momentum
  }

  protected numbers(t: number) {
    return { rate: this.rate(t), decay: this.momentum }
  }

  protected next(p: Tensor, g: Tensor, { v }: Slots, n: NumberOf<NumberName>) {
    const velocity = add(mul(v, n('decay')), g)
    return { p: sub(p, mul(velocity, n('rate'))), state: { v: velocity } }
  }
}
