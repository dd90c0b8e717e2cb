/** Models by name: what each is, its hyperparameters, and what is trained when nothing else is asked for. */
import { DEFAULTS as DCGAN, Dcgan } from './dcgan.ts'
import { DEFAULTS as GAN, Gan } from './gan.ts'
import type { ImageModel, ImageSize } from './model.ts'
import { DEFAULTS as STYLEGAN_LITE, StyleganLite } from './styleganLite.ts'
import { DEFAULTS as WGAN, Wgan } from './wgan.ts'
import { DEFAULTS as WGAN_GP, WganGp } from './wganGp.ts'

/** A run of a few minutes on its kind of adapter. */
export interface Preset {
  /** Hyperparameters that differ from the paper's. */
  options: Readonly<Record<string, number>>
  batch: number
  steps: number
}

export interface ModelEntry {
  /** One line for --list and the page. */
  about: string
  /** Hyperparameters by name, with the paper's values. */
  defaults: Readonly<Record<string, number>>
  /** Which of them are whole numbers, at least 1. */
  counts: readonly string[]
  presets: Readonly<Record<'software' | 'gpu', Preset>>
  create(image: ImageSize, options: Record<string, number>): ImageModel
}

/** Why a preset is as it is, to be said before a run. */
export const WHY = {
  software: 'sized for minutes on a CPU, as the adapter is a software one; the rate is raised to get there',
  gpu: "the paper's rates at full width, as there is a GPU",
}

export const models: Readonly<Record<string, ModelEntry>> = {
  gan: {
    about: 'Goodfellow et al. 2014 (arXiv:1406.2661): the first, of dense layers and maxout units',
    defaults: GAN,
    counts: ['k', 'latent', 'width', 'pieces'],
    presets: {
      software: { options: { width: 128 }, batch: 64, steps: 6000 },
      gpu: { options: { width: 512 }, batch: 128, steps: 20000 },
    },
    create: (image, options) => new Gan(image, options),
  },
  dcgan: {
    about: 'Radford et al. 2015 (arXiv:1511.06434): transposed convs with batch norm',
    defaults: DCGAN,
    counts: ['latent', 'width'],
    presets: {
      software: { options: { width: 32, lr: 5e-4 }, batch: 32, steps: 1200 },
      gpu: { options: {}, batch: 128, steps: 6000 },
    },
    create: (image, options) => new Dcgan(image, options),
  },
  wgan: {
    about: "Arjovsky et al. 2017 (arXiv:1701.07875): DCGAN's networks, a critic with clipped weights",
    defaults: WGAN,
    counts: ['nCritic', 'latent', 'width'],
    presets: {
      software: { options: { width: 16, lr: 5e-4 }, batch: 32, steps: 1200 },
      gpu: { options: {}, batch: 64, steps: 10000 },
    },
    create: (image, options) => new Wgan(image, options),
  },
  'wgan-gp': {
    about: 'Gulrajani et al. 2017 (arXiv:1704.00028): the critic held 1-Lipschitz by a gradient penalty',
    defaults: WGAN_GP,
    counts: ['nCritic', 'latent', 'width'],
    presets: {
      software: { options: { width: 16, lr: 5e-4 }, batch: 32, steps: 700 },
      gpu: { options: {}, batch: 64, steps: 10000 },
    },
    create: (image, options) => new WganGp(image, options),
  },
  'stylegan-lite': {
    about: 'Karras et al. 2018 (arXiv:1812.04948): styles, AdaIN and noise in each layer, small',
    defaults: STYLEGAN_LITE,
    counts: ['latent', 'depth', 'width', 'maxWidth', 'r1Every'],
    presets: {
      software: {
        // With the paper's eight mapping layers, or at three times its rate, runs as short as this one came to draw
        // nearly the same digit for every z.
        options: {
          latent: 64,
          depth: 2,
          mappingLr: 0.1,
          width: 8,
          maxWidth: 32,
          gamma: 5,
          r1Every: 4,
          emaDecay: 0.99,
        },
        batch: 16,
        steps: 2500,
      },
      gpu: { options: {}, batch: 64, steps: 10000 },
    },
    create: (image, options) => new StyleganLite(image, options),
  },
}

/** The part of `options` that `model` has and whose values are not its defaults: what a Config holds. */
export function ownOptions(model: string, options: Readonly<Record<string, number>>): Record<string, number> {
  const { defaults } = models[model]
  return Object.fromEntries(
    Object.entries(options).filter(([name, value]) => name in defaults && defaults[name] !== value),
  )
}
