// Every tile of the products, on shapes that none of them divides: the sizes below are too small for most to be the usual.
import { afterAll, beforeAll, describe } from 'vitest'
import { TILE_NAMES } from '../../src/engine/ops/products/gemm.ts'
import { forceVariant } from '../../src/engine/ops/products/tuned.ts'
import { checkOp } from '../checkOp.ts'

for (const name of TILE_NAMES)
  describe(name, () => {
    beforeAll(() => forceVariant(name))
    afterAll(() => forceVariant())

    checkOp(
      '[37,9] [9,35]',
      [
        [37, 9],
        [9, 35],
      ],
      (o, a, b) => o.matmul(a, b),
    )
    checkOp(
      '[12,37]ᵀ [12,36]',
      [
        [12, 37],
        [12, 36],
      ],
      (o, a, b) => o.matmul(a, b, { transposeA: true }),
    )
    checkOp(
      '[2,3,8] [5,8]ᵀ',
      [
        [2, 3, 8],
        [5, 8],
      ],
      (o, a, b) => o.matmul(a, b, { transposeB: true }),
    )
    checkOp(
      'conv 4 to 36',
      [
        [1, 7, 6, 4],
        [3, 3, 4, 36],
      ],
      (o, x, w) => o.conv2d(x, w, { stride: 2, padding: 1 }),
    )
    checkOp(
      'conv 1 to 5',
      [
        [1, 8, 7, 1],
        [4, 4, 1, 5],
      ],
      (o, x, w) => o.conv2d(x, w, { stride: 2, padding: 1 }),
    )
    checkOp(
      'transposed, 8 to 12',
      [
        [1, 5, 4, 8],
        [4, 4, 12, 8],
      ],
      (o, x, w) => o.convTranspose2d(x, w, { stride: 2, padding: 1 }),
    )
  })
