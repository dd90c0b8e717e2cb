/** Products: matmul, and the conv trio. */

import { conv2d, conv2dWeightGrad, convTranspose2d, matmul } from '../../src/engine/index.ts'
import { type ConvShape, convOutput, convWork, matmulWork } from '../../src/engine/ops/products/counts.ts'
import * as R from '../../tests/ref/index.ts'
import { values } from '../inputs.ts'
import { plain, type Row } from '../row.ts'

/** Multiplications above which only some rows of a product are checked. */
const CHECKED_WHOLE = 2 ** 26
/** Rows checked then: a prime, so that they fall on every part of a tile. */
const CHECKED_ROWS = 61

function matmulRow(M: number, K: number, N: number): Row {
  return {
    op: 'matmul',
    shape: `${M}x${K} ${K}x${N}`,
    work: matmulWork(M, K, N),
    inputs: [values([M, K], 1), values([K, N], 2)],
    begin: plain((a, b) => matmul(a, b)),
    reference([a, b]) {
      if (M * K * N <= CHECKED_WHOLE) return [R.matmul(a, b)]
      const rows = Array.from({ length: CHECKED_ROWS }, (_, i) =>
        Math.floor((i * (M - 1)) / (CHECKED_ROWS - 1)),
      )
      const { data } = R.matmul(R.gather(a, R.ref(rows, [rows.length])), b)
      return [{ data, positions: rows.flatMap((row) => Array.from({ length: N }, (_, n) => row * N + n)) }]
    },
    peer: { op: 'matmul' },
  }
}

/** aᵀ b, the gradient of a dense layer's weights. */
const weightProductRow = (M: number, K: number, N: number): Row => ({
  op: 'matmul transposed',
  shape: `(${K}x${M})' ${K}x${N}`,
  work: matmulWork(M, K, N),
  inputs: [values([K, M], 1), values([K, N], 2)],
  begin: plain((a, b) => matmul(a, b, { transposeA: true })),
  reference: ([a, b]) => [R.matmul(a, b, { transposeA: true })],
  peer: { op: 'matmulTransposed' },
})

/** conv2d, its data gradient (a transposed conv) and its weight gradient, on one geometry. */
function convRows(conv: ConvShape): Row[] {
  const { n, size, cin, cout, kernel, stride, padding } = conv
  const out = convOutput(conv)
  const x = values([n, size, size, cin], 3)
  const w = values([kernel, kernel, cin, cout], 4)
  const dy = values([n, out, out, cout], 5)
  const options = { stride, padding }
  const work = convWork(conv)
  const row = (op: string, shape: string, rest: Pick<Row, 'inputs' | 'begin' | 'reference'>): Row => ({
    op,
    shape: `${shape} k${kernel}s${stride}`,
    work,
    peer: { op, options: { stride, padding, kernel, size } },
    ...rest,
  })
  const window: [number, number] = [kernel, kernel]
  return [
    row('conv2d', `${n}x${size}x${size}x${cin}-${cout}`, {
      inputs: [x, w],
      begin: plain((a, b) => conv2d(a, b, options)),
      reference: ([a, b]) => [R.conv2d(a, b, options)],
    }),
    row('convTranspose2d', `${n}x${out}x${out}x${cout}-${cin}`, {
      inputs: [dy, w],
      begin: plain((a, b) => convTranspose2d(a, b, options)),
      reference: ([a, b]) => [R.convTranspose2d(a, b, options)],
    }),
    row('conv2dWeightGrad', `${n}x${size}x${size}x${cin}-${cout}`, {
      inputs: [x, dy],
      begin: plain((a, b) => conv2dWeightGrad(a, b, { kernel: window, ...options })),
      reference: ([a, b]) => [R.conv2dWeightGrad(a, b, { kernel: window, ...options })],
    }),
  ]
}

export const products = (): Row[] => [
  matmulRow(256, 256, 256),
  matmulRow(1024, 1024, 1024),
  // DCGAN at 28x28, width 32, batch 32: G's first layer and its weights' gradient, D's last
  matmulRow(32, 100, 3136),
  weightProductRow(100, 32, 3136),
  matmulRow(32, 3136, 1),
  // its two levels, which G goes up and D down
  ...convRows({ n: 32, size: 28, cin: 1, cout: 32, kernel: 4, stride: 2, padding: 1 }),
  ...convRows({ n: 32, size: 14, cin: 32, cout: 64, kernel: 4, stride: 2, padding: 1 }),
  // a plain 3x3 layer, as StyleGAN's are
  ...convRows({ n: 8, size: 16, cin: 64, cout: 64, kernel: 3, stride: 1, padding: 1 }),
]
