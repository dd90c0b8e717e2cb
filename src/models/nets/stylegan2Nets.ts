/** The synthesis network of StyleGAN2 (Karras et al. 2019, arXiv:1912.04958): modulated convs and the sum of images of all sizes. */
import {
  add,
  blur2d,
  broadcastTo,
  leakyRelu,
  matmul,
  mul,
  mulAdd,
  pow,
  randn,
  reshape,
  square,
  sum,
  type Tensor,
  tanh,
  upsample2d,
  zeros,
} from '../../engine/index.ts'
import { type Resample, resampledConv, weightShape } from './resampledConv.ts'
import { EqualLinear, LEAK, trained } from './styleganLayers.ts'
import {
  Generator,
  type NetOptions,
  type Noise,
  noiseFor,
  pyramid,
  START,
  type SynthesisNet,
} from './styleganNets.ts'

const EPS = 1e-8

/** The values of a style [N, C] for maps [N, h, w, C]. */
const forMaps = (s: Tensor): Tensor => reshape(s, [s.shape[0], 1, 1, s.shape[1]])

/** What a modulated conv does besides. */
interface ModulationOptions {
  resample?: Resample
  /** Whether the result is divided by its expected standard deviation. */
  demodulate?: boolean
}

/**
 * A conv whose weights each sample scales by its style (section 2.2): w' = s_i w of input map i and, demodulated,
 * w'' = w' / √(Σ w'² + ε) over input maps and taps (equations 1 and 3). No sample has weights of its own here: a conv is
 * linear, so that s scales its input and d = 1 / √(Σ_i s_i² Σ_taps w² + ε) its result, d being a product of s² with a
 * matrix. x [N, H, W, cin], style w [N, latent] -> [N, H', W', cout], H' being 2 H where it doubles.
 */
export class ModulatedConv {
  readonly weight: Tensor
  /** A: the scales s, beginning at 1. */
  readonly affine: EqualLinear
  readonly scale: number
  private readonly resample: Resample
  private readonly demodulate: boolean

  constructor(
    cin: number,
    cout: number,
    kernel: 1 | 3,
    latent: number,
    { resample = 'same', demodulate = true }: ModulationOptions = {},
  ) {
    this.weight = trained(randn(weightShape(kernel, cin, cout, resample)))
    this.affine = new EqualLinear(latent, cin, { gain: 1 })
    this.affine.bias.write(new Float32Array(cin).fill(1))
    this.scale = 1 / Math.sqrt(kernel * kernel * cin)
    this.resample = resample
    this.demodulate = demodulate
  }

  /** The conv of the scaled input, and d [N, 1, 1, cout] by which it is still to be multiplied, if demodulated. */
  forward(x: Tensor, w: Tensor): { y: Tensor; d?: Tensor } {
    const { weight, scale, resample } = this
    const s = this.affine.forward(w) // [N,cin]
    const y = resampledConv(mul(x, forMaps(s)), weight, { resample, scale })
    if (!this.demodulate) return { y }
    const squares = sum(square(weight), { axes: [0, 1] }) // [cin,cout]
    const variance = matmul(square(s), squares, { transposeB: resample === 'up' })
    return { y, d: forMaps(pow(mulAdd(variance, scale * scale, EPS), -0.5)) }
  }
}

/** Figure 2d: a modulated conv, noise B, bias, leaky ReLU. The ReLU's gain of √2 is part of d, before noise and bias. */
export class StyledConv {
  readonly conv: ModulatedConv
  /** B: one learned factor, beginning at 0. */
  readonly noiseStrength: Tensor
  readonly bias: Tensor
  /** For samples that depend on z alone. Not trained. */
  readonly fixedNoise: Tensor
  private readonly up: boolean

  constructor(size: number, cin: number, cout: number, latent: number, { up = false } = {}) {
    this.conv = new ModulatedConv(cin, cout, 3, latent, { resample: up ? 'up' : 'same' })
    this.noiseStrength = trained(zeros([1]))
    this.bias = trained(zeros([cout]))
    this.fixedNoise = randn([1, size, size, 1])
    this.up = up
  }

  forward(x: Tensor, w: Tensor, noise: Noise): Tensor {
    const { y, d } = this.conv.forward(x, w)
    const smooth = this.up ? blur2d(y) : y
    const z = mul(noiseFor(noise, smooth, this.fixedNoise), this.noiseStrength)
    const v = mulAdd(smooth, mul(d as Tensor, Math.SQRT2), z)
    return leakyRelu(add(v, this.bias), { slope: LEAK })
  }
}

/** tRGB: a modulated 1x1 conv to colours, not demodulated, and a bias. */
class ToRgb {
  readonly conv: ModulatedConv
  readonly bias: Tensor
  constructor(cin: number, channels: number, latent: number) {
    this.conv = new ModulatedConv(cin, channels, 1, latent, { demodulate: false })
    this.bias = trained(zeros([channels]))
  }
  forward(x: Tensor, w: Tensor): Tensor {
    return add(this.conv.forward(x, w).y, this.bias)
  }
}

/**
 * Figure 7, with "output skips": the image is the sum of those of all sizes, each enlarged bilinearly. Styles
 * [N, latent], one for each conv and one for the last image, -> images [N, size, size, channels] in (-1, 1). A smaller
 * image takes the style of the conv that comes next.
 */
export class SkipSynthesis implements SynthesisNet {
  readonly constant: Tensor
  readonly convs: StyledConv[]
  readonly toRgb: ToRgb[]
  readonly styleSizes: readonly number[]

  constructor(size: number, channels: number, options: NetOptions) {
    const levels = pyramid(size, options)
    const { latent } = options
    this.constant = trained(randn([1, START, START, levels[0].channels]))
    this.convs = levels.flatMap(({ size: at, channels: own }, i) => {
      const before = i ? [new StyledConv(at, levels[i - 1].channels, own, latent, { up: true })] : []
      return [...before, new StyledConv(at, own, own, latent)]
    })
    this.toRgb = levels.map(({ channels: own }) => new ToRgb(own, channels, latent))
    this.styleSizes = [...levels.flatMap(({ size: at }, i) => (i ? [at, at] : [at])), size]
  }

  forward(styles: readonly Tensor[], noise: Noise): Tensor {
    const start = broadcastTo(this.constant, [styles[0].shape[0], ...this.constant.shape.slice(1)])
    let x = this.convs[0].forward(start, styles[0], noise) // [N,4,4,C]
    let image = this.toRgb[0].forward(x, styles[1]) // [N,4,4,c]
    for (let level = 1; level < this.toRgb.length; level++) {
      const i = 2 * level - 1
      x = this.convs[i].forward(x, styles[i], noise) // [N,2h,2w,C]
      x = this.convs[i + 1].forward(x, styles[i + 1], noise)
      const enlarged = upsample2d(image, { scale: 2, mode: 'bilinear' })
      image = add(enlarged, this.toRgb[level].forward(x, styles[i + 2]))
    }
    return tanh(image) // differs: as in StyleGAN-lite, for images that are black and white nearly everywhere
  }
}

export class SkipGenerator extends Generator<SkipSynthesis> {
  /** a, the running mean of path lengths. Not trained. */
  readonly pathLength: Tensor
  constructor(size: number, channels: number, options: NetOptions) {
    super(size, channels, options, SkipSynthesis)
    this.pathLength = zeros([])
  }
}
