/** Models by name: what each is, its hyperparameters, and what is trained when nothing else is asked for. */

import { DataError } from '../engine/index.ts'
import { type DataKind, isToy } from './data/data.ts'
import { DEFAULTS as DCGAN, Dcgan } from './families/dcgan.ts'
import { DEFAULTS as GAN, Gan } from './families/gan.ts'
import { DEFAULTS as SNGAN, Sngan } from './families/sngan.ts'
import { DEFAULTS as STYLEGAN2_LITE, Stylegan2Lite } from './families/stylegan2Lite.ts'
import { DEFAULTS as STYLEGAN_LITE, StyleganLite } from './families/styleganLite.ts'
import { DEFAULTS as WGAN, Wgan } from './families/wgan.ts'
import { DEFAULTS as WGAN_GP, WganGp } from './families/wganGp.ts'
import { type GanModel, type ImageSize, isImage, type SampleSize } from './model.ts'
import { type LossName, losses, targetLosses } from './training/losses.ts'
import { check, type Name, type Settings } from './training/stabilisers/names.ts'

/** A run of a few minutes on its kind of adapter, or on points. */
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
  /** The losses to choose from, its paper's first; empty where that leaves no choice. */
  losses: readonly LossName[]
  /** Whether its G turns z into styles first. */
  hasStyles?: true
  /** The regularisers and tricks that it takes. */
  fits: readonly Name[]
  /** For points only if it can learn from them. */
  presets: Readonly<Record<'software' | 'gpu', Preset> & Partial<Record<'points', Preset>>>
  /** Throws DataError when it cannot make such samples. */
  create(sample: SampleSize, options: Record<string, number>, loss?: LossName, aids?: Settings): GanModel
}

/** Why a preset is as it is, to be said before a run. */
export const WHY = {
  points: 'small networks, as the data are points',
  software: 'sized for minutes on a CPU, as the adapter is a software one; the rate is raised to get there',
  gpu: "the paper's rates at full width, as there is a GPU",
}

/** Of every model: what changes its D's input, or its rate. */
const ANY: readonly Name[] = [
  ...(['noise', 'noise-steps', 'replay', 'pack', 'ttur'] as const),
  ...(['color', 'translation', 'cutout'] as const),
]
/** Of models whose D says how probable it is that a sample is real. */
const TARGETS: readonly Name[] = ['smooth', 'soft', 'flip']
/** Of models made of plain dense and conv layers, whose D ends in a dense one. */
const LAYERS: readonly Name[] = ['ortho', 'ortho-offdiag', 'minibatch', 'stddev', 'dropout']
/** Of models that have no penalty of their own. */
const PENALTIES: readonly Name[] = ['gp', 'r1', 'dragan', 'dragan-std']
/** Of models whose paper leaves D's weights as they are. */
const FREE: readonly Name[] = [...PENALTIES, 'clip', 'spectral', 'weightnorm', 'unroll']

const LOSSES = Object.keys(losses) as LossName[]

function imagesOnly(model: string, sample: SampleSize): ImageSize {
  if (isImage(sample)) return sample
  throw new DataError(`${model} makes images, not points; on points train ${pointModels().join(', ')}`)
}

/** Names of the models that can learn from points. */
export const pointModels = (): string[] => Object.keys(models).filter((name) => models[name].presets.points)

/**
 * With the paper's eight mapping layers, runs as short as these came to draw nearly the same digit for every z; a high rate
 * needs the small γ.
 */
const SMALL_STYLEGAN = {
  latent: 64,
  depth: 4,
  mappingLr: 0.1,
  width: 8,
  maxWidth: 64,
  gamma: 1,
  mixing: 0.5,
  emaDecay: 0.995,
}

export const models: Readonly<Record<string, ModelEntry>> = {
  gan: {
    about: 'Goodfellow et al. 2014 (arXiv:1406.2661): the first, of dense layers and maxout units',
    defaults: GAN,
    losses: LOSSES,
    counts: ['k', 'latent', 'width', 'depth', 'pieces'],
    presets: {
      software: { options: { width: 128 }, batch: 64, steps: 6000 },
      gpu: { options: { width: 512 }, batch: 128, steps: 20000 },
      points: { options: { width: 64, latent: 2, lr: 1e-3, emaDecay: 0.99 }, batch: 256, steps: 3000 },
    },
    fits: [...ANY, ...TARGETS, ...LAYERS, ...FREE],
    create: (sample, options, loss, aids) => new Gan(sample, options, loss, aids),
  },
  dcgan: {
    about: 'Radford et al. 2015 (arXiv:1511.06434): transposed convs with batch norm',
    defaults: DCGAN,
    losses: LOSSES,
    counts: ['latent', 'width'],
    presets: {
      software: { options: { width: 32, lr: 5e-4 }, batch: 32, steps: 2000 },
      gpu: { options: {}, batch: 128, steps: 6000 },
    },
    fits: [...ANY, ...TARGETS, ...LAYERS, ...FREE],
    create: (sample, options, loss, aids) => new Dcgan(imagesOnly('dcgan', sample), options, loss, aids),
  },
  wgan: {
    about: "Arjovsky et al. 2017 (arXiv:1701.07875): DCGAN's networks, a critic with clipped weights",
    defaults: WGAN,
    losses: [],
    counts: ['nCritic', 'latent', 'width', 'depth'],
    presets: {
      software: { options: { width: 16, lr: 5e-4 }, batch: 32, steps: 1200 },
      gpu: { options: {}, batch: 64, steps: 10000 },
      points: { options: { width: 64, latent: 2, lr: 1e-3, clip: 0.1 }, batch: 256, steps: 2000 },
    },
    fits: [...ANY, ...LAYERS],
    create: (sample, options, _, aids) => new Wgan(sample, options, aids),
  },
  'wgan-gp': {
    about: 'Gulrajani et al. 2017 (arXiv:1704.00028): the critic held 1-Lipschitz by a gradient penalty',
    defaults: WGAN_GP,
    losses: [],
    counts: ['nCritic', 'latent', 'width', 'depth'],
    presets: {
      software: { options: { width: 16, lr: 5e-4 }, batch: 32, steps: 2600 },
      gpu: { options: {}, batch: 64, steps: 10000 },
      points: {
        options: { width: 128, depth: 3, latent: 2, lr: 3e-3, lambda: 0.1, decaySteps: 2500 },
        batch: 256,
        steps: 2500,
      },
    },
    fits: [...ANY, ...LAYERS, 'spectral', 'weightnorm'],
    create: (sample, options, _, aids) => new WganGp(sample, options, aids),
  },
  sngan: {
    about:
      "Miyato et al. 2018 (arXiv:1802.05957): residual networks, the spectral norm of each of D's layers 1",
    defaults: SNGAN,
    losses: ['hinge', ...LOSSES.filter((name) => name !== 'hinge')],
    counts: ['nDis', 'latent', 'width', 'widthG'],
    presets: {
      software: {
        options: { nDis: 1, width: 16, widthG: 16, latent: 64, lr: 1e-3 },
        batch: 16,
        steps: 2000,
      },
      gpu: { options: {}, batch: 64, steps: 10000 },
    },
    fits: [...ANY, ...TARGETS, ...PENALTIES],
    create: (sample, options, loss, aids) => new Sngan(imagesOnly('sngan', sample), options, loss, aids),
  },
  'stylegan-lite': {
    about: 'Karras et al. 2018 (arXiv:1812.04948): styles, AdaIN and noise in each layer, small',
    defaults: STYLEGAN_LITE,
    losses: LOSSES,
    hasStyles: true,
    counts: ['latent', 'depth', 'width', 'maxWidth', 'r1Every'],
    presets: {
      software: {
        options: { ...SMALL_STYLEGAN, r1Every: 4, lr: 4e-3 },
        batch: 16,
        steps: 2000,
      },
      gpu: { options: {}, batch: 64, steps: 10000 },
    },
    fits: [...ANY, ...TARGETS],
    create: (sample, options, loss, aids) =>
      new StyleganLite(imagesOnly('stylegan-lite', sample), options, loss, aids),
  },
  'stylegan2-lite': {
    about:
      'Karras et al. 2019 (arXiv:1912.04958): modulated convs, image skips, path length regularisation, small',
    defaults: STYLEGAN2_LITE,
    losses: LOSSES,
    hasStyles: true,
    counts: ['latent', 'depth', 'width', 'maxWidth', 'r1Every', 'pathEvery'],
    presets: {
      software: {
        // The paper's rate: at twice as much, short runs came to strokes drowned in noise.
        options: SMALL_STYLEGAN,
        batch: 16,
        steps: 3000,
      },
      gpu: { options: {}, batch: 64, steps: 10000 },
    },
    fits: [...ANY, ...TARGETS],
    create: (sample, options, loss, aids) =>
      new Stylegan2Lite(imagesOnly('stylegan2-lite', sample), options, loss, aids),
  },
}

/** What stabilisers have to fit, and what else there is to choose of a run. */
interface Setting {
  model: string
  data: DataKind
  batch: number
  loss?: LossName
}
interface Chosen {
  options: Readonly<Record<string, number>>
  seed: number
  aids?: Settings
}

/** Throws DataError naming what of `config` its model does not have, or what it cannot be. */
export function checkConfig(config: Setting & Chosen): void {
  const { model, options, loss, aids } = config
  const { defaults, counts, losses: own } = models[model]
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(defaults, name))
      throw new DataError(`${model} has no option '${name}'; it has ${Object.keys(defaults).join(', ')}`)
    if (counts.includes(name) && !(Number.isInteger(value) && value > 0))
      throw new DataError(`${name} of ${model}: expected a whole number, at least 1, got ${value}`)
  }
  if (loss && !own.includes(loss))
    throw new DataError(`${model} has no loss '${loss}'; it has ${own.join(', ') || 'its own only'}`)
  if (aids) checkAids(aids, config)
}

/** Throws DataError when `aids` do not fit each other, the model, its data, batch or loss; named as the flags are. */
export function checkAids(aids: Settings, { model, data, batch, loss }: Setting): void {
  const { fits, losses: own } = models[model]
  check(aids, {
    model,
    fits,
    where: (name) => Object.keys(models).filter((other) => models[other].fits.includes(name)),
    isImages: !isToy(data),
    batch,
    loss: loss ?? own[0] ?? 'its own',
    targetLosses,
  })
}

/** The name of the preset for such data on such an adapter. */
export const presetFor = (data: DataKind, isSoftware: boolean): keyof ModelEntry['presets'] =>
  isToy(data) ? 'points' : isSoftware ? 'software' : 'gpu'

/** The part of `options` that `model` has and whose values are not its defaults: what a Config holds. */
export function ownOptions(model: string, options: Readonly<Record<string, number>>): Record<string, number> {
  const { defaults } = models[model]
  return Object.fromEntries(
    Object.entries(options).filter(([name, value]) => name in defaults && defaults[name] !== value),
  )
}
