/** Kernel distance (KID) between two sets of features. Pure. */
import { checkRows, countOf, products, type Rows } from './rows.ts'

/**
 * The unbiased estimate of MMD² with the kernel k(x, y) = (x·y / d + 1)³ (Bińkowski et al. 2018, arXiv:1801.01401,
 * section 3), over all pairs at once; below 0 by chance where the sets are alike. Throws RangeError for fewer than two
 * rows, or rows that are not alike.
 */
export function kernelDistance(a: Rows, b: Rows): number {
  checkRows('kernel distance', a, b, 2)
  return meanKernel(a, a, true) + meanKernel(b, b, true) - 2 * meanKernel(a, b, false)
}

/** Mean of k over pairs; `apart`: of a set with itself, without those of a row with itself. */
function meanKernel(a: Rows, b: Rows, apart: boolean): number {
  let sum = 0
  products(a, b, (i, row) => {
    for (let j = 0; j < row.length; j++) {
      const k = row[j] / a.size + 1
      if (!apart || i !== j) sum += k * k * k
    }
  })
  return sum / (countOf(a) * (countOf(b) - (apart ? 1 : 0)))
}
