import { add } from './pointwise.ts'
import { type Ref, zeros } from './ref.ts'

export interface MatmulOptions {
  transposeA?: boolean
  transposeB?: boolean
}

/**
 * y[b,i,j] = Σₖ a[b,i,k] b[b,k,j].
 * a [M,K] or [B,M,K] (stored [..,K,M] with transposeA); b [K,N] or [B,K,N] (stored [..,N,K] with transposeB).
 * A two-dimensional operand or a batch of 1 serves every batch; y is [M,N] only if both operands are 2-D.
 */
export function matmul(a: Ref, b: Ref, { transposeA = false, transposeB = false }: MatmulOptions = {}): Ref {
  const where = `matmul [${a.shape}]${transposeA ? 'ᵀ' : ''} [${b.shape}]${transposeB ? 'ᵀ' : ''}`
  for (const x of [a, b]) if (x.shape.length !== 2 && x.shape.length !== 3) throw new Error(`${where}: rank`)
  const [batchA, rowsA, colsA] = a.shape.length === 2 ? [1, ...a.shape] : a.shape
  const [batchB, rowsB, colsB] = b.shape.length === 2 ? [1, ...b.shape] : b.shape
  const [M, K] = transposeA ? [colsA, rowsA] : [rowsA, colsA]
  const [inner, N] = transposeB ? [colsB, rowsB] : [rowsB, colsB]
  if (inner !== K) throw new Error(`${where}: inner sizes ${K} and ${inner} differ`)
  if (batchA !== batchB && batchA !== 1 && batchB !== 1) throw new Error(`${where}: batches differ`)
  const B = batchA === 1 ? batchB : batchA

  const y = zeros(a.shape.length === 2 && b.shape.length === 2 ? [M, N] : [B, M, N])
  for (let batch = 0; batch < B; batch++) {
    const startA = batchA === 1 ? 0 : batch * M * K
    const startB = batchB === 1 ? 0 : batch * K * N
    for (let i = 0; i < M; i++) {
      for (let j = 0; j < N; j++) {
        let total = 0
        for (let k = 0; k < K; k++) {
          const left = a.data[startA + (transposeA ? k * M + i : i * K + k)]
          const right = b.data[startB + (transposeB ? j * K + k : k * N + j)]
          total += left * right
        }
        y.data[(batch * M + i) * N + j] = total
      }
    }
  }
  return y
}

/** y = x w + b. x [...,in], w [in,out], b [out] -> [...,out]. */
export function linear(x: Ref, w: Ref, b?: Ref): Ref {
  const [nIn, nOut] = w.shape
  const rows = { data: x.data, shape: [x.data.length / nIn, nIn] }
  if (x.shape[x.shape.length - 1] !== nIn) throw new Error(`linear: x [${x.shape}], w [${w.shape}]`)
  const y = matmul(rows, w)
  const shaped = { data: y.data, shape: [...x.shape.slice(0, -1), nOut] }
  return b ? add(shaped, b) : shaped
}
