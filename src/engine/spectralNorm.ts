/** Spectral normalisation of a network's layers: Miyato et al. 2018 (arXiv:1802.05957). */
import { powerVectors, spectralNorm } from './ops/spectralNorm.ts'
import { randn } from './random.ts'
import { check } from './shape.ts'
import { walk } from './state.ts'
import { Tensor } from './tensor.ts'

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
  /** u of each layer by its name, which follows the first left singular vector of W [K, cout]. Not trained. */
  readonly u: Readonly<Record<string, Tensor>>
  // Out of sight of those who walk over fields: these are the network's.
  readonly #layers: readonly Weighted[]

  /** Throws ShapeError when `network` has no such layer. */
  constructor(network: object) {
    const layers = [...walk(network)].filter((entry): entry is [string, Weighted] => isWeighted(entry[1]))
    check(layers.length > 0, 'SpectralNorm', () => 'the network has no dense or conv layer')
    this.#layers = layers.map(([, layer]) => layer)
    const u = powerVectors(
      layers.map(([, { weight }]) => weight),
      randn,
    )
    this.u = Object.fromEntries(layers.map(([name], i) => [name, u[i]]))
  }

  /** Takes a step of the power iteration, then runs `fn` with W / σ in the place of each layer's W. */
  normalized<T>(fn: () => T): T {
    const own = this.#layers.map(({ weight }) => weight)
    const put = (weights: readonly Tensor[]): void =>
      this.#layers.forEach((layer, i) => {
        layer.weight = weights[i]
      })
    put(spectralNorm(own, Object.values(this.u)))
    try {
      return fn()
    } finally {
      put(own)
    }
  }
}
