/** Metrics by nearest neighbours: precision, recall, density, coverage; and the neighbours themselves. Pure. */
import { checkRows, countOf, type Rows, squaredDistances } from './rows.ts'

export interface Manifold {
  /** Share of samples within a ball of a real one: that are realistic. */
  precision: number
  /** Share of real ones within a ball of a sample: that the generator can make. */
  recall: number
  /** Balls of real ones that a sample lies in, on average, over k: precision without the pull of outliers, not below 0 nor bounded by 1. */
  density: number
  /** Share of real ones with a sample in their ball. */
  coverage: number
}

/** k of the papers' experiments. */
const K = { precision: 3, density: 5 }

/**
 * Precision and recall (Kynkäänniemi et al. 2019, arXiv:1904.06991, equations 1 and 2, k = 3), density and coverage (Naeem
 * et al. 2020, arXiv:2002.09797, section 3, k = 5). A row's ball reaches to the k-th nearest other row of its set.
 * Throws RangeError for five rows or fewer, or rows that are not alike.
 */
export function manifold(real: Rows, samples: Rows): Manifold {
  checkRows('precision and recall', real, samples, Math.max(...Object.values(K)) + 1)
  const [realRadii, wide] = radiiOf(real, [K.precision, K.density])
  const [sampleRadii] = radiiOf(samples, [K.precision])
  const [N, M] = [countOf(real), countOf(samples)]
  const isRealistic = new Uint8Array(M)
  let [recalled, inBalls, covered] = [0, 0, 0]
  squaredDistances(real, samples, (i, row) => {
    let [isRecalled, isCovered] = [false, false]
    for (let j = 0; j < M; j++) {
      if (row[j] <= realRadii[i]) isRealistic[j] = 1
      if (row[j] <= sampleRadii[j]) isRecalled = true
      if (row[j] <= wide[i]) {
        isCovered = true
        inBalls++
      }
    }
    if (isRecalled) recalled++
    if (isCovered) covered++
  })
  const realistic = isRealistic.reduce((sum, is) => sum + is, 0)
  return {
    precision: realistic / M,
    recall: recalled / N,
    density: inBalls / (K.density * M),
    coverage: covered / N,
  }
}

/** For each k, every row's squared distance to the k-th nearest other row. */
function radiiOf(rows: Rows, ks: readonly number[]): Float64Array[] {
  const radii = ks.map(() => new Float64Array(countOf(rows)))
  squaredDistances(rows, rows, (i, row) => {
    row[i] = Number.POSITIVE_INFINITY
    const nearest = smallest(row, Math.max(...ks))
    ks.forEach((k, which) => {
      radii[which][i] = row[nearest[k - 1]]
    })
  })
  return radii
}

/** Places of the `k` smallest values, the smallest first. */
function smallest(values: Float64Array, k: number): number[] {
  const places: number[] = []
  for (let j = 0; j < values.length; j++) {
    if (places.length === k && !(values[j] < values[places[k - 1]])) continue
    let at = Math.min(places.length, k - 1)
    for (; at > 0 && values[places[at - 1]] > values[j]; at--) places[at] = places[at - 1]
    places[at] = j
  }
  return places
}

/** Rows looked through at once: all pixels of a data set in float64 would be large. */
const CHUNK = 4096

/** For each row of `samples`, the places of the `k` rows of `real` nearest to it, the nearest first. */
export function nearest(real: Rows, samples: Rows, k: number): number[][] {
  checkRows('nearest neighbours', real, samples, 1)
  const found = Array.from({ length: countOf(samples) }, () => [] as { place: number; distance: number }[])
  for (let from = 0; from < countOf(real); from += CHUNK) {
    const chunk = real.values.subarray(from * real.size, (from + CHUNK) * real.size)
    squaredDistances(samples, { values: chunk, size: real.size }, (i, row) => {
      const here = smallest(row, k).map((j) => ({ place: from + j, distance: row[j] }))
      found[i] = [...found[i], ...here].sort((a, b) => a.distance - b.distance).slice(0, k)
    })
  }
  return found.map((each) => each.map(({ place }) => place))
}
