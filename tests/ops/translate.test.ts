import { expect } from 'vitest'
import * as G from '../../src/engine/index.ts'
import { checkOp, fixed } from '../checkOp.ts'
import { gpuTest } from '../harness.ts'

checkOp('translate', [[3, 5, 4, 2], fixed([1, -2, 0, 3, -4, 0], [3, 2])], (o, x, shifts) =>
  o.translate(x, shifts),
)
checkOp('translate out of sight', [[2, 3, 3, 1], fixed([3, 0, 0, -7], [2, 2])], (o, x, shifts) =>
  o.translate(x, shifts),
)

gpuTest('refuses what are no images, and shifts of another batch', () => {
  G.scope(() => {
    expect(() => G.translate(G.ones([2, 3]), G.ones([2, 2]))).toThrow(
      /translate: expected images \[N, H, W, C\] and shifts \[N, 2\], got \[2, 3\] and \[2, 2\]/,
    )
    expect(() => G.translate(G.ones([2, 3, 3, 1]), G.ones([3, 2]))).toThrow(/got .* and \[3, 2\]/)
  })
})
