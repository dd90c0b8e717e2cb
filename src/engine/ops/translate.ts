import { run } from '../gpu/kernel.ts'
import { record } from '../tensor/autograd.ts'
import { check, sameShape, shapeText } from '../tensor/shape.ts'
import { empty, type Tensor } from '../tensor/tensor.ts'
import { typeOf } from './lanes.ts'

/**
 * Images [N, H, W, C], each moved by whole pixels of its own, zeros moving in: y[n, h, w] = x[n, h + dy, w + dx], where
 * (dy, dx) = shifts[n], [N, 2], are whole numbers. Its gradient is the move back; shifts have none.
 */
export function translate(x: Tensor, shifts: Tensor): Tensor {
  check(
    x.shape.length === 4 && sameShape(shifts.shape, [x.shape[0], 2]),
    'translate',
    () =>
      `expected images [N, H, W, C] and shifts [N, 2], got ${shapeText(x.shape)} and ${shapeText(shifts.shape)}`,
  )
  return move(x, shifts, 1)
}

function move(x: Tensor, shifts: Tensor, sign: 1 | -1): Tensor {
  const [, H, W, C] = x.shape
  const y = empty(x.shape, 'translate')
  run('translate', {
    defines: { ...typeOf(1), H: `${H}u`, W: `${W}u`, C: `${C}u`, SIGN: sign },
    buffers: { x, shifts, y },
    params: { n: y.size },
    threads: y.size,
  })
  return record('translate', [x], y, (dy) => [() => move(dy, shifts, sign === 1 ? -1 : 1)])
}
