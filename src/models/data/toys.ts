/** Distributions of points that can be seen whole: mixtures of Gaussians, with their exact densities. Pure. */
import { DataError } from '../../engine/index.ts'
import type { PointField } from './fields.ts'

type Point = readonly number[]

export interface Toy {
  about: string
  dims: 1 | 2
  /** Where it lies: within [-extent, extent] in every direction. */
  extent: number
  /** Centres of its Gaussians, equally likely. */
  centres: readonly Point[]
  /** Standard deviation of each, in every direction. */
  std: number
  /** Whether the centres are modes to be told apart; those of the spiral are a line. */
  hasModes: boolean
}

const range = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i))

const polar = (radius: number, turns: number): Point => [
  radius * Math.cos(2 * Math.PI * turns),
  radius * Math.sin(2 * Math.PI * turns),
]

/** Points along the spiral, closer to each other than its line is wide. */
const SPIRAL_POINTS = 256
const SPIRAL_TURNS = 1.5

/** Ring and grid as in Lin et al. 2017, section 4.1 (PacGAN, arXiv:1712.04086): variances 0.01 and 0.0025. */
export const toys = {
  normal: {
    about: 'a normal distribution on a line, N(1, 0.5²)',
    dims: 1,
    extent: 4,
    centres: [[1]],
    std: 0.5,
    hasModes: true,
  },
  bimodal: {
    about: 'two normal distributions on a line, at -1.5 and 1.5',
    dims: 1,
    extent: 4,
    centres: [[-1.5], [1.5]],
    std: 0.4,
    hasModes: true,
  },
  ring: {
    about: '8 Gaussians on a ring of radius 1',
    dims: 2,
    extent: 1.6,
    centres: range(8, (i) => polar(1, i / 8)),
    std: 0.1,
    hasModes: true,
  },
  grid: {
    about: '25 Gaussians on a 5 x 5 grid of step 2',
    dims: 2,
    extent: 5,
    centres: range(25, (i) => [2 * Math.floor(i / 5) - 4, 2 * (i % 5) - 4]),
    std: 0.05,
    hasModes: true,
  },
  spiral: {
    about: 'a spiral of one and a half turns',
    dims: 2,
    extent: 1.6,
    // The root spreads the points evenly along the line.
    centres: range(SPIRAL_POINTS, (i) => Math.sqrt((i + 0.5) / SPIRAL_POINTS)).map((t) =>
      polar(1.3 * t, SPIRAL_TURNS * t),
    ),
    std: 0.05,
    hasModes: false,
  },
} satisfies Record<string, Toy>

export type ToyName = keyof typeof toys
export const isToyName = (name: string): name is ToyName => Object.hasOwn(toys, name)

/** Throws DataError for an unknown name. */
export function toyOf(name: string): Toy {
  if (isToyName(name)) return toys[name]
  throw new DataError(`no points '${name}'; there are ${Object.keys(toys).join(', ')}`)
}

/** What a point of a distribution is. */
export function pointField(name: string, { dims, centres }: Toy): PointField {
  return { kind: 'points', dims, unit: Math.max(...centres.flat().map(Math.abs)), toy: name }
}

/** Density at a point. */
export function density({ centres, std, dims }: Toy, point: Point): number {
  const scale = (2 * Math.PI * std * std) ** (-dims / 2) / centres.length
  return centres.reduce((sum, centre) => {
    const squared = centre.reduce((d, c, i) => d + (point[i] - c) ** 2, 0)
    return sum + scale * Math.exp(-squared / (2 * std * std))
  }, 0)
}

/** The middles of `cells` equal cells of [-extent, extent]. */
export const middles = ({ extent }: Toy, cells: number): number[] =>
  range(cells, (i) => (2 * extent * (i + 0.5)) / cells - extent)

/** The middles of cells x cells cells of the plane, row by row from the top, or of `cells` on the line. */
export function lattice(toy: Toy, cells: number): Point[] {
  const along = middles(toy, cells)
  if (toy.dims === 1) return along.map((x) => [x])
  return [...along].reverse().flatMap((y) => along.map((x) => [x, y]))
}

/** Probability of each cell of the lattice, exactly: a Gaussian's is a product over the directions. */
export function cellProbabilities(toy: Toy, cells: number): Float64Array {
  const { centres, std, extent, dims } = toy
  const probabilities = new Float64Array(cells ** dims)
  const along = (centre: number): number[] => {
    const below = range(cells + 1, (i) => normalCdf(((2 * extent * i) / cells - extent - centre) / std))
    return range(cells, (i) => below[i + 1] - below[i])
  }
  for (const centre of centres) {
    const [x, y = [1]] = centre.map(along)
    y.reverse() // from the top
    y.forEach((py, row) => {
      x.forEach((px, column) => {
        probabilities[row * cells + column] += (px * py) / centres.length
      })
    })
  }
  return probabilities
}

/** Φ(x), within 1.2e-7: erfc by a Chebyshev fit (Press et al., Numerical Recipes, section 6.2). */
function normalCdf(x: number): number {
  const z = Math.abs(x) / Math.SQRT2
  const t = 1 / (1 + z / 2)
  const terms = [
    -1.26551223, 1.00002368, 0.37409196, 0.09678418, -0.18628806, 0.27886807, -1.13520398, 1.48851587,
    -0.82215223, 0.17087277,
  ]
  const erfc = t * Math.exp(-z * z + terms.reduceRight((sum, c) => sum * t + c, 0))
  return x > 0 ? 1 - erfc / 2 : erfc / 2
}
