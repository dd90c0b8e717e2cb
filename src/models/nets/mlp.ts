/** Multi-layer perceptrons: the networks of the first GAN, and those of every model that trains on points. */
import { dropout, leakyRelu, max, mul, nn, relu, reshape, type Tensor, tanh } from '../../engine/index.ts'
import { isImage, type SampleField, shapeOf } from '../data/fields.ts'
import { added, type FeatureLayer, type Features, noFeatures, withFeatures } from './minibatch.ts'

export interface MlpOptions {
  /** Units of each hidden layer. */
  width: number
  /** Hidden layers. */
  depth: number
}

const init = nn.init.heNormal()
const LEAK = 0.2

const hiddenLayers = (inputs: number, units: number, { width, depth }: MlpOptions): nn.Linear[] =>
  Array.from({ length: depth }, (_, i) => new nn.Linear(i ? width : inputs, units, { init }))

const valuesIn = (sample: SampleField): number => shapeOf(sample).reduce((a, b) => a * b)

/**
 * z [N, latent] -> samples [N, ...], through rectifiers; images end in tanh, points are unbounded, in their unit.
 * `dropout`: of hidden units, in sampling, too.
 */
export class MlpGenerator implements nn.Layer {
  private readonly hidden: nn.Linear[]
  private readonly out: nn.Linear
  private readonly sample: SampleField
  private readonly p: number

  constructor(sample: SampleField, options: MlpOptions & { latent: number; dropout?: number }) {
    this.sample = sample
    this.p = options.dropout ?? 0
    this.hidden = hiddenLayers(options.latent, options.width, options)
    this.out = new nn.Linear(options.width, valuesIn(sample))
  }

  forward(z: Tensor): Tensor {
    const y = this.out.forward(
      this.hidden.reduce((h, layer) => dropout(relu(layer.forward(h)), { p: this.p }), z),
    )
    const samples = reshape(y, [z.shape[0], ...shapeOf(this.sample)])
    return isImage(this.sample) ? tanh(samples) : mul(samples, this.sample.unit)
  }
}

/**
 * Samples [N, ...] -> logits [N, 1]. `pieces` linear maps compete in each maxout unit (Goodfellow et al. 2013,
 * arXiv:1302.4389); with one of them, units are leaky rectifiers. `features`
 * come behind those of the last hidden layer.
 */
export class MlpDiscriminator implements nn.Layer {
  private readonly hidden: nn.Linear[]
  private readonly out: nn.Linear
  private readonly pieces: number
  private readonly sample: SampleField
  private readonly features: FeatureLayer[]

  constructor(
    sample: SampleField,
    { pieces = 1, ...options }: MlpOptions & { pieces?: number },
    features: Features = noFeatures,
  ) {
    this.sample = sample
    this.pieces = pieces
    this.hidden = hiddenLayers(valuesIn(sample), options.width * pieces, options)
    this.features = features(options.width)
    this.out = new nn.Linear(options.width + added(this.features), 1)
  }

  forward(x: Tensor): Tensor {
    const N = x.shape[0]
    const activate = (h: Tensor): Tensor =>
      this.pieces === 1 ? leakyRelu(h, { slope: LEAK }) : max(reshape(h, [N, -1, this.pieces]), { axes: 2 })
    const flat = reshape(x, [N, -1])
    const inputs = isImage(this.sample) ? flat : mul(flat, 1 / this.sample.unit)
    const last = this.hidden.reduce((h, layer) => activate(layer.forward(h)), inputs)
    return this.out.forward(withFeatures(last, this.features))
  }
}
