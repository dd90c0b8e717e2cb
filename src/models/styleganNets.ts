/** The networks of StyleGAN (Karras et al. 2018, arXiv:1812.04948): mapping f, synthesis g, and the discriminator. */
import {
  add,
  avgPool2d,
  broadcastTo,
  concat,
  conv2d,
  convTranspose2d,
  leakyRelu,
  linear,
  mean,
  mul,
  nn,
  ones,
  pixelNorm,
  randn,
  reshape,
  sqrt,
  styleLayer,
  sub,
  type Tensor,
  variance,
  zeros,
} from '../engine/index.ts'

export const LEAK = 0.2
const START = 4 // pixels of the learned constant, and of the discriminator's last map
const GROUP = 4 // samples that the minibatch standard deviation compares

export interface NetOptions {
  latent: number
  depth: number
  mappingLr: number
  width: number
  maxWidth: number
}

/** Sizes from START up to `size`, a power of two, with the channels of each. */
export function pyramid(size: number, { width, maxWidth }: NetOptions): { size: number; channels: number }[] {
  const levels = Math.log2(size / START) + 1
  return Array.from({ length: levels }, (_, i) => {
    const at = START * 2 ** i
    return { size: at, channels: Math.min(maxWidth, (width * size) / at) }
  })
}

const trained = (t: Tensor): Tensor => {
  t.requiresGrad = true
  return t
}
const lrelu = (x: Tensor): Tensor => leakyRelu(x, { slope: LEAK })

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

/**
 * x [N, H, W, cin] -> [N, H', W', cout]: a conv; after nearest-neighbour upsampling ('up', H' = 2 H); or before the mean
 * over 2x2 pixels ('down', H' = H / 2). The latter two as one conv of stride 2 each, its kernel the 3x3 one spread over
 * the 2x2 pixels: 4 taps per pixel of the larger image in place of 9 (the paper's "fused scale").
 */
export class EqualConv implements nn.Layer {
  readonly weight: Tensor
  readonly bias?: Tensor
  readonly scale: number
  private readonly resample: 'same' | 'up' | 'down'
  constructor(
    cin: number,
    cout: number,
    kernel: 1 | 3,
    {
      bias = true,
      resample = 'same',
      gain = Math.SQRT2,
    }: EqualOptions & { bias?: boolean; resample?: 'same' | 'up' | 'down' } = {},
  ) {
    // A transposed conv's weights are [kh, kw, cout, cin].
    this.weight = trained(randn([kernel, kernel, ...(resample === 'up' ? [cout, cin] : [cin, cout])]))
    if (bias) this.bias = trained(zeros([cout]))
    this.scale = gain / Math.sqrt(kernel * kernel * cin)
    this.resample = resample
  }
  forward(x: Tensor): Tensor {
    const { weight, bias, scale, resample } = this
    const w = mul(weight, resample === 'up' ? 4 * scale : scale) // spread() takes means
    if (resample === 'same') return conv2d(x, w, { padding: (w.shape[0] - 1) / 2, bias })
    const strided = resample === 'up' ? convTranspose2d : conv2d
    return strided(x, spread(w), { stride: 2, padding: 1, bias })
  }
}

/** The mean of a 3x3 kernel [3, 3, a, b] shifted by 0 and 1 pixels each way: [4, 4, a, b]. */
function spread(w: Tensor): Tensor {
  const [, , a, b] = w.shape
  const shifted = avgPool2d(reshape(w, [1, 3, 3, a * b]), { kernel: 2, stride: 1, padding: 1 })
  return reshape(shifted, [4, 4, a, b])
}

/** Low-pass filter with the separable kernel [1, 2, 1] / 4 (section 2): [1, 1] / 2 twice, each way. */
export function blur(x: Tensor): Tensor {
  const once = avgPool2d(x, { kernel: 2, stride: 1, padding: [1, 0, 1, 0] })
  return avgPool2d(once, { kernel: 2, stride: 1, padding: [0, 1, 0, 1] })
}

/** f: z [N, latent] -> w [N, latent], pixel-normalised and through dense layers, trained at a lower rate. */
export class Mapping implements nn.Layer {
  readonly layers: EqualLinear[]
  constructor({ latent, depth, mappingLr: multiplier }: NetOptions) {
    this.layers = Array.from({ length: depth }, () => new EqualLinear(latent, latent, { multiplier }))
  }
  forward(z: Tensor): Tensor {
    return this.layers.reduce((w, layer) => lrelu(layer.forward(w)), pixelNorm(z))
  }
}

/** New noise for every image; the layers' own, the same for all; or none. */
export type NoiseMode = 'random' | 'fixed' | 'none'

/** One layer of figure 1b: conv (none on the constant), noise B, bias, leaky ReLU, and AdaIN by the style A w. */
export class SynthesisLayer {
  readonly conv?: EqualConv
  /** A: scales y_s, then shifts y_b, beginning at 1 and 0. */
  readonly affine: EqualLinear
  /** B: a learned factor per channel, beginning at 0. */
  readonly noiseScale: Tensor
  readonly bias: Tensor
  /** For samples that depend on z alone. Not trained. */
  readonly fixedNoise: Tensor
  private readonly blurred: boolean

  constructor(size: number, channels: number, latent: number, conv?: { from: number; up: boolean }) {
    if (conv) {
      const resample = conv.up ? 'up' : 'same'
      this.conv = new EqualConv(conv.from, channels, 3, { bias: false, resample })
    }
    this.blurred = conv?.up ?? false
    this.affine = new EqualLinear(latent, 2 * channels, { gain: 1 })
    this.affine.bias.write(Float32Array.from({ length: 2 * channels }, (_, i) => (i < channels ? 1 : 0)))
    this.noiseScale = trained(zeros([channels]))
    this.bias = trained(zeros([channels]))
    this.fixedNoise = randn([1, size, size, 1])
  }

  forward(x: Tensor, w: Tensor, mode: NoiseMode): Tensor {
    const y = this.conv ? this.conv.forward(x) : x
    const noise =
      mode === 'random'
        ? randn([...y.shape.slice(0, 3), 1])
        : mode === 'fixed'
          ? this.fixedNoise
          : zeros(this.fixedNoise.shape)
    const smooth = this.blurred ? blur(y) : y
    return styleLayer(smooth, noise, this.noiseScale, this.bias, this.affine.forward(w), { slope: LEAK })
  }
}

/** g: a style w [N, latent] for each layer -> images [N, size, size, channels], unbounded. */
export class Synthesis {
  readonly constant: Tensor
  readonly layers: SynthesisLayer[]
  readonly toRgb: EqualConv
  constructor(size: number, channels: number, options: NetOptions) {
    const levels = pyramid(size, options)
    this.constant = trained(ones([1, START, START, levels[0].channels]))
    this.layers = levels.flatMap(({ size: at, channels: own }, i) => [
      new SynthesisLayer(at, own, options.latent, i ? { from: levels[i - 1].channels, up: true } : undefined),
      new SynthesisLayer(at, own, options.latent, { from: own, up: false }),
    ])
    this.toRgb = new EqualConv(levels[levels.length - 1].channels, channels, 1, { gain: 1 })
  }
  forward(styles: readonly Tensor[], noise: NoiseMode): Tensor {
    const start = broadcastTo(this.constant, [styles[0].shape[0], ...this.constant.shape.slice(1)])
    return this.toRgb.forward(
      this.layers.reduce((x, layer, i) => layer.forward(x, styles[i], noise), start), // [N,h,w,C], twice per size
    )
  }
}

export class Generator {
  readonly mapping: Mapping
  readonly synthesis: Synthesis
  /** w̄, the running mean of w, for truncation. Not trained. */
  readonly meanStyle: Tensor
  constructor(size: number, channels: number, options: NetOptions) {
    this.mapping = new Mapping(options)
    this.synthesis = new Synthesis(size, channels, options)
    this.meanStyle = zeros([options.latent])
  }
  /** w' = w̄ + ψ (w - w̄): section B. */
  truncate(w: Tensor, psi: number): Tensor {
    return psi === 1 ? w : add(this.meanStyle, mul(sub(w, this.meanStyle), psi))
  }
}

/** Images [N, size, size, channels] -> logits [N, 1]: the generator's sizes, downwards. */
export class Discriminator implements nn.Layer {
  readonly fromRgb: EqualConv
  readonly convs: EqualConv[]
  readonly downs: EqualConv[]
  readonly last: EqualConv
  readonly dense: EqualLinear
  readonly out: EqualLinear
  constructor(size: number, channels: number, options: NetOptions) {
    const levels = pyramid(size, options).reverse()
    const { channels: widest } = levels[levels.length - 1]
    this.fromRgb = new EqualConv(channels, levels[0].channels, 1)
    this.convs = levels.slice(0, -1).map(({ channels: own }) => new EqualConv(own, own, 3))
    this.downs = levels
      .slice(1)
      .map(({ channels: own }, i) => new EqualConv(levels[i].channels, own, 3, { resample: 'down' }))
    this.last = new EqualConv(widest + 1, widest, 3)
    this.dense = new EqualLinear(START * START * widest, widest)
    this.out = new EqualLinear(widest, 1, { gain: 1 })
  }
  forward(images: Tensor): Tensor {
    let y = lrelu(this.fromRgb.forward(images)) // [N,H,W,C]
    this.convs.forEach((conv, i) => {
      y = lrelu(conv.forward(y))
      y = lrelu(this.downs[i].forward(blur(y))) // [N,H/2,W/2,C]
    })
    y = lrelu(this.last.forward(withDeviation(y))) // [N,4,4,C]
    return this.out.forward(lrelu(this.dense.forward(reshape(y, [y.shape[0], -1]))))
  }
}

/**
 * Minibatch standard deviation (arXiv:1710.10196, section 3): how much a group of samples varies, averaged over all
 * values, as one more channel. Groups are of GROUP samples, or the most that divide the batch.
 */
export function withDeviation(x: Tensor): Tensor {
  const [N, H, W, C] = x.shape
  let G = Math.min(GROUP, N)
  while (N % G) G--
  const M = N / G
  const groups = reshape(x, [G, M, H * W * C])
  const deviation = mean(sqrt(add(variance(groups, { axes: 0 }), 1e-8)), { axes: 1 }) // [M]
  const channel = broadcastTo(reshape(deviation, [1, M, 1, 1, 1]), [G, M, H, W, 1])
  return concat([x, reshape(channel, [N, H, W, 1])], { axis: 3 })
}
