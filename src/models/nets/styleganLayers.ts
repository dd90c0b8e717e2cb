/** What StyleGAN's networks are built of: layers with an equalised learning rate, smooth resampling, the batch's spread. */
import {
  add,
  broadcastTo,
  concat,
  leakyRelu,
  linear,
  mean,
  mul,
  nn,
  randn,
  reshape,
  sqrt,
  type Tensor,
  variance,
  zeros,
} from '../../engine/index.ts'
import { type Resample, resampledConv, weightShape } from './resampledConv.ts'

export const LEAK = 0.2
const GROUP = 4 // samples that the minibatch standard deviation compares

export const trained = (t: Tensor): Tensor => {
  t.requiresGrad = true
  return t
}
/** Of every layer but the last of each network. */
export const lrelu = (x: Tensor): Tensor => leakyRelu(x, { slope: LEAK })

/**
 * Equalised learning rate (Karras et al. 2017, arXiv:1710.10196, section 4.1): weights are kept as N(0, 1) and scaled
 * by He's gain / √fan_in whenever used, so that Adam moves all of them at the same relative speed. A multiplier slows
 * a layer down further: its values are kept that much larger.
 */
interface EqualOptions {
  /** √2 before a leaky ReLU, 1 where nothing follows. */
  gain?: number
  multiplier?: number
}

/** x [N, in] -> [N, out] */
export class EqualLinear implements nn.Layer {
  readonly weight: Tensor
  readonly bias: Tensor
  readonly scale: number
  private readonly multiplier: number
  constructor(inputs: number, outputs: number, { gain = Math.SQRT2, multiplier = 1 }: EqualOptions = {}) {
    this.weight = trained(nn.init.normal({ std: 1 / multiplier })([inputs, outputs]))
    this.bias = trained(zeros([outputs]))
    this.scale = (gain / Math.sqrt(inputs)) * multiplier
    this.multiplier = multiplier
  }
  forward(x: Tensor): Tensor {
    const bias = this.multiplier === 1 ? this.bias : mul(this.bias, this.multiplier)
    return linear(x, mul(this.weight, this.scale), bias)
  }
}

/** x [N, H, W, cin] -> [N, H', W', cout]: resampledConv with an equalised weight. */
export class EqualConv implements nn.Layer {
  readonly weight: Tensor
  readonly bias?: Tensor
  readonly scale: number
  private readonly resample: Resample
  constructor(
    cin: number,
    cout: number,
    kernel: 1 | 3,
    {
      bias = true,
      resample = 'same',
      gain = Math.SQRT2,
    }: EqualOptions & { bias?: boolean; resample?: Resample } = {},
  ) {
    this.weight = trained(randn(weightShape(kernel, cin, cout, resample)))
    if (bias) this.bias = trained(zeros([cout]))
    this.scale = gain / Math.sqrt(kernel * kernel * cin)
    this.resample = resample
  }
  forward(x: Tensor): Tensor {
    const { weight, bias, scale, resample } = this
    return resampledConv(x, weight, { resample, scale, bias })
  }
}

/**
 * Minibatch standard deviation (arXiv:1710.10196, section 3): how much a group of samples varies, averaged over all
 * values, as one more channel. Groups are of `group` samples, or the most that divide the batch.
 */
export function withDeviation(x: Tensor, group = GROUP): Tensor {
  const [N, H, W, C] = x.shape
  let G = Math.min(group, N)
  while (N % G) G--
  const M = N / G
  const groups = reshape(x, [G, M, H * W * C])
  const deviation = mean(sqrt(add(variance(groups, { axes: 0 }), 1e-8)), { axes: 1 }) // [M]
  const channel = broadcastTo(reshape(deviation, [1, M, 1, 1, 1]), [G, M, H, W, 1])
  return concat([x, reshape(channel, [N, H, W, 1])], { axis: 3 })
}
