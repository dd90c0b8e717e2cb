import { describe } from 'vitest'
import { checkOp, type Input } from '../checkOp.ts'
import { onEachPath } from '../harness.ts'

const TRANSPOSES = [
  [false, false],
  [true, false],
  [false, true],
  [true, true],
]

/** a [...batch, M, K] times b [...batch, K, N], each stored transposed where asked. */
function checkProduct(M: number, K: number, N: number, aBatch: number[] = [], bBatch: number[] = []): void {
  for (const [transposeA, transposeB] of TRANSPOSES) {
    const a = [...aBatch, ...(transposeA ? [K, M] : [M, K])]
    const b = [...bBatch, ...(transposeB ? [N, K] : [K, N])]
    checkOp(`[${a}]${transposeA ? 'ᵀ' : ''} [${b}]${transposeB ? 'ᵀ' : ''}`, [a, b], (o, x, y) =>
      o.matmul(x, y, { transposeA, transposeB }),
    )
  }
}

const checkTall = () =>
  checkOp(
    '261 rows',
    [
      [261, 3],
      [3, 2],
    ],
    (o, a, b) => o.matmul(a, b),
  )

onEachPath(() => {
  checkProduct(1, 1, 1)
  checkProduct(3, 7, 5)
  checkProduct(2, 100, 3) // few tiles: k is split
  checkProduct(1, 6, 12)
  checkProduct(9, 16, 11) // quads of few rows
  checkProduct(67, 9, 13) // quads of many rows
  checkProduct(12, 68, 8) // whole vec4s, split
  checkProduct(5, 3, 7, [3], [3])
  checkProduct(9, 8, 8, [2], [])
  checkProduct(3, 5, 9, [], [3])
  checkProduct(8, 12, 10, [1], [2])
  checkOp(
    'a long sum',
    [
      [2, 1030],
      [1030, 3],
    ],
    (o, a, b) => o.matmul(a, b),
  )
  checkTall()
}, checkTall)

describe('linear', () => {
  const shapes: Input[][] = [
    [[3, 5], [5, 7], [7]],
    [[2, 3, 4, 5], [5, 2], [2]],
    [[8], [8, 1], [1]],
    [
      [1, 4],
      [4, 4],
    ],
  ]
  for (const inputs of shapes)
    checkOp(`linear ${inputs.map((s) => `[${s}]`)}`, inputs, (o, x, w, b) => o.linear(x, w, b))
})
