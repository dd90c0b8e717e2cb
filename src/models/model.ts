/** What the training loop, the commands and the page know of a model. */
import { nn, type optim, type Tensor } from '../engine/index.ts'

export interface ImageSize {
  /** Height and width. */
  size: number
  channels: number
}

/** Scalars of a step, by name. */
export type Metrics = Record<string, Tensor>

export interface ImageModel {
  /** Names of what step() reports, in the order to show. */
  readonly metrics: readonly string[]
  /** Length of z. */
  readonly latent: number
  /** What a checkpoint holds, by name. */
  readonly networks: Readonly<Record<string, object>>
  readonly optimizers: Readonly<Record<string, optim.SGD | optim.RMSprop | optim.Adam>>
  /** Averaged parameters, by name; in a checkpoint, too. */
  readonly averages?: Readonly<Record<string, optim.EMA>>
  /**
   * Trains once. `real` draws a minibatch of images [N, size, size, channels] in [-1, 1], `latent` that many latents
   * (the model's own distribution if left out).
   */
  step(real: () => Tensor, latent?: (count: number) => Tensor): Metrics
  /** Images [N, size, size, channels] in [-1, 1] of latents z [N, latent]. */
  sample(z: Tensor): Tensor
}

/** Images of z with the running statistics of batch norm, so that an image depends on its own z alone. */
export function evaluate(generator: nn.Layer, z: Tensor): Tensor {
  nn.setTraining(generator, false)
  try {
    return generator.forward(z)
  } finally {
    nn.setTraining(generator, true)
  }
}
