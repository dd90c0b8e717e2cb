/** Terms added to a loss: on the length of D's gradient, and on G's weights. */
import {
  add,
  grad,
  matmul,
  mean,
  mul,
  nn,
  ones,
  pad,
  permute,
  randn,
  reshape,
  slice,
  sqrt,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
  uniform,
  variance,
} from '../../../engine/index.ts'
import { type Settings, stabilisers } from './names.ts'

/**
 * E (‖∇_x D(x)‖₂ - 1)² at `points`, through the gradient, so D is differentiated twice. Gulrajani et al. 2017, equation 3
 * (arXiv:1704.00028). D must treat its samples apart (no batch norm): the gradient of the sum then holds each one's own.
 * Of a packed D, a pack's gradient counts as one: `pack` samples.
 */
export function gradientPenalty(D: nn.Layer, points: Tensor, pack = 1): Tensor {
  const xHat = stopGradient(points)
  xHat.requiresGrad = true
  const [gradient] = grad(sum(D.forward(xHat)), [xHat], { createGraph: true })
  const squares = sum(square(reshape(gradient, [points.shape[0] / pack, -1])), { axes: 1 })
  const norms = sqrt(add(squares, 1e-12)) // a root has no slope at 0
  return mean(square(sub(norms, 1)))
}

/**
 * R1: E ‖∇_x D(x)‖² over real samples x, from D's logits on them, to be weighed by γ / 2. Mescheder et al. 2018, equation
 * 9 (arXiv:1801.04406).
 */
export function r1(logits: Tensor, x: Tensor): Tensor {
  const [gradient] = grad(sum(logits), [x], { createGraph: true })
  return mul(sum(square(gradient)), 1 / logits.shape[0])
}

/** Points on the lines between real and generated samples: ε x + (1 - ε) x̃, ε ~ U[0, 1). */
export function between(real: Tensor, fake: Tensor): Tensor {
  const N = real.shape[0]
  return add(fake, mul(uniform([N, ...real.shape.slice(1).map(() => 1)]), sub(real, fake)))
}

/**
 * Points around real samples: x + δ, δ ~ N(0, c² I), where c is `share` of the batch's standard deviation, over all
 * values, as in the authors' program. Kodali et al. 2017, algorithm 1 (DRAGAN, arXiv:1705.07215).
 */
export const around = (real: Tensor, share: number): Tensor =>
  add(real, mul(randn(real.shape), mul(sqrt(variance(real)), share)))

/**
 * Σ ‖WᵀW - I‖²_F over the weight matrices of `network`, or without the diagonal of WᵀW - I, so that the columns may have any
 * length. A conv's columns are its output channels. Brock et al. 2018, section 3.1 (BigGAN, arXiv:1809.11096).
 */
export function orthogonality(network: object, { offDiagonal = false } = {}): Tensor {
  const terms = weightMatrices(network).map((W) => {
    const product = matmul(W, W, { transposeA: true })
    const I = identity(W.shape[1])
    return sum(square(offDiagonal ? mul(product, sub(ones(I.shape), I)) : sub(product, I)))
  })
  return terms.reduce((a, b) => add(a, b))
}

/** I [n, n]: rows of a one and n zeros end to end, cut after n² values. */
function identity(n: number): Tensor {
  const rows = pad(ones([n, 1]), {
    padding: [
      [0, 0],
      [0, n],
    ],
  })
  return reshape(slice(reshape(rows, [-1]), { end: [n * n] }), [n, n])
}

/** Weights as matrices [inputs, outputs]: dense ones as they are, convs with all inputs of an output in its column. */
function weightMatrices(network: object): Tensor[] {
  return nn.weights(network).map(({ tensor: w, outputs }) => {
    const axes = w.shape.map((_, d) => d)
    const last = axes.length - 1
    const inOrder = outputs === last ? w : permute(w, [...axes.filter((d) => d !== outputs), outputs])
    return reshape(inOrder, [-1, w.shape[outputs]])
  })
}

/** What D's loss is to have added: of real samples with their logits, and of generated ones. */
export function discriminatorPenalty(
  D: nn.Layer,
  real: { samples: Tensor; logits: Tensor },
  fake: Tensor,
  { gp, r1: gamma, dragan, 'dragan-std': share = stabilisers['dragan-std'].value, pack }: Settings,
): Tensor | undefined {
  const { samples: x, logits } = real
  const terms = [
    ...(gp ? [mul(gradientPenalty(D, between(x, fake), pack), gp)] : []),
    ...(gamma ? [mul(r1(logits, x), gamma / 2)] : []),
    ...(dragan ? [mul(gradientPenalty(D, around(x, share), pack), dragan)] : []),
  ]
  return terms.length ? terms.reduce((a, b) => add(a, b)) : undefined
}

/** A loss with what may have to be added to it. */
export const plus = (loss: Tensor, penalty?: Tensor): Tensor => (penalty ? add(loss, penalty) : loss)

/** β times the form that is asked for, of G's weights; nothing otherwise. */
export function generatorPenalty(
  G: object,
  { ortho, 'ortho-offdiag': offDiagonal }: Settings,
): Tensor | undefined {
  if (ortho) return mul(orthogonality(G), ortho)
  if (offDiagonal) return mul(orthogonality(G, { offDiagonal: true }), offDiagonal)
  return undefined
}
