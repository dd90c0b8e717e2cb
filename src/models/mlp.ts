/** Multi-layer perceptrons: the networks of the first GAN, and those of every model that trains on points. */
import { leakyRelu, max, mul, nn, relu, reshape, type Tensor, tanh } from '../engine/index.ts'
import { isImage, type SampleSize, shapeOf } from './model.ts'

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

const valuesIn = (sample: SampleSize): number => shapeOf(sample).reduce((a, b) => a * b)

/** z [N, latent] -> samples [N, ...], through rectifiers; images end in tanh, points are unbounded, in their unit. */
export class MlpGenerator implements nn.Layer {
  private readonly hidden: nn.Linear[]
  private readonly out: nn.Linear
  private readonly sample: SampleSize

  constructor(sample: SampleSize, options: MlpOptions & { latent: number }) {
    this.sample = sample
    this.hidden = hiddenLayers(options.latent, options.width, options)
    this.out = new nn.Linear(options.width, valuesIn(sample))
  }

  forward(z: Tensor): Tensor {
    const y = this.out.forward(this.hidden.reduce((h, layer) => relu(layer.forward(h)), z))
    const samples = reshape(y, [z.shape[0], ...shapeOf(this.sample)])
    return isImage(this.sample) ? tanh(samples) : mul(samples, this.sample.unit)
  }
}

/**
 * Samples [N, ...] -> logits [N, 1]. `pieces` linear maps compete in each maxout unit (Goodfellow et al. 2013,
 * arXiv:1302.4389); with one of them, units are leaky rectifiers.
 */
export class MlpDiscriminator implements nn.Layer {
  private readonly hidden: nn.Linear[]
  private readonly out: nn.Linear
  private readonly pieces: number
  private readonly sample: SampleSize

  constructor(sample: SampleSize, { pieces = 1, ...options }: MlpOptions & { pieces?: number }) {
    this.sample = sample
    this.pieces = pieces
    this.hidden = hiddenLayers(valuesIn(sample), options.width * pieces, options)
    this.out = new nn.Linear(options.width, 1)
  }

  forward(x: Tensor): Tensor {
    const N = x.shape[0]
    const activate = (h: Tensor): Tensor =>
      this.pieces === 1 ? leakyRelu(h, { slope: LEAK }) : max(reshape(h, [N, -1, this.pieces]), { axes: 2 })
    const flat = reshape(x, [N, -1])
    const inputs = isImage(this.sample) ? flat : mul(flat, 1 / this.sample.unit)
    return this.out.forward(this.hidden.reduce((h, layer) => activate(layer.forward(h)), inputs))
  }
}
