/** Models by name. */
import { Dcgan, type DcganOptions, DEFAULTS } from './dcgan.ts'
import type { ImageModel, ImageSize } from './model.ts'

export interface ModelEntry {
  /** One line for --list and the page. */
  about: string
  /** Hyperparameters by name, with the paper's values. */
  defaults: Readonly<Record<string, number>>
  /** Which of them are whole numbers, at least 1. */
  counts: readonly string[]
  create(image: ImageSize, options: Record<string, number>): ImageModel
}

export const models: Readonly<Record<string, ModelEntry>> = {
  dcgan: {
    about: 'Radford et al. 2015 (arXiv:1511.06434): transposed convs with batch norm',
    defaults: DEFAULTS,
    counts: ['latent', 'width'],
    create: (image, options) => new Dcgan(image, options as Partial<DcganOptions>),
  },
}
