/** The networks of models whose papers leave them open: DCGAN's for images, perceptrons for points. */
import type { nn } from '../engine/index.ts'
import { Discriminator, Generator } from './dcgan.ts'
import { MlpDiscriminator, MlpGenerator, type MlpOptions } from './mlp.ts'
import { isImage, type SampleSize } from './model.ts'

export interface NetworkOptions extends MlpOptions {
  latent: number
  /** Of images: channels next to the image; of points: units of a hidden layer. */
  width: number
}

/** A generator, and a critic whose output has no sigmoid; `norm`: batch norm in the critic of images, too. */
export function networksFor(
  sample: SampleSize,
  options: NetworkOptions,
  { norm = true } = {},
): { generator: nn.Layer; critic: nn.Layer } {
  if (isImage(sample))
    return { generator: new Generator(sample, options), critic: new Discriminator(sample, options, { norm }) }
  return { generator: new MlpGenerator(sample, options), critic: new MlpDiscriminator(sample, options) }
}
