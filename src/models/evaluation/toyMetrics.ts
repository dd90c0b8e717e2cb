/** How close points come to a toy distribution. Pure. */
import { cellProbabilities, type Toy } from '../data/toys.ts'

export interface ToyScores {
  /** Modes with at least one sample of high quality; absent where there are none to tell apart. */
  modes?: number
  /** Share of samples within 3 standard deviations of a centre: of high quality (PacGAN, arXiv:1712.04086). */
  quality: number
  /** KL(samples || distribution) in nats, over cells. */
  kl: number
  /** Jensen-Shannon divergence in nats, over cells: 0 to log 2. */
  js: number
}

/** Samples that modes and quality are counted on, as in the papers. */
export const COUNTED = 2500
/** Cells of a side; one more for all that lies outside. */
const CELLS = { 1: 100, 2: 50 }
/** A cell that the distribution (nearly) never meets counts as this probable, so that KL stays finite. */
const FLOOR = 1e-12

/** Scores of points [N, dims]: modes and quality of the first 2,500, the divergences of all. */
export function scorePoints(toy: Toy, points: Float32Array): ToyScores {
  const { modes, quality } = scoreModes(toy, points.subarray(0, COUNTED * toy.dims))
  const p = cellsOf(toy)
  const q = histogram(toy, points)
  const between = p.map((pi, i) => (pi + q[i]) / 2)
  const js = (divergence(p, between) + divergence(q, between)) / 2
  return { ...(toy.hasModes && { modes }), quality, kl: divergence(q, p), js }
}

function scoreModes({ centres, std, dims }: Toy, points: Float32Array): { modes: number; quality: number } {
  const count = points.length / dims
  const met = new Set<number>()
  let good = 0
  for (let n = 0; n < count; n++) {
    const distances = centres.map((centre) => Math.hypot(...centre.map((c, d) => points[n * dims + d] - c)))
    const nearest = distances.reduce((best, distance, i) => (distance < distances[best] ? i : best), 0)
    if (!(distances[nearest] <= 3 * std)) continue
    good++
    met.add(nearest)
  }
  return { modes: met.size, quality: good / count }
}

/** The distribution's probabilities of the cells and, last, of what lies outside. */
function cellsOf(toy: Toy): Float64Array {
  const inside = cellProbabilities(toy, CELLS[toy.dims])
  return Float64Array.of(...inside, Math.max(0, 1 - inside.reduce((a, b) => a + b)))
}

/** Shares of the points in the same cells. */
function histogram({ dims, extent }: Toy, points: Float32Array): Float64Array {
  const cells = CELLS[dims]
  const shares = new Float64Array(cells ** dims + 1)
  const count = points.length / dims
  const cellOf = (x: number): number => Math.floor(((x + extent) / (2 * extent)) * cells)
  for (let n = 0; n < count; n++) {
    const column = cellOf(points[n * dims])
    const row = dims === 2 ? cells - 1 - cellOf(points[n * dims + 1]) : 0
    const isInside = [row, column].every((i) => i >= 0 && i < cells)
    shares[isInside ? row * cells + column : cells ** dims] += 1 / count
  }
  return shares
}

/** KL(a || b) = Σ a log(a / b). */
const divergence = (a: Float64Array, b: Float64Array): number =>
  a.reduce((sum, ai, i) => (ai > 0 ? sum + ai * Math.log(ai / Math.max(b[i], FLOOR)) : sum), 0)
