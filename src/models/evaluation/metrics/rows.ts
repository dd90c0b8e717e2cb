/** Rows of numbers, one for each sample, and what the metrics ask of two sets of them. In float64. Pure. */

/** Features [count, size], row-major. */
export interface Rows {
  values: Float32Array
  size: number
}

export const countOf = ({ values, size }: Rows): number => values.length / size

/** The first `count` rows. */
export const firstRows = ({ values, size }: Rows, count: number): Rows => ({
  values: values.subarray(0, count * size),
  size,
})

/** Throws RangeError unless the rows of `a` and `b` are alike and at least `least` in each. */
export function checkRows(metric: string, a: Rows, b: Rows, least: number): void {
  if (a.size !== b.size) throw new RangeError(`${metric}: rows of ${a.size} values against rows of ${b.size}`)
  for (const rows of [a, b])
    if (!(countOf(rows) >= least))
      throw new RangeError(`${metric}: expected at least ${least} samples, got ${countOf(rows)}`)
}

/** Rows taken at once, so that those of the other set are read that much more rarely. */
const BLOCK = 4

/** Calls `visit` with i and the products of row i of `a` with every row of `b`; the array is used again. */
export function products(a: Rows, b: Rows, visit: (i: number, row: Float64Array) => void): void {
  const { size } = a
  const [count, others] = [countOf(a), countOf(b)]
  const [left, right] = [Float64Array.from(a.values), Float64Array.from(b.values)]
  const rows = Array.from({ length: BLOCK }, () => new Float64Array(others))
  const [r0, r1, r2, r3] = rows
  for (let i = 0; i < count; i += BLOCK) {
    // Beyond the last row it is taken again; what comes of that is not visited.
    const [p0, p1, p2, p3] = rows.map((_, d) => Math.min(i + d, count - 1) * size)
    for (let j = 0, q = 0; j < others; j++, q += size) {
      let [s0, s1, s2, s3] = [0, 0, 0, 0]
      for (let k = 0; k < size; k++) {
        const y = right[q + k]
        s0 += left[p0 + k] * y
        s1 += left[p1 + k] * y
        s2 += left[p2 + k] * y
        s3 += left[p3 + k] * y
      }
      r0[j] = s0
      r1[j] = s1
      r2[j] = s2
      r3[j] = s3
    }
    for (let d = 0; d < BLOCK && i + d < count; d++) visit(i + d, rows[d])
  }
}

/** Calls `visit` with i and the squared distances of row i of `a` from every row of `b`; the array is used again. */
export function squaredDistances(a: Rows, b: Rows, visit: (i: number, row: Float64Array) => void): void {
  const [normsA, normsB] = [squaredNorms(a), squaredNorms(b)]
  products(a, b, (i, row) => {
    for (let j = 0; j < row.length; j++) row[j] = Math.max(0, normsA[i] + normsB[j] - 2 * row[j])
    visit(i, row)
  })
}

function squaredNorms({ values, size }: Rows): Float64Array {
  const norms = new Float64Array(values.length / size)
  for (let i = 0; i < values.length; i++) norms[Math.floor(i / size)] += values[i] * values[i]
  return norms
}
