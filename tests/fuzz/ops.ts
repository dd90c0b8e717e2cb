/** Calls of every op with one argument or two that cannot be. */
import * as G from '../../src/engine/index.ts'
import { damagedJson } from './damage.ts'
import type { Random } from './random.ts'

/** Stands for zeros of a shape among the arguments of a call. */
const t = (...shape: number[]) => ({ tensor: shape })
const image = t(1, 4, 4, 2)

/** An op and arguments that it takes. */
export const CALLS: readonly [op: string, args: readonly unknown[]][] = [
  ['conv2d', [image, t(3, 3, 2, 2), { stride: 1, padding: 1, slope: 0.2 }]],
  ['convTranspose2d', [image, t(3, 3, 2, 2), { stride: 2, padding: 1, outputPadding: 1 }]],
  ['conv2dWeightGrad', [image, t(1, 2, 2, 3), { kernel: [3, 3], stride: 2, padding: 1 }]],
  ['matmul', [t(2, 3), t(3, 2), { transposeA: false, transposeB: false }]],
  ['linear', [t(2, 3), t(3, 2), t(2)]],
  ['dropout', [t(3), { p: 0.5 }]],
  ['batchNorm', [t(3, 2), t(2), t(2), { eps: 1e-5, momentum: 0.1 }]],
  ['instanceNorm', [image, { eps: 1e-5 }]],
  ['layerNorm', [t(2, 3), t(3), t(3), { eps: 1e-5 }]],
  ['adain', [image, t(1, 2), t(1, 2), { eps: 1e-5 }]],
  ['pixelNorm', [t(2, 3), { eps: 1e-8 }]],
  ['concat', [[t(2, 3), t(2, 3)], { axis: 0 }]],
  ['pad', [t(3), { padding: [[1, 1]], mode: 'reflect' }]],
  ['permute', [t(2, 3), [1, 0]]],
  ['pixelShuffle', [t(1, 2, 2, 4), { factor: 2 }]],
  ['reshape', [t(2, 3), [3, -1]]],
  ['slice', [t(2, 3), { start: [0, 1], end: [2, 3] }]],
  ['broadcastTo', [t(3), [2, 3], { scale: 2 }]],
  ['clamp', [t(3), { min: -1, max: 1 }]],
  ['elu', [t(3), { alpha: 1 }]],
  ['leakyRelu', [t(3), { slope: 0.2 }]],
  ['full', [[2, 3], 1]],
  ['add', [t(3), t(3)]],
  ['pow', [t(3), 2]],
  ['where', [t(3), t(3), 0]],
  ['sum', [t(2, 3), { axes: [1], keepDims: true }]],
  ['max', [t(2, 3), { axes: 1 }]],
  ['logSumExp', [t(2, 3), { axes: -1 }]],
  ['softmax', [t(2, 3), { axis: -1 }]],
  ['avgPool2d', [image, { kernel: 2, stride: 2, padding: 0 }]],
  ['maxPool2d', [image, { kernel: [2, 2], stride: [2, 2], padding: [0, 0, 0, 0] }]],
  ['upsample2d', [image, { scale: 2, mode: 'bilinear' }]],
  ['blur2d', [image]],
  ['gather', [t(3, 2), t(2)]],
  ['scatterAdd', [t(2, 2), t(2), [3, 2]]],
  ['oneHot', [t(2), { depth: 3 }]],
  ['translate', [image, t(1, 2)]],
  ['randn', [[2, 3]]],
  ['uniform', [[2, 3], { min: 0, max: 1 }]],
  ['randomIntegers', [[2], 5]],
]

/** What no file can say, but a program. */
const ODD = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, undefined, -0, 1e39]

/** Replaces one leaf of `value`, or the whole of it. */
function withOdd(random: Random, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return random.pick(ODD)
  const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>
  const key = random.pick(Object.keys(copy))
  if (key === undefined) return random.pick(ODD)
  copy[key] = random.is(0.2) ? random.pick(ODD) : withOdd(random, copy[key])
  return copy
}

export interface OpCase {
  op: string
  /** `{ tensor: shape }` for zeros of a shape. */
  args: unknown[]
}

export function opCase(random: Random): OpCase {
  const [op, args] = random.pick(CALLS)
  const damaged = random.is(0.5) ? withOdd(random, args) : damagedJson(random, args)
  return { op, args: Array.isArray(damaged) ? damaged : [damaged] }
}

const LARGEST = 64
const isShape = (shape: unknown): shape is number[] =>
  Array.isArray(shape) &&
  shape.every((n) => Number.isInteger(n) && n > 0) &&
  shape.reduce((a, b) => a * b, 1) <= LARGEST

/** The arguments with tensors in the place of what stands for them; where that was damaged, as it is. */
export function revived(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(revived)
  if ('tensor' in value && isShape(value.tensor)) return G.zeros(value.tensor)
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, revived(each)]))
}

/** As JavaScript has it, NaN and undefined included. */
export const text = ({ op, args }: OpCase): string => {
  const shown = (value: unknown): string => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      if ('tensor' in value && isShape(value.tensor)) return `zeros([${value.tensor}])`
      return `{ ${Object.entries(value)
        .map(([name, each]) => `${name}: ${shown(each)}`)
        .join(', ')} }`
    }
    if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`
    return typeof value === 'string' ? JSON.stringify(value) : Object.is(value, -0) ? '-0' : String(value)
  }
  return `${op}(${args.map(shown).join(', ')})`
}
