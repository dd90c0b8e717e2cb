/** Distributions of points that can be seen: sampled on the GPU, with densities to compare against. */
import {
  add,
  concat,
  cos,
  gather,
  mul,
  randn,
  randomIntegers,
  reshape,
  scope,
  sin,
  sqrt,
  type Tensor,
  tensor,
  uniform,
} from '../engine/index.ts'

export interface Toy {
  about: string
  /** Coordinates of a point. */
  dims: 1 | 2
  /** All points of interest lie within [-extent, extent]. */
  extent: number
  /** Centres of the Gaussians that it mixes, equally likely; empty for other distributions. */
  modes: readonly (readonly number[])[]
  /** Standard deviation of each Gaussian, in every direction. */
  std: number
  /** Draws points [count, dims]; `centres` is the table of modes. */
  draw(count: number, centres: Tensor): Tensor
}

/** An equal mixture of Gaussians about `modes`. */
function mixture(about: string, modes: readonly (readonly number[])[], std: number, extent: number): Toy {
  const dims = modes[0].length as 1 | 2
  return {
    about,
    dims,
    extent,
    modes,
    std,
    draw: (count, centres) =>
      add(gather(centres, randomIntegers([count], modes.length)), mul(randn([count, dims]), std)),
  }
}

const ring = Array.from({ length: 8 }, (_, i) => [Math.cos((i * Math.PI) / 4), Math.sin((i * Math.PI) / 4)])
const grid = Array.from({ length: 25 }, (_, i) => [-4 + 2 * Math.floor(i / 5), -4 + 2 * (i % 5)])

/** Turns of the spiral, and the thickness of its line. */
const TURNS = 1.5
const SPIRAL_STD = 0.05

/** Ring and grid as in Lin et al. 2017, section 4.1 (PacGAN, arXiv:1712.04086): variances 0.01 and 0.0025. */
export const toys: Readonly<Record<string, Toy>> = {
  normal: mixture('a 1-D normal, N(1, 0.5²)', [[1]], 0.5, 4),
  bimodal: mixture('a mixture of two 1-D normals, at -1.5 and 1.5', [[-1.5], [1.5]], 0.4, 4),
  ring: mixture('8 Gaussians on a ring of radius 1', ring, 0.1, 1.6),
  grid: mixture('25 Gaussians on a 5 x 5 grid of step 2', grid, 0.05, 5),
  spiral: {
    about: 'a spiral of one and a half turns',
    dims: 2,
    extent: 1.6,
    modes: [],
    std: SPIRAL_STD,
    draw(count) {
      // The root spreads the points evenly along the line.
      const t = sqrt(uniform([count, 1]))
      const angle = mul(t, TURNS * 2 * Math.PI)
      const line = concat([mul(t, cos(angle)), mul(t, sin(angle))], { axis: 1 })
      return add(mul(line, 1.3), mul(randn([count, 2]), SPIRAL_STD))
    },
  },
}

/** Density of a mixture at a point. */
export function density({ modes, std, dims }: Toy, point: readonly number[]): number {
  const scale = (2 * Math.PI * std * std) ** (-dims / 2) / modes.length
  return modes.reduce((total, mode) => {
    const distance2 = mode.reduce((d, m, i) => d + (point[i] - m) ** 2, 0)
    return total + scale * Math.exp(-distance2 / (2 * std * std))
  }, 0)
}

/** A toy distribution as a data set: minibatches without an end. */
export class ToyPoints {
  private readonly centres: Tensor

  constructor(private readonly toy: Toy) {
    const { modes, dims } = toy
    this.centres = reshape(tensor(modes.length ? modes : [Array(dims).fill(0)]), [-1, dims])
  }

  batch(count: number): Tensor {
    return scope(() => this.toy.draw(count, this.centres))
  }

  dispose(): void {
    this.centres.dispose()
  }
}
