/** What the training loop, the commands and the page know of a model. */
import { nn, type optim, randomState, setRandomState, type Tensor, untaped } from '../engine/index.ts'

export interface ImageSize {
  /** Height and width. */
  size: number
  channels: number
}

/** Points on a line or in a plane. */
export interface PointSize {
  dims: number
  /** About the largest coordinate. */
  unit: number
}

/** What a model makes: images [size, size, channels] in [-1, 1], or points [dims]. */
export type SampleSize = ImageSize | PointSize

export const isImage = (sample: SampleSize): sample is ImageSize => 'channels' in sample

export const shapeOf = (sample: SampleSize): number[] =>
  isImage(sample) ? [sample.size, sample.size, sample.channels] : [sample.dims]

/** Scalars of a step, by name. */
export type Metrics = Record<string, Tensor>

export interface GanModel {
  /** Names of what step() reports, in the order to show. */
  readonly metrics: readonly string[]
  /** Length of z. */
  readonly latent: number
  /** What a checkpoint holds, by name: the generator and its opponent. */
  readonly networks: Readonly<Record<string, object>>
  readonly optimizers: Readonly<Record<string, optim.SGD | optim.RMSprop | optim.Adam>>
  /** Averaged parameters, by name; in a checkpoint, too. */
  readonly averages?: Readonly<Record<string, optim.EMA>>
  /**
   * Trains once. `real` draws a minibatch of samples [N, ...], `latent` that many latents (the model's own
   * distribution if left out).
   */
  step(real: () => Tensor, latent?: (count: number) => Tensor): Metrics
  /** Which course the next step takes, of a model whose steps are not all alike. */
  readonly course?: string
  /** Samples [N, ...] of latents z [N, latent]. */
  sample(z: Tensor): Tensor
  /** D(x), from 0 to 1, or a critic's score, of samples [N, ...]: [N, 1]. Of models that train on points. */
  judge?(x: Tensor): Tensor
}

/** A model whose generator turns z into styles w first, and these into images. */
export interface StyledModel extends GanModel {
  /** Styles w [N, latent] of z [N, latent]. */
  stylesOf(z: Tensor): Tensor
  /** Images [N, ...] of styles w [N, latent], the same one in every layer. */
  fromStyles(w: Tensor): Tensor
}

export const hasStyles = (model: GanModel): model is StyledModel =>
  'stylesOf' in model && 'fromStyles' in model

/** Samples of z with the running statistics of batch norm, so that each depends on its own z alone. */
export const evaluate = (generator: nn.Layer, z: Tensor): Tensor =>
  nn.evaluating(generator, () => generator.forward(z))

/** The values of what `make` makes, all of which is freed. Without a tape: of many samples it would hold much. */
export function read(make: () => Tensor): Promise<Float32Array> {
  const made = untaped(make)
  const values = made.data()
  made.dispose()
  return values
}

/** Runs `body`; random numbers go on afterwards as if it had drawn none. */
export async function apart<T>(body: () => Promise<T>): Promise<T> {
  const state = randomState()
  try {
    return await body()
  } finally {
    setRandomState(state)
  }
}
