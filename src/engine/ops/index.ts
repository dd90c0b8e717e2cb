/** Every op; Tensor's few methods; and what the tape's walker needs from up here (the one import against the flow). */
import { installOps, record } from '../tensor/autograd.ts'
import { Tensor, view } from '../tensor/tensor.ts'
import { type MatmulOptions, matmul } from './matmul.ts'
import { reshape } from './movement.ts'
import { add, div, full, mul, neg, type Operand, sub } from './pointwise.ts'
import { mean, type ReduceOptions, sum, sumTo } from './reduce.ts'

export { type ByteTable, byteTable, gatherBytes } from './bytes.ts'
export { conv2d, conv2dWeightGrad, convTranspose2d } from './conv2d.ts'
export { dropout } from './dropout.ts'
export { adain, batchNorm, batchNormEval, instanceNorm, layerNorm, pixelNorm } from './fused/norm.ts'
export { powerVectors, spectralNorm } from './fused/spectralNorm.ts'
export { type StyleLayerOptions, styleLayer } from './fused/styleLayer.ts'
export { linear, matmul } from './matmul.ts'
export { concat, pad, permute, pixelShuffle, reshape, slice } from './movement.ts'
export {
  abs,
  add,
  assign,
  broadcastTo,
  clamp,
  cos,
  div,
  elu,
  equal,
  exp,
  full,
  greater,
  leakyRelu,
  less,
  log,
  maximum,
  minimum,
  mul,
  mulAdd,
  neg,
  ones,
  pow,
  relu,
  sigmoid,
  sign,
  sin,
  softplus,
  sqrt,
  square,
  sub,
  tanh,
  where,
  zeros,
} from './pointwise.ts'
export { logSumExp, max, mean, softmax, sum, variance } from './reduce.ts'
export { avgPool2d, blur2d, maxPool2d, upsample2d } from './resample.ts'
export { gather, oneHot, scatterAdd } from './rows.ts'
export { stopGradient } from './stopGradient.ts'
export { translate } from './translate.ts'

declare module '../tensor/tensor.ts' {
  interface Tensor {
    add(b: Operand): Tensor
    sub(b: Operand): Tensor
    mul(b: Operand): Tensor
    div(b: Operand): Tensor
    neg(): Tensor
    matmul(b: Tensor, options?: MatmulOptions): Tensor
    sum(options?: ReduceOptions): Tensor
    mean(options?: ReduceOptions): Tensor
    reshape(shape: readonly number[]): Tensor
  }
}

const methods = { add, sub, mul, div, matmul, sum, mean, reshape, neg }
for (const [name, op] of Object.entries(methods)) {
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...rest: unknown[]) {
      return (op as (...args: unknown[]) => Tensor)(this, ...rest)
    },
  })
}

installOps({
  add,
  sumTo,
  zerosLike: (x) => full(x.shape, 0),
  onesLike: (x) => full(x.shape, 1),
  alias: (x) => record('alias', [x], view(x, x.shape), (dy) => [() => dy]),
})
