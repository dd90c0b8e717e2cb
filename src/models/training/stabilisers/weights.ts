/** D's weights as functions of what is trained. */
import { add, div, mul, nn, noGrad, scope, sqrt, square, sum, type Tensor } from '../../../engine/index.ts'

/**
 * Weight norm: w = g v / ‖v‖ for the weights of each output, with g and v trained. v are the layers' own tensors; g starts
 * as ‖v‖, so that w starts as v. Salimans & Kingma 2016, equation 2 (arXiv:1602.07868).
 */
export class WeightNorm {
  /** g, by layer: [1, ..., outputs]. */
  readonly gains: Tensor[]
  private readonly layers: ReturnType<typeof nn.weights>

  constructor(network: object) {
    this.layers = nn.weights(network)
    this.gains = this.layers.map((layer) => scope(() => noGrad(() => lengths(layer))))
    for (const g of this.gains) g.requiresGrad = true
  }

  /** w by v. `now` gives the tensor to use for each that is trained. */
  weights(now: (t: Tensor) => Tensor = (t) => t): Map<Tensor, Tensor> {
    return new Map(
      this.layers.map((layer, i) => {
        const v = now(layer.tensor)
        return [layer.tensor, mul(v, div(now(this.gains[i]), lengths({ ...layer, tensor: v })))]
      }),
    )
  }
}

/** ‖v‖ over all but the axis of outputs. */
const lengths = ({ tensor: v, outputs }: { tensor: Tensor; outputs: number }): Tensor => {
  const axes = v.shape.flatMap((_, d) => (d === outputs ? [] : [d]))
  return sqrt(add(sum(square(v), { axes, keepDims: true }), 1e-12))
}
