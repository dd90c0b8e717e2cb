/** DCGAN's networks: Radford, Metz & Chintala 2015 (arXiv:1511.06434), figure 1. */
import { DataError, dropout, nn, reshape, type Tensor, tanh } from '../../engine/index.ts'
import type { ImageField } from '../data/fields.ts'
import { added, type FeatureLayer, type JudgeLayers, noFeatures, withFeatures } from './minibatch.ts'

const LEAK = 0.2
/** Every weight starts as N(0, 0.02²). */
const init = nn.init.normal({ std: 0.02 })
/** Kernel 4 with stride 2 doubles or halves a size exactly. differs: the paper draws 5x5 kernels. */
const RESAMPLE = { stride: 2, padding: 1, init }

export interface DcganNetOptions {
  /** Length of z. */
  latent: number
  /** Channels of the layer next to the image; each level further doubles them. */
  width: number
  /** Of the generator's maps' values, in sampling, too. */
  dropout?: number
}

/** How often `size` halves down to the 4 to 7 pixels that z is projected to: 64 -> 4 in four levels, 28 -> 7 in two. */
function levelsOf(size: number): number {
  let levels = 0
  for (let s = size; s > 7 && s % 2 === 0; s /= 2) levels++
  if (levels === 0)
    throw new DataError(
      `DCGAN doubles a few pixels up to the image: the size must be even and at least 8, got ${size}`,
    )
  return levels
}

/** z [N, latent] -> images [N, size, size, channels] in (-1, 1): figure 1. `dropout`: of maps' values, in sampling, too. */
export class Generator {
  private readonly project: nn.Linear
  private readonly norms: nn.BatchNorm[]
  private readonly ups: nn.ConvTranspose2d[]
  private readonly base: number
  private readonly p: number

  constructor({ size, channels }: ImageField, { latent, width, dropout = 0 }: DcganNetOptions) {
    this.p = dropout
    const levels = levelsOf(size)
    this.base = size / 2 ** levels
    const depths = Array.from({ length: levels }, (_, i) => width * 2 ** (levels - 1 - i))
    this.project = new nn.Linear(latent, this.base * this.base * depths[0], { bias: false, init })
    this.norms = depths.map((depth) => new nn.BatchNorm(depth, { slope: 0 })) // and ReLU
    this.ups = depths.map((depth, i) => {
      const last = i === levels - 1
      return new nn.ConvTranspose2d(depth, last ? channels : depths[i + 1], 4, { ...RESAMPLE, bias: last })
    })
  }

  forward(z: Tensor): Tensor {
    let y = reshape(this.project.forward(z), [z.shape[0], this.base, this.base, -1]) // [N,h,w,C]
    this.ups.forEach((up, i) => {
      y = up.forward(dropout(this.norms[i].forward(y), { p: this.p })) // [N,2h,2w,C/2]
    })
    return tanh(y)
  }
}

/**
 * Images [N, size, size, channels] -> logits [N, 1]. No batch norm on the first layer, nor anywhere unless `norm`.
 * `features` come behind those of the last conv.
 */
export class Discriminator {
  private readonly convs: nn.Conv2d[]
  private readonly norms: nn.BatchNorm[]
  private readonly features: FeatureLayer[]
  private readonly out: nn.Linear

  constructor(
    { size, channels }: ImageField,
    { width }: Pick<DcganNetOptions, 'width'>,
    { norm = true, features = noFeatures }: Partial<JudgeLayers> = {},
  ) {
    const levels = levelsOf(size)
    const base = size / 2 ** levels
    const depths = Array.from({ length: levels }, (_, i) => width * 2 ** i)
    this.convs = depths.map((depth, i) => {
      const ends = i === 0 || !norm ? { slope: LEAK } : { bias: false } // else batch norm ends the layer
      return new nn.Conv2d(i ? depths[i - 1] : channels, depth, 4, { ...RESAMPLE, ...ends })
    })
    this.norms = norm ? depths.slice(1).map((depth) => new nn.BatchNorm(depth, { slope: LEAK })) : []
    const last = base * base * depths[levels - 1]
    this.features = features(last)
    this.out = new nn.Linear(last + added(this.features), 1, { init })
  }

  /** What each conv layer makes of images. */
  maps(x: Tensor): Tensor[] {
    let y = x
    return this.convs.map((conv, i) => {
      y = conv.forward(y) // [N,h/2,w/2,C]
      if (i && this.norms.length) y = this.norms[i - 1].forward(y)
      return y
    })
  }

  forward(x: Tensor): Tensor {
    const last = this.maps(x)[this.convs.length - 1]
    return this.out.forward(withFeatures(reshape(last, [x.shape[0], -1]), this.features))
  }
}
