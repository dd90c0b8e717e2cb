/** Initial values of weights. A weight's last two dimensions are [in, out], those before them the receptive field. */

import { matmul } from '../ops/matmul.ts'
import { permute, reshape } from '../ops/movement.ts'
import { add, div, mul, sqrt, square, sub } from '../ops/pointwise.ts'
import { sum } from '../ops/reduce.ts'
import { noGrad } from '../tensor/autograd.ts'
import { randn, uniform } from '../tensor/random.ts'
import { type Shape, sizeOf } from '../tensor/shape.ts'
import { scope, type Tensor } from '../tensor/tensor.ts'

export type Initializer = (shape: Shape) => Tensor

function fans(shape: Shape): { fanIn: number; fanOut: number } {
  const field = sizeOf(shape.slice(0, -2))
  const [inputs, outputs] = shape.length > 1 ? shape.slice(-2) : [shape[0], shape[0]]
  return { fanIn: field * inputs, fanOut: field * outputs }
}

const make = (fn: () => Tensor): Tensor => scope(() => noGrad(fn))

/** N(mean, std²); DCGAN's is N(0, 0.02²). */
export const normal =
  ({ mean = 0, std = 0.02 }: { mean?: number; std?: number } = {}): Initializer =>
  (shape) =>
    make(() => add(mul(randn(shape), std), mean))

const bounded = (shape: Shape, bound: number): Tensor => uniform(shape, { min: -bound, max: bound })

/** Glorot & Bengio 2010: variance 2 / (fan in + fan out), uniform or normal. */
export const xavierUniform =
  ({ gain = 1 }: { gain?: number } = {}): Initializer =>
  (shape) =>
    bounded(shape, gain * Math.sqrt(6 / (fans(shape).fanIn + fans(shape).fanOut)))
export const xavierNormal =
  ({ gain = 1 }: { gain?: number } = {}): Initializer =>
  (shape) =>
    normal({ std: gain * Math.sqrt(2 / (fans(shape).fanIn + fans(shape).fanOut)) })(shape)

/** He et al. 2015 (arXiv:1502.01852): variance 2 / ((1 + slope²) fan in), for leaky ReLU of that slope. */
export const heUniform =
  ({ slope = 0 }: { slope?: number } = {}): Initializer =>
  (shape) =>
    bounded(shape, Math.sqrt(6 / ((1 + slope * slope) * fans(shape).fanIn)))
export const heNormal =
  ({ slope = 0 }: { slope?: number } = {}): Initializer =>
  (shape) =>
    normal({ std: Math.sqrt(2 / ((1 + slope * slope) * fans(shape).fanIn)) })(shape)

/**
 * Orthonormal rows or columns, whichever are fewer, of the weight as [field * in, out] (Saxe et al. 2013,
 * arXiv:1312.6120): the polar factor of a normal matrix, by Newton's iteration X <- (3 X - X Xᵀ X) / 2.
 */
export const orthogonal =
  ({ gain = 1 }: { gain?: number } = {}): Initializer =>
  (shape) => {
    const [rows, columns] = [sizeOf(shape.slice(0, -1)), shape[shape.length - 1]]
    const [large, small] = [Math.max(rows, columns), Math.min(rows, columns)]
    let x = make(() => {
      const start = randn([large, small])
      // Below 1 in every direction, where the iteration converges; the norm of all bounds that of any.
      return div(start, sqrt(sum(square(start))))
    })
    // Small singular values grow by 3/2 a time: enough for a condition of some 10^5.
    for (let i = 0; i < 40; i++) {
      const next = make(() => sub(mul(x, 1.5), mul(matmul(x, matmul(x, x, { transposeA: true })), 0.5)))
      x.dispose()
      x = next
    }
    const result = make(() => reshape(mul(rows >= columns ? x : permute(x, [1, 0]), gain), shape))
    x.dispose()
    return result
  }
