/** Pointwise ops and chains of them, reductions, movement and resampling: what moves more than it computes. */

import * as G from '../../src/engine/index.ts'
import { BLUR, pointwiseWork, reduceWork, type Work } from '../../src/engine/ops/products/counts.ts'
import type { Shape } from '../../src/engine/tensor/shape.ts'
import * as R from '../../tests/ref/index.ts'
import { type Values, values } from '../inputs.ts'
import { plain, type Row } from '../row.ts'

/** A row whose peer knows it by the same name. */
function simple(
  op: string,
  shape: Shape,
  inputs: Values[],
  work: Work,
  ours: (...inputs: G.Tensor[]) => G.Tensor,
  twin: (...inputs: R.Ref[]) => R.Ref,
): Row {
  const reference = (refs: R.Ref[]): R.Ref[] => [twin(...refs)]
  return { op, shape: shape.join('x'), work, inputs, begin: plain(ours), reference, peer: { op } }
}

function pointwiseRows(shape: number[]): Row[] {
  const [x, y] = [values(shape, 30), values(shape, 31)]
  const channel = values(shape.slice(-1), 32)
  const c = channel.shape
  const one = (flops: number): Work => pointwiseWork(shape, [shape], flops)
  return [
    simple(
      'add',
      shape,
      [x, y],
      pointwiseWork(shape, [shape, shape], 1),
      (a, b) => G.add(a, b),
      (a, b) => R.add(a, b),
    ),
    simple(
      'mul by channel',
      shape,
      [x, channel],
      pointwiseWork(shape, [shape, c], 1),
      (a, b) => G.mul(a, b),
      (a, b) => R.mul(a, b),
    ),
    simple(
      'leakyRelu',
      shape,
      [x],
      one(2),
      (a) => G.leakyRelu(a, { slope: 0.2 }),
      (a) => R.leakyRelu(a, { slope: 0.2 }),
    ),
    simple(
      'tanh',
      shape,
      [x],
      one(1),
      (a) => G.tanh(a),
      (a) => R.tanh(a),
    ),
    // A layer's end without a norm: three ops, of which each reads and writes the whole.
    simple(
      'leakyRelu(x s + b)',
      shape,
      [x, channel, values(c, 33)],
      pointwiseWork(shape, [shape, c, c], 4),
      (a, s, b) => G.leakyRelu(G.add(G.mul(a, s), b), { slope: 0.2 }),
      (a, s, b) => R.leakyRelu(R.add(R.mul(a, s), b), { slope: 0.2 }),
    ),
  ]
}

function reductionRows(shape: number[]): Row[] {
  const x = values(shape, 40, [0, 1]) // of one sign: a sum near 0 would have no relative error to speak of
  const c = shape.slice(-1)
  const rows = shape.slice(0, -1)
  const over = { axes: [0, 1, 2] }
  return [
    simple(
      'sum',
      shape,
      [x],
      reduceWork(shape, []),
      (a) => G.sum(a),
      (a) => R.sum(a),
    ),
    simple(
      'mean over pixels',
      shape,
      [x],
      reduceWork(shape, c, 1),
      (a) => G.mean(a, over),
      (a) => R.mean(a, over),
    ),
    simple(
      'max over channels',
      shape,
      [x],
      reduceWork(shape, rows),
      (a) => G.max(a, { axes: 3 }),
      (a) => R.max(a, { axes: [3] }),
    ),
    // The largest, its subtraction, e^x, their sum, a division.
    simple(
      'softmax',
      shape,
      [x],
      pointwiseWork(shape, [shape], 5),
      (a) => G.softmax(a),
      (a) => R.softmax(a),
    ),
  ]
}

/** Copies in another order, and neighbours combined: values in and out, and `flops` for each value out. */
function movementRows(shape: number[]): Row[] {
  const [n, h, w, c] = shape
  const [x, y] = [values(shape, 50), values(shape, 51)]
  const padding: [number, number][] = [
    [0, 0],
    [1, 1],
    [1, 1],
    [0, 0],
  ]
  const large = [n, 2 * h, 2 * w, c]
  const half = [n, h / 2, w / 2, c]
  const from = (result: number[], flops = 0): Work => pointwiseWork(result, [shape], flops)
  return [
    simple(
      'permute',
      shape,
      [x],
      from(shape),
      (a) => G.permute(a, [0, 3, 1, 2]),
      (a) => R.permute(a, [0, 3, 1, 2]),
    ),
    simple(
      'concat',
      shape,
      [x, y],
      pointwiseWork([n, h, w, 2 * c], [shape, shape], 0),
      (a, b) => G.concat([a, b], { axis: 3 }),
      (a, b) => R.concat([a, b], { axis: 3 }),
    ),
    simple(
      'pad',
      shape,
      [x],
      from([n, h + 2, w + 2, c]),
      (a) => G.pad(a, { padding }),
      (a) => R.pad(a, { padding }),
    ),
    simple(
      'upsample nearest',
      shape,
      [x],
      from(large),
      (a) => G.upsample2d(a, { scale: 2 }),
      (a) => R.upsample2d(a, { scale: 2 }),
    ),
    // Three linear interpolations of 3.
    simple(
      'upsample bilinear',
      shape,
      [x],
      from(large, 9),
      (a) => G.upsample2d(a, { scale: 2, mode: 'bilinear' }),
      (a) => R.upsample2d(a, { scale: 2, mode: 'bilinear' }),
    ),
    {
      ...simple(
        'blur2d',
        shape,
        [x],
        from(shape, BLUR),
        (a) => G.blur2d(a),
        (a) => R.blur2d(a),
      ),
      peer: undefined, // none has one
    },
    simple(
      'avgPool2d',
      shape,
      [x],
      from(half, 4),
      (a) => G.avgPool2d(a, { kernel: 2 }),
      (a) => R.avgPool2d(a, { kernel: 2 }),
    ),
    simple(
      'maxPool2d',
      shape,
      [x],
      from(half, 3),
      (a) => G.maxPool2d(a, { kernel: 2 }),
      (a) => R.maxPool2d(a, { kernel: 2 }),
    ),
  ]
}

/** On an activation of DCGAN at 28x28, width 32, batch 32. */
export const simpleRows = (): Row[] =>
  [pointwiseRows, reductionRows, movementRows].flatMap((rows) => rows([32, 14, 14, 32]))
