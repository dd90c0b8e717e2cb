/** Fréchet distance between two sets of features. Pure. */
import { type Moments, momentsOf, product, squareRoot, symmetricEigen } from './linalg.ts'
import { checkRows, type Rows } from './rows.ts'

/**
 * ‖m1 - m2‖² + tr(S1 + S2 - 2 (S1 S2)^½) of the normal distributions with the sets' means and covariances (Heusel et al.
 * 2017, arXiv:1706.08500, equation 6). Throws RangeError for fewer than two rows, or rows that are not alike.
 */
export function frechetDistance(a: Rows, b: Rows): number {
  checkRows('Fréchet distance', a, b, 2)
  return frechetOfMoments(momentsOf(a), momentsOf(b))
}

export function frechetOfMoments(a: Moments, b: Moments): number {
  const n = a.mean.length
  const between = a.mean.reduce((sum, m, i) => sum + (m - b.mean[i]) ** 2, 0)
  // S1 S2 and √S1 S2 √S1 have the same eigenvalues, and the latter is symmetric.
  const root = squareRoot(a.covariance, n)
  const { values } = symmetricEigen(product(product(root, b.covariance, n), root, n), n)
  const overlap = values.reduce((sum, value) => sum + Math.sqrt(Math.max(0, value)), 0)
  return between + trace(a.covariance, n) + trace(b.covariance, n) - 2 * overlap
}

function trace(matrix: Float64Array, n: number): number {
  let sum = 0
  for (let i = 0; i < n; i++) sum += matrix[i * n + i]
  return sum
}
