/**
 * The residual networks for images of 32 pixels that two papers share, in their appendices on CIFAR-10: Gulrajani et al.
 * 2017 (arXiv:1704.00028) and Miyato et al. 2018 (arXiv:1802.05957, table 4). Images of another power of two have more or
 * fewer of the resampling blocks; others are put on a canvas of the next.
 */
import {
  add,
  avgPool2d,
  mean,
  nn,
  relu,
  reshape,
  sum,
  type Tensor,
  tanh,
  upsample2d,
  zeros,
} from '../../engine/index.ts'
import type { ImageField } from '../data/fields.ts'
import { Canvas } from './canvas.ts'
import { type Resample, resampledConv, weightShape } from './resampledConv.ts'

const NAME = 'A residual network'
const START = 4 // pixels of the map that z is projected to
const END = 8 // pixels at which the critic stops to halve

/** Both authors' programs: Glorot's uniform, with a gain of √2 for what a rectifier comes before. */
const residualInit = nn.init.xavierUniform({ gain: Math.SQRT2 })
const plainInit = nn.init.xavierUniform()

interface ConvOptions {
  resample?: Resample
  bias?: boolean
  init?: nn.init.Initializer
}

/** A 3x3 or 1x1 conv; of a 3x3 one, the image may double before it or halve after it. */
class Conv implements nn.Layer {
  readonly weight: Tensor
  readonly bias?: Tensor
  private readonly resample: Resample
  constructor(
    cin: number,
    cout: number,
    kernel: 1 | 3,
    { resample = 'same', bias = true, init = residualInit }: ConvOptions = {},
  ) {
    this.weight = init(weightShape(kernel, cin, cout, resample))
    this.weight.requiresGrad = true
    if (bias) this.bias = zeros([cout], { requiresGrad: true })
    this.resample = resample
  }
  forward(x: Tensor): Tensor {
    const { weight, bias, resample } = this
    return resampledConv(x, weight, { resample, bias })
  }
}

/**
 * G's block, [N, H, W, cin] -> [N, 2 H, 2 W, cout]: batch norm, ReLU, upsampling, conv, batch norm, ReLU, conv.
 * differs: no biases, which the batch norms that follow would take out again.
 */
class UpBlock implements nn.Layer {
  private readonly norm1: nn.BatchNorm
  private readonly conv1: Conv
  private readonly norm2: nn.BatchNorm
  private readonly conv2: Conv
  private readonly shortcut: Conv
  constructor(cin: number, cout: number) {
    this.norm1 = new nn.BatchNorm(cin, { slope: 0 })
    this.conv1 = new Conv(cin, cout, 3, { resample: 'up', bias: false })
    this.norm2 = new nn.BatchNorm(cout, { slope: 0 })
    this.conv2 = new Conv(cout, cout, 3, { bias: false })
    this.shortcut = new Conv(cin, cout, 1, { bias: false, init: plainInit })
  }
  forward(x: Tensor): Tensor {
    const h = this.conv1.forward(this.norm1.forward(x))
    // The paper's shortcut upsamples, then convolves: the same, at four times the cost.
    const shortcut = upsample2d(this.shortcut.forward(x), { scale: 2 })
    return add(this.conv2.forward(this.norm2.forward(h)), shortcut)
  }
}

/** z [N, latent] -> images [N, size, size, channels] in (-1, 1): dense to 4x4, a block for each doubling, and a conv. */
export class ResidualGenerator implements nn.Layer {
  private readonly project: nn.Linear
  private readonly blocks: UpBlock[]
  private readonly norm: nn.BatchNorm
  private readonly out: Conv
  private readonly canvas: Canvas
  constructor(image: ImageField, { latent, width }: { latent: number; width: number }) {
    this.canvas = new Canvas(image, NAME)
    this.project = new nn.Linear(latent, START * START * width, { init: plainInit })
    const doublings = Math.log2(this.canvas.size / START)
    this.blocks = Array.from({ length: doublings }, () => new UpBlock(width, width))
    this.norm = new nn.BatchNorm(width, { slope: 0 })
    this.out = new Conv(width, image.channels, 3, { init: plainInit })
  }
  forward(z: Tensor): Tensor {
    const start = reshape(this.project.forward(z), [z.shape[0], START, START, -1]) // [N,4,4,C]
    const y = this.blocks.reduce((x, block) => block.forward(x), start) // [N,2h,2w,C] each
    return this.canvas.cut(tanh(this.out.forward(this.norm.forward(y))))
  }
}

/** Where a block stands in the critic. */
interface Position {
  /** Next to the image: no ReLU before its first conv. */
  first?: boolean
  down?: boolean
}

/** The critic's block, [N, H, W, cin] -> [N, H', W', cout]: ReLU, conv, ReLU, conv, and the mean of 2x2 if `down`. */
class CriticBlock implements nn.Layer {
  private readonly conv1: Conv
  private readonly conv2: Conv
  private readonly shortcut?: Conv
  private readonly first: boolean
  private readonly down: boolean
  constructor(cin: number, cout: number, { first = false, down = false }: Position) {
    this.conv1 = new Conv(cin, cout, 3)
    this.conv2 = new Conv(cout, cout, 3, { resample: down ? 'down' : 'same' })
    if (down) this.shortcut = new Conv(cin, cout, 1, { init: plainInit })
    this.first = first
    this.down = down
  }
  forward(x: Tensor): Tensor {
    const h = this.conv1.forward(this.first ? x : relu(x))
    // Mean and 1x1 conv may change places, as they do in the papers' later blocks.
    const small = this.down ? avgPool2d(x, { kernel: 2 }) : x
    return add(this.conv2.forward(relu(h)), this.shortcut ? this.shortcut.forward(small) : small)
  }
}

export interface ResidualCriticOptions {
  width: number
  /** Over the pixels at the end: the sum (Miyato et al.) or the mean (Gulrajani et al.). */
  pool: 'sum' | 'mean'
  /** Whether each layer is held to a spectral norm of 1. */
  spectral?: boolean
}

/**
 * Images [N, size, size, channels] -> scores [N, 1]: blocks that halve down to 8 pixels, two that do not, the pixels
 * together, dense. No norm layers: a penalty takes each sample's own gradient.
 */
export class ResidualCritic implements nn.Layer {
  private readonly blocks: CriticBlock[]
  private readonly out: nn.Linear
  private readonly canvas: Canvas
  private readonly pool: 'sum' | 'mean'
  private readonly norm?: nn.SpectralNorm
  constructor(image: ImageField, { width, pool, spectral = false }: ResidualCriticOptions) {
    this.canvas = new Canvas(image, NAME)
    this.pool = pool
    const halvings = Math.max(1, Math.log2(this.canvas.size / END))
    this.blocks = Array.from({ length: halvings + 2 }, (_, i) => {
      const first = i === 0
      return new CriticBlock(first ? image.channels : width, width, { first, down: i < halvings })
    })
    this.out = new nn.Linear(width, 1, { init: plainInit })
    if (spectral) this.norm = new nn.SpectralNorm(this)
  }
  /** With spectral norms, each call takes a step of the power iteration. */
  forward(images: Tensor): Tensor {
    return this.norm ? this.norm.normalized(() => this.score(images)) : this.score(images)
  }
  private score(images: Tensor): Tensor {
    const y = this.blocks.reduce((x, block) => block.forward(x), this.canvas.put(images)) // [N,h,w,C]
    const over = { axes: [1, 2] }
    return this.out.forward(this.pool === 'sum' ? sum(relu(y), over) : mean(relu(y), over))
  }
}
