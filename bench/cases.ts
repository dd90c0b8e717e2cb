/** What is timed: an op or a training step, by our engine and, for `--peers`, the same work by another. */
import {
  add,
  avgPool2d,
  batchNorm,
  concat,
  conv2d,
  conv2dWeightGrad,
  convTranspose2d,
  grad,
  leakyRelu,
  matmul,
  maxPool2d,
  mean,
  mul,
  pad,
  permute,
  seed,
  softmax,
  sum,
  type Tensor,
  tanh,
  upsample2d,
} from '../src/engine/index.ts'
import { Dcgan } from '../src/models/dcgan.ts'

/** Values of an input, the same for every engine. */
export interface Values {
  shape: number[]
  data: Float32Array
}

export interface Case {
  name: string
  /** Useful multiplications and additions: no padding, no zero taps. */
  flops: number
  inputs: Values[]
  /** Done once, before the first run. */
  setup?(): void
  /** The result of one run. It is timed in a scope. */
  ours(inputs: Tensor[]): Tensor
  /** Which of the peer's functions does the same, and its settings. */
  peer: { op: string; options?: Record<string, number> }
  /** Relative error (norm) allowed between the two; undefined where they draw their own random numbers. */
  tolerance?: number
}

/** Reproducible values in [-1, 1), without a library. */
function values(shape: number[], salt: number): Values {
  const data = new Float32Array(shape.reduce((a, b) => a * b, 1))
  let state = salt * 2654435761 + 12345
  for (let i = 0; i < data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    data[i] = state / 2 ** 31 - 1
  }
  return { shape, data }
}

const TOLERANCE = 1e-4

function matmulCase(M: number, K: number, N: number): Case {
  return {
    name: `matmul ${M}x${K}x${N}`,
    flops: 2 * M * K * N,
    inputs: [values([M, K], 1), values([K, N], 2)],
    ours: ([a, b]) => matmul(a, b),
    peer: { op: 'matmul' },
    tolerance: TOLERANCE,
  }
}

/** The conv k4 s2 p1 from [n, size, size, cin] to cout channels, and its relatives. */
function convCases(n: number, size: number, cin: number, cout: number): Case[] {
  const half = size / 2
  const x = values([n, size, size, cin], 3)
  const w = values([4, 4, cin, cout], 4)
  const dy = values([n, half, half, cout], 5)
  // Taps that fall inside of the image: along an axis, all 4 at each of `half` places but one at either end.
  const inside = 4 * half - 2
  const flops = 2 * n * inside * inside * cin * cout
  const options = { stride: 2, padding: 1 }
  const shape = `${n}x${size}x${size}x${cin}-${cout}`
  return [
    {
      name: `conv2d ${shape}`,
      flops,
      inputs: [x, w],
      ours: ([a, b]) => conv2d(a, b, options),
      peer: { op: 'conv2d' },
      tolerance: TOLERANCE,
    },
    {
      name: `conv2d data gradient ${shape}`,
      flops,
      inputs: [dy, w],
      ours: ([a, b]) => convTranspose2d(a, b, options),
      peer: { op: 'convTranspose2d' },
      tolerance: TOLERANCE,
    },
    {
      name: `conv2d weight gradient ${shape}`,
      flops,
      inputs: [x, dy],
      ours: ([a, b]) => conv2dWeightGrad(a, b, { kernel: [4, 4], ...options }),
      peer: { op: 'conv2dWeightGrad' },
      tolerance: TOLERANCE,
    },
  ]
}

function pointwiseCases(shape: number[]): Case[] {
  const [x, y] = [values(shape, 6), values(shape, 7)]
  const size = x.data.length
  const C = shape[shape.length - 1]
  const channel = values([C], 8)
  const text = shape.join('x')
  const simple = (name: string, ours: Case['ours'], inputs: Values[]): Case => ({
    name: `${name} ${text}`,
    flops: size, // one a value, for want of a better count
    inputs,
    ours,
    peer: { op: name },
    tolerance: TOLERANCE,
  })
  return [
    simple('add', ([a, b]) => add(a, b), [x, y]),
    simple('mul by channel', ([a, b]) => mul(a, b), [x, channel]),
    simple('tanh', ([a]) => tanh(a), [x]),
    simple('leakyRelu', ([a]) => leakyRelu(a, { slope: 0.2 }), [x]),
    simple('sum', ([a]) => sum(a), [x]),
    simple('softmax', ([a]) => softmax(a), [x]),
    simple('permute', ([a]) => permute(a, [0, 3, 1, 2]), [x]),
    simple('concat', ([a, b]) => concat([a, b], { axis: 3 }), [x, y]),
    simple(
      'pad',
      ([a]) =>
        pad(a, {
          padding: [
            [0, 0],
            [1, 1],
            [1, 1],
            [0, 0],
          ],
        }),
      [x],
    ),
    simple('upsample nearest', ([a]) => upsample2d(a, { scale: 2 }), [x]),
    simple('upsample bilinear', ([a]) => upsample2d(a, { scale: 2, mode: 'bilinear' }), [x]),
    simple('avgPool2d', ([a]) => avgPool2d(a, { kernel: 2 }), [x]),
    simple('maxPool2d', ([a]) => maxPool2d(a, { kernel: 2 }), [x]),
    simple('mean over pixels', ([a]) => mean(a, { axes: [0, 1, 2] }), [x]),
    {
      ...simple('batchNorm', ([a, g, b]) => batchNorm(a, g, b), [x, channel, values([C], 9)]),
      flops: 8 * size,
    },
    {
      ...simple(
        'batchNorm gradient',
        ([a, g, b, dy]) => {
          a.requiresGrad = true
          return grad(batchNorm(a, g, b), [a], { gradOutput: dy })[0]
        },
        [x, channel, values([C], 9), y],
      ),
      flops: 20 * size,
    },
  ]
}

/** Multiply-adds of a DCGAN step, twice each: five passes through D (real, fake, fake again; forward and both gradients)… */
function dcganFlops(width: number, batch: number): number {
  const conv = (half: number, cin: number, cout: number): number => 2 * (4 * half - 2) ** 2 * cin * cout
  const D = conv(14, 1, width) + conv(7, width, 2 * width) + 2 * 49 * 2 * width
  const firstD = conv(14, 1, width)
  const G = 2 * 100 * 49 * 2 * width + conv(7, width, 2 * width) + conv(14, 1, width)
  const firstG = 2 * 100 * 49 * 2 * width
  // D on real and on fake: forward, weight gradients, data gradients (none for the images). Then G's update: D forward
  // and data gradients down to the images, G forward (shared), weight gradients, data gradients (none for z).
  return batch * (2 * (3 * D - firstD) + 2 * D + (3 * G - firstG))
}

function stepCase(width: number, batch: number): Case {
  let model: Dcgan
  return {
    name: `DCGAN step 28x28 width ${width} batch ${batch}`,
    flops: dcganFlops(width, batch),
    inputs: [values([batch, 28, 28, 1], 10)],
    setup() {
      seed(1)
      model = new Dcgan({ size: 28, channels: 1 }, { width })
    },
    ours: ([x]) => model.step(() => x).lossD,
    peer: { op: 'dcgan', options: { width, batch } },
  }
}

export const cases = (): Case[] => [
  matmulCase(256, 256, 256),
  matmulCase(512, 512, 512),
  matmulCase(32, 100, 3136),
  matmulCase(32, 3136, 1),
  matmulCase(65, 67, 33),
  ...convCases(32, 28, 1, 16),
  ...convCases(32, 14, 16, 32),
  ...convCases(8, 14, 32, 64),
  ...convCases(3, 10, 3, 5),
  ...pointwiseCases([32, 14, 14, 32]),
  stepCase(16, 32),
  stepCase(32, 16),
]
