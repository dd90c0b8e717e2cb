/** Spectral normalisation of a network's layers: Miyato et al. 2018 (arXiv:1802.05957). */

import { powerVectors, spectralNorm } from '../ops/fused/spectralNorm.ts'
import { noGrad } from '../tensor/autograd.ts'
import { randn } from '../tensor/random.ts'
import { check } from '../tensor/shape.ts'
import { standIn } from '../tensor/standIn.ts'
import { scope, Tensor } from '../tensor/tensor.ts'
import { walk } from './state.ts'

/** Steps of the power iteration before the first use, as many as PyTorch's: from a random u, σ is far too small. */
const FIRST_STEPS = 15

interface Weighted {
  weight: Tensor
}

const isWeighted = (value: object): value is Weighted => {
  const { weight } = value as Partial<Weighted>
  return weight instanceof Tensor && weight.requiresGrad && weight.shape.length >= 2
}

/**
 * Holds every dense and conv layer of a network to a spectral norm of about 1: the layers compute with W / σ(W), while
 * what is trained and saved is W. To be the last field of its network, so that the layers have their names from there.
 */
export class SpectralNorm {
  /** u [cout] of each layer by its name, which follows the first singular vector of W on the side of the outputs. Not trained. */
  readonly u: Readonly<Record<string, Tensor>>
  // Out of sight of those who walk over fields: these are the network's.
  readonly #layers: readonly Weighted[]

  /** Throws ShapeError when `network` has no such layer. */
  constructor(network: object) {
    const layers = [...walk(network)].filter((entry): entry is [string, Weighted] => isWeighted(entry[1]))
    check(layers.length > 0, 'SpectralNorm', () => 'the network has no dense or conv layer')
    this.#layers = layers.map(([, layer]) => layer)
    const weights = layers.map(([, { weight }]) => weight)
    const u = powerVectors(weights, randn)
    scope(() =>
      noGrad(() => {
        for (let i = 0; i < FIRST_STEPS; i++) spectralNorm(weights, u)
      }),
    )
    this.u = Object.fromEntries(layers.map(([name], i) => [name, u[i]]))
  }

  /** Takes a step of the power iteration, then runs `fn`, which must not be async, with W / σ in the place of each layer's W. */
  normalized<T>(fn: () => T): T {
    const own = this.#layers.map(({ weight }) => weight)
    const put = (weights: readonly Tensor[]): void =>
      this.#layers.forEach((layer, i) => {
        layer.weight = weights[i]
      })
    const replace = (): (() => void) => {
      put(spectralNorm(own, Object.values(this.u)))
      return () => put(own)
    }
    return standIn('SpectralNorm.normalized', replace, fn)
  }
}
