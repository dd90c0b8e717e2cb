/** The networks of models whose papers leave them open: DCGAN's or residual ones for images, perceptrons for points. */
import { DataError, type nn } from '../../engine/index.ts'
import { Discriminator, Generator } from '../families/dcgan.ts'
import { isImage, type SampleSize } from '../model.ts'
import { featuresFor, packedSize, type Settings } from '../training/stabilisers/index.ts'
import { MlpDiscriminator, MlpGenerator, type MlpOptions } from './mlp.ts'
import { ResidualCritic, ResidualGenerator } from './residual.ts'

/** Stabilisers that are layers of networks, or know theirs. */
const PLAIN_ONLY = ['minibatch', 'stddev', 'dropout', 'ortho', 'ortho-offdiag', 'weightnorm'] as const

export interface NetworkOptions extends MlpOptions {
  latent: number
  /** Of images: channels next to the image; of points: units of a hidden layer. */
  width: number
  /** 1 for residual networks, of images only. */
  residual?: number
}

/**
 * A generator, and a critic whose output has no sigmoid; `norm`: batch norm in DCGAN's critic, too. `aids` say what
 * stabilises them. Throws DataError where there are no such networks.
 */
export function networksFor(
  sample: SampleSize,
  options: NetworkOptions,
  { norm = true, aids = {} }: { norm?: boolean; aids?: Settings } = {},
): { generator: nn.Layer; critic: nn.Layer } {
  const { residual = 0, width } = options
  if (residual !== 0 && residual !== 1)
    throw new DataError(`residual: expected 1 for residual networks or 0, got ${residual}`)
  if (residual) {
    if (!isImage(sample)) throw new DataError('residual networks make images, not points')
    const unfit = PLAIN_ONLY.find((name) => aids[name] !== undefined)
    if (unfit) throw new DataError(`${unfit} is for plain networks, not for residual ones: leave one out`)
    return {
      generator: new ResidualGenerator(sample, options),
      critic: new ResidualCritic(packedSize(sample, aids), { width, pool: 'mean' }),
    }
  }
  const features = featuresFor(aids)
  const own = { ...options, dropout: aids.dropout }
  if (isImage(sample)) {
    const critic = new Discriminator(packedSize(sample, aids), options, { norm, features })
    return { generator: new Generator(sample, own), critic }
  }
  const critic = new MlpDiscriminator(packedSize(sample, aids), options, features)
  return { generator: new MlpGenerator(sample, own), critic }
}
