/** What D is told of a minibatch as a whole: features of each sample, after those of D's last hidden layer. */
import {
  abs,
  concat,
  exp,
  matmul,
  neg,
  nn,
  reshape,
  slice,
  sub,
  sum,
  type Tensor,
} from '../../engine/index.ts'
import { withDeviation } from './styleganLayers.ts'

/** Features [N, F] -> further ones [N, `outputs`]. */
export interface FeatureLayer extends nn.Layer {
  readonly outputs: number
}

/** Layers for a D whose last hidden layer has `inputs` units. */
export type Features = (inputs: number) => FeatureLayer[]

export const noFeatures: Features = () => []

/** What a discriminator is to be built of. */
export interface JudgeLayers {
  features: Features
  /** Whether it may have batch norm. */
  norm: boolean
}

/** Those that are asked for: B features of minibatch discrimination, groups of `stddev` samples. */
export const featuresFor =
  ({ minibatch, stddev }: { minibatch?: number; stddev?: number }): Features =>
  (inputs) => [
    ...(minibatch ? [new MinibatchDiscrimination(inputs, minibatch)] : []),
    ...(stddev ? [new MinibatchDeviation(stddev)] : []),
  ]

/** [N, F] with the layers' outputs behind it. */
export const withFeatures = (h: Tensor, layers: readonly FeatureLayer[]): Tensor =>
  layers.length ? concat([h, ...layers.map((layer) => layer.forward(h))], { axis: 1 }) : h

/** How many columns `layers` add. */
export const added = (layers: readonly FeatureLayer[]): number =>
  layers.reduce((total, { outputs }) => total + outputs, 0)

/** C, the paper's: values that are compared for each feature. */
const KERNEL = 5

/**
 * Minibatch discrimination: M_i = f(x_i) T, o(x_i)_b = Σ_j exp(-‖M_ib - M_jb‖₁), j over the minibatch.
 * Salimans et al. 2016, section 3.2 (arXiv:1606.03498).
 */
export class MinibatchDiscrimination implements FeatureLayer {
  readonly T: Tensor
  readonly outputs: number
  constructor(inputs: number, features: number) {
    this.outputs = features
    this.T = nn.init.normal({ std: 0.05 })([inputs, features * KERNEL])
    this.T.requiresGrad = true
  }
  forward(h: Tensor): Tensor {
    const N = h.shape[0]
    const M = reshape(matmul(h, this.T), [N, this.outputs, KERNEL])
    const apart = abs(sub(reshape(M, [N, 1, this.outputs, KERNEL]), reshape(M, [1, N, this.outputs, KERNEL])))
    return sum(exp(neg(sum(apart, { axes: 3 }))), { axes: 1 }) // c [N,N,B], o [N,B]
  }
}

/** Minibatch standard deviation: over groups of samples, averaged over features. Karras et al. 2017, section 3. */
export class MinibatchDeviation implements FeatureLayer {
  readonly outputs = 1
  constructor(private readonly group: number) {}
  forward(h: Tensor): Tensor {
    const [N, F] = h.shape
    const all = withDeviation(reshape(h, [N, 1, 1, F]), this.group) // [N,1,1,F+1]
    return slice(reshape(all, [N, F + 1]), { start: [0, F] })
  }
}
