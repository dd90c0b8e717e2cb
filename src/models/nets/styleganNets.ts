/** The networks of StyleGAN (Karras et al. 2018, arXiv:1812.04948): mapping f, synthesis g, and the discriminator. */
import {
  add,
  avgPool2d,
  blur2d,
  broadcastTo,
  mul,
  type nn,
  ones,
  pixelNorm,
  randn,
  reshape,
  styleLayer,
  sub,
  type Tensor,
  tanh,
  zeros,
} from '../../engine/index.ts'
import { EqualConv, EqualLinear, LEAK, lrelu, trained, withDeviation } from './styleganLayers.ts'

export const START = 4 // pixels of the learned constant, and of the discriminator's last map

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

/** Noise [N, h, w, 1]: drawn by a function, such as randn; the layers' own, the same for all images; or none. */
export type Noise = 'fixed' | 'none' | ((shape: readonly number[]) => Tensor)

/** `noise` for a map: drawn, none, or `fixed` [1, h, w, 1], the layer's own. */
export function noiseFor(noise: Noise, map: Tensor, fixed: Tensor): Tensor {
  if (noise === 'fixed') return fixed
  return noise === 'none' ? zeros(fixed.shape) : noise([...map.shape.slice(0, 3), 1])
}

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

  forward(x: Tensor, w: Tensor, noise: Noise): Tensor {
    const y = this.conv ? this.conv.forward(x) : x
    const z = noiseFor(noise, y, this.fixedNoise)
    const smooth = this.blurred ? blur2d(y) : y
    return styleLayer(smooth, z, this.noiseScale, this.bias, this.affine.forward(w), { slope: LEAK })
  }
}

/** g: a style w [N, latent] each -> images. */
export interface SynthesisNet {
  /** For each style, the size of the images at which it begins to count. */
  readonly styleSizes: readonly number[]
  forward(styles: readonly Tensor[], noise: Noise): Tensor
}

/** A style w [N, latent] for each layer -> images [N, size, size, channels] in (-1, 1). */
export class Synthesis implements SynthesisNet {
  readonly constant: Tensor
  readonly layers: SynthesisLayer[]
  readonly toRgb: EqualConv
  readonly styleSizes: readonly number[]
  constructor(size: number, channels: number, options: NetOptions) {
    const levels = pyramid(size, options)
    this.styleSizes = levels.flatMap(({ size: at }) => [at, at])
    this.constant = trained(ones([1, START, START, levels[0].channels]))
    this.layers = levels.flatMap(({ size: at, channels: own }, i) => [
      new SynthesisLayer(at, own, options.latent, i ? { from: levels[i - 1].channels, up: true } : undefined),
      new SynthesisLayer(at, own, options.latent, { from: own, up: false }),
    ])
    this.toRgb = new EqualConv(levels[levels.length - 1].channels, channels, 1, { gain: 1 })
  }
  forward(styles: readonly Tensor[], noise: Noise): Tensor {
    const start = broadcastTo(this.constant, [styles[0].shape[0], ...this.constant.shape.slice(1)])
    const y = this.layers.reduce((x, layer, i) => layer.forward(x, styles[i], noise), start) // [N,h,w,C], twice per size
    // differs: the paper's images are unbounded. Those of digits are black and white nearly everywhere; without tanh,
    // runs of a few thousand steps drew grey blobs.
    return tanh(this.toRgb.forward(y))
  }
}

export class Generator<S extends SynthesisNet = Synthesis> {
  readonly mapping: Mapping
  readonly synthesis: S
  /** w̄, the running mean of w, for truncation. Not trained. */
  readonly meanStyle: Tensor
  constructor(
    size: number,
    channels: number,
    options: NetOptions,
    Net: new (...of: [number, number, NetOptions]) => S,
  ) {
    this.mapping = new Mapping(options)
    this.synthesis = new Net(size, channels, options)
    this.meanStyle = zeros([options.latent])
  }
  /** w' = w̄ + ψ (w - w̄): appendix B. */
  truncate(w: Tensor, psi: number): Tensor {
    return psi === 1 ? w : add(this.meanStyle, mul(sub(w, this.meanStyle), psi))
  }
}

/**
 * Images [N, size, size, channels] -> logits [N, 1]: the generator's sizes, downwards. `residual`: with a shortcut past
 * the layers of each size, as in StyleGAN2 (arXiv:1912.04958, figure 7).
 */
export class Discriminator implements nn.Layer {
  readonly fromRgb: EqualConv
  readonly convs: EqualConv[]
  readonly downs: EqualConv[]
  readonly shortcuts?: EqualConv[]
  readonly last: EqualConv
  readonly dense: EqualLinear
  readonly out: EqualLinear
  /** R1 when it was last taken. Not trained; here to be in checkpoints, so that a resumed run reports the same. */
  readonly penalty: Tensor
  constructor(size: number, channels: number, options: NetOptions, { residual = false } = {}) {
    const levels = pyramid(size, options).reverse()
    this.penalty = zeros([])
    const { channels: widest } = levels[levels.length - 1]
    this.fromRgb = new EqualConv(channels, levels[0].channels, 1)
    this.convs = levels.slice(0, -1).map(({ channels: own }) => new EqualConv(own, own, 3))
    this.downs = levels
      .slice(1)
      .map(({ channels: own }, i) => new EqualConv(levels[i].channels, own, 3, { resample: 'down' }))
    if (residual)
      this.shortcuts = levels
        .slice(1)
        .map(({ channels: own }, i) => new EqualConv(levels[i].channels, own, 1, { gain: 1, bias: false }))
    this.last = new EqualConv(widest + 1, widest, 3)
    this.dense = new EqualLinear(START * START * widest, widest)
    this.out = new EqualLinear(widest, 1, { gain: 1 })
  }
  forward(images: Tensor): Tensor {
    let y = lrelu(this.fromRgb.forward(images)) // [N,H,W,C]
    this.convs.forEach((conv, i) => {
      const x = y
      y = lrelu(this.downs[i].forward(blur2d(lrelu(conv.forward(x))))) // [N,H/2,W/2,C]
      const shortcut = this.shortcuts?.[i].forward(avgPool2d(blur2d(x), { kernel: 2 }))
      if (shortcut) y = mul(add(y, shortcut), Math.SQRT1_2)
    })
    y = lrelu(this.last.forward(withDeviation(y))) // [N,4,4,C]
    return this.out.forward(lrelu(this.dense.forward(reshape(y, [y.shape[0], -1]))))
  }
}
