import { noGrad, record } from '../tensor/autograd.ts'
import { check, type Shape, shapeText } from '../tensor/shape.ts'
import { scope, type Tensor } from '../tensor/tensor.ts'
import { reshape } from './movement.ts'
import { columnGemm, divisorUpTo, rowGemm } from './products/gemm.ts'
import { sum } from './reduce.ts'

export interface MatmulOptions {
  /** Read a as [K, M]. */
  transposeA?: boolean
  /** Read b as [N, K]. */
  transposeB?: boolean
}

interface Sizes {
  batches: number
  aBatches: number
  bBatches: number
  M: number
  K: number
  N: number
  shape: number[]
}

/**
 * Matrix product [M, K] x [K, N], or batched [B, M, K] x [B, K, N]; a 2-D operand serves every batch.
 * Either may be given transposed, which costs no copy. Throws ShapeError when the inner sizes or batches differ.
 */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  const { transposeA: ta = false, transposeB: tb = false } = options
  const s = sizes(a.shape, b.shape, ta, tb)
  const y = scope(() => noGrad(() => product(a, b, ta, tb, s)))
  // Each derivative is a product of the same two kinds of operand, transposed where the layout asks for it;
  // the tape sums it where one matrix served every batch.
  return record('matmul', [a, b], y, (dy) => [
    () => (ta ? matmul(b, dy, { transposeA: tb, transposeB: true }) : matmul(dy, b, { transposeB: !tb })),
    () => (tb ? matmul(dy, a, { transposeA: true, transposeB: ta }) : matmul(a, dy, { transposeA: !ta })),
  ])
}

function sizes(a: Shape, b: Shape, ta: boolean, tb: boolean): Sizes {
  const text = (): string =>
    `${shapeText(a)}${ta ? ' transposed' : ''} by ${shapeText(b)}${tb ? ' transposed' : ''}`
  const ranks = [a.length, b.length]
  check(
    ranks.every((r) => r === 2 || r === 3),
    'matmul',
    () => `expected matrices [M, K] and [K, N], or batches of them; got ${text()}`,
  )
  const [aBatches, a0, a1] = a.length === 3 ? a : [1, ...a]
  const [bBatches, b0, b1] = b.length === 3 ? b : [1, ...b]
  const [M, K] = ta ? [a1, a0] : [a0, a1]
  const [K2, N] = tb ? [b1, b0] : [b0, b1]
  check(K === K2, 'matmul', () => `inner sizes ${K} and ${K2} differ: ${text()}`)
  check(
    aBatches === bBatches || aBatches === 1 || bBatches === 1,
    'matmul',
    () => `batches ${aBatches} and ${bBatches} differ: ${text()}`,
  )
  const batches = Math.max(aBatches, bBatches)
  return { batches, aBatches, bBatches, M, K, N, shape: ranks.includes(3) ? [batches, M, N] : [M, N] }
}

function product(a: Tensor, b: Tensor, ta: boolean, tb: boolean, s: Sizes, bias?: Tensor): Tensor {
  const { batches, aBatches, bBatches, M, K, N, shape } = s
  if (ta && !tb) {
    // The rows of k in lines of a few, as pixels of a conv with one tap; at least four, which are summed at once.
    const line = divisorUpTo(K, Math.min(16, Math.ceil(K / 4)))
    return columnGemm({
      op: 'matmul',
      a,
      b,
      shape,
      M,
      N,
      C: M,
      lines: K / line,
      WO: line,
      batches,
      aBatch: aBatches === 1 ? 0 : K * M,
      bBatch: bBatches === 1 ? 0 : K * N,
      defines: { H: 1, W: line, HO: 1, KW: 1, SH: 1, SW: 1, PT: 0, PL: 0 },
    })
  }
  // aᵀ bᵀ = (b a)ᵀ: the plain product of the operands exchanged, written transposed.
  const swap = ta && tb
  const [left, right] = swap ? [b, a] : [a, b]
  const [leftBatches, rightBatches] = swap ? [bBatches, aBatches] : [aBatches, bBatches]
  return rowGemm({
    kernel: 'matmul',
    op: 'matmul',
    bias,
    a: left,
    b: right,
    shape,
    M: swap ? N : M,
    N: swap ? M : N,
    KC: K,
    taps: 1,
    Z: batches,
    inside: true,
    bTransposed: tb && !swap,
    yTransposed: swap,
    defines: (lanes) => ({
      A_BATCH: `${leftBatches === 1 ? 0 : ((swap ? N : M) * K) / lanes}u`,
      A_ROW: `${K / lanes}u`,
      B_BATCHES: `${rightBatches}u`,
    }),
  })
}

/** x [..., in] times w [in, out], plus b [out] if given. */
export function linear(x: Tensor, w: Tensor, b?: Tensor): Tensor {
  const [inputs, outputs] = w.shape
  check(
    w.shape.length === 2 && x.shape.length >= 1 && x.shape.at(-1) === inputs,
    'linear',
    () => `expected x [..., in] and w [in, out], got ${shapeText(x.shape)} and ${shapeText(w.shape)}`,
  )
  check(
    !b || (b.shape.length === 1 && b.shape[0] === outputs),
    'linear',
    () => `expected a bias [${outputs}], got ${b && shapeText(b.shape)}`,
  )
  const rows = reshape(x, [-1, inputs])
  return reshape(b ? affine(rows, w, b) : matmul(rows, w), [...x.shape.slice(0, -1), outputs])
}

/** x [M, K] times w [K, N], plus b [N], in one pass. */
function affine(x: Tensor, w: Tensor, b: Tensor): Tensor {
  const s = sizes(x.shape, w.shape, false, false)
  const y = scope(() => noGrad(() => product(x, w, false, false, s, b)))
  return record('linear', [x, w, b], y, (dy) => [
    () => matmul(dy, w, { transposeB: true }),
    () => matmul(x, dy, { transposeA: true }),
    () => sum(dy, { axes: 0 }),
  ])
}
