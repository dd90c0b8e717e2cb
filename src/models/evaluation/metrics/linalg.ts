/** Small dense matrices, row-major in float64. Pure. */
import { countOf, type Rows } from './rows.ts'

export interface Moments {
  mean: Float64Array
  /** [size, size], divided by count - 1. */
  covariance: Float64Array
}

/** Mean and covariance of rows. */
export function momentsOf(rows: Rows): Moments {
  const { values, size } = rows
  const count = countOf(rows)
  const mean = new Float64Array(size)
  for (let i = 0; i < values.length; i++) mean[i % size] += values[i] / count
  const covariance = new Float64Array(size * size)
  const centred = new Float64Array(size)
  for (let n = 0; n < count; n++) {
    for (let i = 0; i < size; i++) centred[i] = values[n * size + i] - mean[i]
    for (let i = 0; i < size; i++)
      for (let j = i; j < size; j++) covariance[i * size + j] += centred[i] * centred[j]
  }
  for (let i = 0; i < size; i++)
    for (let j = i; j < size; j++)
      covariance[j * size + i] = covariance[i * size + j] /= Math.max(1, count - 1)
  return { mean, covariance }
}

export function product(a: Float64Array, b: Float64Array, n: number): Float64Array {
  const y = new Float64Array(n * n)
  for (let i = 0; i < n; i++)
    for (let k = 0; k < n; k++) {
      const x = a[i * n + k]
      for (let j = 0; j < n; j++) y[i * n + j] += x * b[k * n + j]
    }
  return y
}

const MAX_SWEEPS = 60

/**
 * Eigenvalues of a symmetric matrix [n, n], and its eigenvectors as columns: cyclic Jacobi rotations (Golub & Van Loan,
 * Matrix Computations, section 8.5).
 */
export function symmetricEigen(
  matrix: Float64Array,
  n: number,
): { values: Float64Array; vectors: Float64Array } {
  const a = Float64Array.from(matrix)
  const vectors = new Float64Array(n * n)
  for (let i = 0; i < n; i++) vectors[i * n + i] = 1
  const total = a.reduce((sum, x) => sum + x * x, 0)
  for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
    let off = 0
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) off += 2 * a[p * n + q] ** 2
    if (off <= 1e-30 * total) break
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(a, vectors, n, p, q)
  }
  return { values: Float64Array.from({ length: n }, (_, i) => a[i * n + i]), vectors }
}

/** Turns rows and columns p and q so that a[p, q] becomes 0. */
function rotate(a: Float64Array, vectors: Float64Array, n: number, p: number, q: number): void {
  const apq = a[p * n + q]
  if (apq === 0) return
  const theta = (a[q * n + q] - a[p * n + p]) / (2 * apq)
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(1, theta))
  const c = 1 / Math.hypot(1, t)
  const s = t * c
  const turn = (m: Float64Array, i: number, j: number): void => {
    const [x, y] = [m[i], m[j]]
    m[i] = c * x - s * y
    m[j] = s * x + c * y
  }
  for (let k = 0; k < n; k++) turn(a, k * n + p, k * n + q)
  for (let k = 0; k < n; k++) turn(a, p * n + k, q * n + k)
  for (let k = 0; k < n; k++) turn(vectors, k * n + p, k * n + q)
}

/** √m of a symmetric matrix without negative eigenvalues; those that rounding made negative count as 0. */
export function squareRoot(matrix: Float64Array, n: number): Float64Array {
  const { values, vectors } = symmetricEigen(matrix, n)
  const scaled = vectors.map((v, i) => v * Math.sqrt(Math.max(0, values[i % n])))
  const transposed = vectors.map((_, i) => vectors[(i % n) * n + Math.floor(i / n)])
  return product(scaled, transposed, n)
}
