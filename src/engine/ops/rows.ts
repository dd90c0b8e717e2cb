/** Rows of a table by index. Indices are tensors of whole numbers; those out of range give zeros. */

import { run } from '../gpu/kernel.ts'
import type { Defines } from '../gpu/wgsl.ts'
import { record } from '../tensor/autograd.ts'
import { check, checkShape, type Shape, shapeText, sizeOf } from '../tensor/shape.ts'
import { empty, type Tensor } from '../tensor/tensor.ts'
import { typeOf } from './lanes.ts'

function launch(op: string, y: Tensor, indices: Tensor, defines: Defines, x?: Tensor): Tensor {
  run('rows', {
    op,
    defines: { ...defines, ...typeOf(1), COUNT: `${indices.size}u` },
    buffers: { indices, y, ...(x && { x }) },
    params: { n: y.size },
    threads: y.size,
  })
  return y
}

/** x [rows, ...] at `indices` of any shape: [...indices.shape, ...]. */
export function gather(x: Tensor, indices: Tensor): Tensor {
  check(x.shape.length >= 1, 'gather', () => `expected a table [rows, ...], got ${shapeText(x.shape)}`)
  const [rows, ...row] = x.shape
  const y = empty([...indices.shape, ...row], 'gather')
  launch('gather', y, indices, { C: `${sizeOf(row)}u`, ROWS: rows }, x)
  return record('gather', [x], y, (dy) => [() => scatterAdd(dy, indices, x.shape)])
}

/** The transpose of gather: the rows of dy added into a table of `shape` at their indices, in order. */
export function scatterAdd(dy: Tensor, indices: Tensor, shape: Shape): Tensor {
  checkShape(shape, 'scatterAdd')
  check(shape.length >= 1, 'scatterAdd', () => `expected a table [rows, ...], got ${shapeText(shape)}`)
  const [rows, ...row] = shape
  check(
    dy.size === indices.size * sizeOf(row),
    'scatterAdd',
    () =>
      `${shapeText(dy.shape)} is not a row of ${shapeText(row)} for each index of ${shapeText(indices.shape)}`,
  )
  const y = empty([...shape], 'scatterAdd')
  launch('scatterAdd', y, indices, { C: `${sizeOf(row)}u`, ROWS: rows, SCATTER: true }, dy)
  return record('scatterAdd', [dy], y, (g) => [() => gather(g, indices)])
}

/** 1 at each index along a new last dimension of size `depth`, 0 elsewhere. */
export function oneHot(indices: Tensor, { depth }: { depth: number }): Tensor {
  check(
    Number.isInteger(depth) && depth > 0,
    'oneHot',
    () => `expected a positive integer depth, got ${depth}`,
  )
  return launch('oneHot', empty([...indices.shape, depth], 'oneHot'), indices, {
    C: `${depth}u`,
    ONE_HOT: true,
  })
}
