/** The networks of models whose papers leave them open: DCGAN's or residual ones for images, perceptrons for points. */
import { DataError, type nn } from '../engine/index.ts'
import { Discriminator, Generator } from './dcgan.ts'
import { MlpDiscriminator, MlpGenerator, type MlpOptions } from './mlp.ts'
import { isImage, type SampleSize } from './model.ts'
import { ResidualCritic, ResidualGenerator } from './residual.ts'

export interface NetworkOptions extends MlpOptions {
  latent: number
  /** Of images: channels next to the image; of points: units of a hidden layer. */
  width: number
  /** 1 for residual networks, of images only. */
  residual?: number
}

/**
 * A generator, and a critic whose output has no sigmoid; `norm`: batch norm in DCGAN's critic, too.
 * Throws DataError where there are no such networks.
 */
export function networksFor(
  sample: SampleSize,
  options: NetworkOptions,
  { norm = true } = {},
): { generator: nn.Layer; critic: nn.Layer } {
  const { residual = 0, width } = options
  if (residual !== 0 && residual !== 1)
    throw new DataError(`residual: expected 1 for residual networks or 0, got ${residual}`)
  if (residual) {
    if (!isImage(sample)) throw new DataError('residual networks make images, not points')
    return {
      generator: new ResidualGenerator(sample, options),
      critic: new ResidualCritic(sample, { width, pool: 'mean' }),
    }
  }
  if (isImage(sample))
    return { generator: new Generator(sample, options), critic: new Discriminator(sample, options, { norm }) }
  return { generator: new MlpGenerator(sample, options), critic: new MlpDiscriminator(sample, options) }
}
