/** A table of bytes on the GPU, a quarter of the size of floats: data sets live in one. */
import { run } from '../gpu/kernel.ts'
import { check, type Shape, shapeText, sizeOf } from '../tensor/shape.ts'
import { empty, type Tensor } from '../tensor/tensor.ts'
import { typeOf } from './lanes.ts'

export interface ByteTable {
  /** The bytes, four to a value. */
  readonly storage: Tensor
  readonly count: number
  /** Shape of a row. */
  readonly row: Shape
}

/** Uploads `bytes` as rows of shape `row`. Throws ShapeError unless they are a whole number of rows. */
export function byteTable(bytes: Uint8Array, row: Shape): ByteTable {
  const count = bytes.length / sizeOf(row)
  check(
    Number.isInteger(count) && count > 0,
    'byteTable',
    () => `${bytes.length} bytes are not rows of ${shapeText(row)}`,
  )
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4)
  padded.set(bytes)
  const storage = empty([padded.length / 4], 'byteTable')
  storage.write(new Float32Array(padded.buffer))
  return { storage, count, row }
}

/** Rows at `indices` [n] as floats, [n, ...row]: scale * byte + shift. */
export function gatherBytes(
  { storage, count, row }: ByteTable,
  indices: Tensor,
  { scale = 1, shift = 0 }: { scale?: number; shift?: number } = {},
): Tensor {
  const y = empty([indices.size, ...row], 'gatherBytes')
  run('bytes', {
    op: 'gatherBytes',
    defines: { ...typeOf(1), ROW: `${sizeOf(row)}u`, COUNT: `${count}u` },
    buffers: { table: storage, indices, y },
    params: { n: y.size, scale, shift },
    threads: y.size,
  })
  return y
}
