/** Inputs of what is timed: the same values for every engine, reproducible without a library. */
import { type Shape, sizeOf } from '../src/engine/tensor/shape.ts'

export interface Values {
  shape: number[]
  data: Float32Array
}

/** Values in [low, high), others for each `salt`. */
export function values(shape: Shape, salt: number, [low, high] = [-1, 1]): Values {
  const data = new Float32Array(sizeOf(shape))
  let state = salt * 2654435761 + 12345
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    data[i] = low + ((high - low) * state) / 2 ** 32
  }
  return { shape: [...shape], data }
}

/** Whole numbers in [0, below). */
export function indices(count: number, below: number, salt: number): Values {
  const { data } = values([count], salt, [0, below])
  return { shape: [count], data: data.map(Math.floor) }
}
