/** The networks of families whose papers leave them open: DCGAN's or residual ones for images, perceptrons for points. */
import { DataError, type nn } from '../../engine/index.ts'
import { isImage, type SampleField } from '../data/fields.ts'
import { Discriminator, Generator } from './dcgan.ts'
import type { JudgeLayers } from './minibatch.ts'
import { MlpDiscriminator, MlpGenerator, type MlpOptions } from './mlp.ts'
import { ResidualCritic, ResidualGenerator } from './residual.ts'

export interface NetworkOptions extends MlpOptions {
  /** Length of z. */
  latent: number
  /** Of images: channels next to the image; of points: units of a hidden layer. */
  width: number
  /** Residual networks, for images only. */
  residual?: boolean
}

function refuseResidual(field: SampleField): void {
  if (!isImage(field)) throw new DataError('residual networks make images, not points')
}

/** z [N, latent] -> samples [N, ...]. Throws DataError where there is no such network. */
export function generatorFor(field: SampleField, options: NetworkOptions & { dropout?: number }): nn.Layer {
  if (options.residual) refuseResidual(field)
  if (!isImage(field)) return new MlpGenerator(field, options)
  return options.residual ? new ResidualGenerator(field, options) : new Generator(field, options)
}

/** Samples [N, ...] -> scores [N, 1], without a sigmoid. Throws DataError where there is no such network. */
export function criticFor(field: SampleField, options: NetworkOptions, layers: JudgeLayers): nn.Layer {
  if (options.residual) refuseResidual(field)
  if (!isImage(field)) return new MlpDiscriminator(field, options, layers.features)
  if (options.residual) return new ResidualCritic(field, { width: options.width, pool: 'mean' })
  return new Discriminator(field, options, layers)
}
