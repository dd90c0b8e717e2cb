/**
 * Random numbers on the GPU from a counter-based generator (Philox4x32-10): a value depends only on the seed and on
 * how many were drawn before it, so a state is two numbers and a run can be continued exactly.
 */
import { run } from '../gpu/kernel.ts'
import { isRecorded, movesOn } from './counters.ts'
import { check, checkShape, type Shape, shapeText } from './shape.ts'
import { standIn } from './standIn.ts'
import { empty, type Tensor } from './tensor.ts'

export interface RandomState {
  seed: number
  /** Blocks of four words drawn so far. */
  block: number
}

/** A sequence of random numbers of its own, for whoever must not be disturbed by others that draw in between. */
export class RandomStream {
  /** Where it is. */
  state: RandomState
  private readonly key = `random ${streams++}`

  /** Throws ShapeError when `seed` is no integer in [0, 2^32). */
  constructor(seed: number) {
    this.state = startOf(seed)
  }

  /** Runs `fn`, which must not be async, with random numbers from here. */
  use<T>(fn: () => T): T {
    const put = (): (() => void) => {
      const outer = current
      current = this
      return () => {
        current = outer
      }
    }
    return standIn('RandomStream.use', put, fn, { key: this.key, isWeights: false })
  }
}

let streams = 0
let current = new RandomStream(0)

function startOf(n: number): RandomState {
  check(
    Number.isInteger(n) && n >= 0 && n < 2 ** 32,
    'seed',
    () => `expected an integer in [0, 2^32), got ${n}`,
  )
  return { seed: n, block: 0 }
}

function refuseInStep(op: string): void {
  if (isRecorded())
    throw new Error(
      `capture: a step that is replayed cannot do this: ${op} says where random numbers go on; call it before the step, or draw from a RandomStream`,
    )
}

/** Starts the stream of `n`, an integer in [0, 2^32). */
export function seed(n: number): void {
  refuseInStep('seed')
  current.state = startOf(n)
}

/** Where the stream is, for a checkpoint. */
export const randomState = (): RandomState => ({ ...current.state })
export function setRandomState(to: RandomState): void {
  refuseInStep('setRandomState')
  current.state = { ...to }
}

/** The largest f32 below `x`: rounding must not reach the open end of a range. */
function below(x: number): number {
  const value = new Float32Array([x])
  const bits = new Int32Array(value.buffer)
  if (value[0] >= x) bits[0] = x > 0 ? bits[0] - 1 : x < 0 ? bits[0] + 1 : -0x7f800000
  return value[0]
}

function draw(
  op: string,
  shape: Shape,
  kind: 'NORMAL' | 'UNIFORM' | 'INTEGER' | 'WORDS',
  low = 0,
  range = 1,
): Tensor {
  checkShape(shape, op)
  const y = empty([...shape], op)
  const blocks = Math.ceil(y.size / 4)
  const stream = current
  movesOn(stream, 'state')
  const last = below(low + range)
  run('random', {
    defines: { [kind]: true, T: 'vec4f', BITS: 'vec4i' },
    buffers: { y },
    params: () => {
      const { seed, block } = stream.state
      stream.state = { seed, block: block + blocks }
      return {
        n: blocks,
        seed,
        blockLow: block >>> 0,
        blockHigh: Math.floor(block / 2 ** 32),
        low,
        range,
        last,
      }
    },
    threads: blocks,
  })
  return y
}

/** Standard normal values. */
export const randn = (shape: Shape): Tensor => draw('randn', shape, 'NORMAL')

/** Uniform values in [min, max). */
export function uniform(shape: Shape, { min = 0, max = 1 }: { min?: number; max?: number } = {}): Tensor {
  check(
    max > min && Number.isFinite(max - min),
    'uniform',
    () => `expected finite min < max, got ${min} and ${max} for ${shapeText(shape)}`,
  )
  return draw('uniform', shape, 'UNIFORM', min, max - min)
}

/** Whole numbers in [0, max), max at most 2^24. */
export function randomIntegers(shape: Shape, max: number): Tensor {
  check(
    Number.isInteger(max) && max > 0 && max <= 2 ** 24,
    'randomIntegers',
    () => `expected max in [1, 2^24], got ${max}`,
  )
  return draw('randomIntegers', shape, 'INTEGER', 0, max)
}

/** The generator's words, bit for bit, as the bits of floats: for tests. */
export const randomWords = (shape: Shape): Tensor => draw('randomWords', shape, 'WORDS')
