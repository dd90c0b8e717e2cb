/** What has a state or takes numbers from elsewhere: optimisers, random numbers, rows of tables. */

import * as G from '../../src/engine/index.ts'
import {
  gatherWork,
  optimizerWork,
  type Rule,
  randomWork,
  spectralNormWork,
} from '../../src/engine/ops/products/counts.ts'
import * as R from '../../tests/ref/index.ts'
import { indices, values } from '../inputs.ts'
import { plain, type Row, seen } from '../row.ts'

/** DCGAN's generator at 28x28, width 32: weights, scales and shifts. */
const PARAMETERS = [[100, 3136], [64], [64], [4, 4, 32, 64], [32], [32], [4, 4, 1, 32], [1]]
/** The one whose new values are checked: it lies behind others in the optimiser's flat buffer. */
const CHECKED = 3

const LR = 2e-4

interface Stepper {
  step(grads: readonly G.Tensor[]): void
  dispose(): void
}

function optimizerRow(
  rule: Rule,
  make: (parameters: G.Tensor[]) => Stepper,
  update: (p: Float64Array, g: Float64Array) => void,
): Row {
  const weights = PARAMETERS.map((shape, i) => values(shape, 60 + i))
  const grads = PARAMETERS.map((shape, i) => values(shape, 80 + i))
  const count = weights.reduce((total, { data }) => total + data.length, 0)
  return {
    op: rule,
    shape: `${count} in ${PARAMETERS.length}`,
    work: optimizerWork(rule, count),
    inputs: [...weights, ...grads],
    begin(inputs) {
      const parameters = inputs.slice(0, PARAMETERS.length)
      const optimizer = make(parameters)
      return {
        run() {
          optimizer.step(inputs.slice(PARAMETERS.length))
          return [seen(parameters[CHECKED])]
        },
        dispose: () => optimizer.dispose(),
      }
    },
    reference(refs) {
      const p = Float64Array.from(refs[CHECKED].data)
      update(p, refs[PARAMETERS.length + CHECKED].data)
      return [{ data: p }]
    },
  }
}

const zeros = (p: Float64Array): Float64Array => new Float64Array(p.length)
const DECAY = 0.999

const optimizers = (): Row[] => [
  optimizerRow(
    'SGD',
    (p) => new G.optim.SGD(p, { lr: LR, momentum: 0.9 }),
    (p, g) => R.sgd(p, g, zeros(p), { lr: LR, momentum: 0.9 }),
  ),
  optimizerRow(
    'RMSprop',
    (p) => new G.optim.RMSprop(p, { lr: LR }),
    (p, g) => R.rmsprop(p, g, zeros(p), { lr: LR }),
  ),
  optimizerRow(
    'Adam',
    (p) => new G.optim.Adam(p, { lr: LR, betas: [0.5, 0.999] }),
    (p, g) => R.adam(p, g, zeros(p), zeros(p), { lr: LR, step: 1, beta1: 0.5, beta2: 0.999 }),
  ),
  averageRow(),
]

/** The moving average of the same parameters; it starts at them, so they are changed before the first run. */
function averageRow(): Row {
  const weights = PARAMETERS.map((shape, i) => values(shape, 60 + i))
  const moved = values(PARAMETERS[CHECKED], 99)
  const count = weights.reduce((total, { data }) => total + data.length, 0)
  return {
    op: 'EMA',
    shape: `${count} in ${PARAMETERS.length}`,
    work: optimizerWork('EMA', count),
    inputs: weights,
    begin(parameters) {
      const average = new G.optim.EMA(parameters, { decay: DECAY })
      parameters[CHECKED].write(moved.data)
      return {
        run() {
          average.update()
          return [seen(average.stateDict()[CHECKED])]
        },
        dispose: () => average.dispose(),
      }
    },
    reference: (refs) => [
      { data: refs[CHECKED].data.map((a, i) => DECAY * a + (1 - DECAY) * moved.data[i]) },
    ],
  }
}

/** The discriminator of SN-GAN for 28x28, width 32. */
const NORMED = [
  ...[
    [3, 3, 1, 32],
    [3, 3, 32, 32],
    [1, 1, 1, 32],
  ],
  ...[
    [3, 3, 32, 32],
    [3, 3, 32, 32],
    [1, 1, 32, 32],
  ],
  ...[
    [3, 3, 32, 32],
    [3, 3, 32, 32],
    [3, 3, 32, 32],
    [3, 3, 32, 32],
    [32, 1],
  ],
]

/** Spectral norms of all layers, their weights where an optimiser keeps them; the second is checked. */
function spectralRow(): Row {
  const weights = NORMED.map((shape, i) => values(shape, 120 + i))
  const count = weights.reduce((total, { data }) => total + data.length, 0)
  return {
    op: 'spectralNorm',
    shape: `${count} in ${NORMED.length}`,
    work: spectralNormWork(count),
    inputs: weights,
    begin(inputs) {
      const home = new G.optim.EMA(inputs)
      const u = G.powerVectors(inputs, (shape) => G.ones(shape))
      return {
        run: () => [G.spectralNorm(inputs, u)[1]],
        dispose() {
          home.dispose()
          for (const t of u) t.dispose()
        },
      }
    },
    reference([, w]) {
      const columns = w.shape[w.shape.length - 1]
      return [R.spectralNorm(w, R.powerStep(w, R.full([columns], 1)))]
    },
  }
}

const SEED = 7
/** Blocks of the generator whose values are checked: the twin counts in BigInt, slowly. */
const CHECKED_BLOCKS = 4096

/** `f` makes four values of a block's four words. */
function randomRow(op: string, shape: number[], draw: () => G.Tensor, f: (words: number[]) => number[]): Row {
  return {
    op,
    shape: shape.join('x'),
    work: randomWork(shape),
    inputs: [],
    begin() {
      G.seed(SEED)
      return { run: () => [draw()] }
    },
    reference() {
      const blocks = Math.min(CHECKED_BLOCKS, Math.floor(shape.reduce((a, b) => a * b, 1) / 4))
      const data = Array.from({ length: blocks }, (_, i) =>
        f(R.philox4x32_10([i, 0, 0, 0], [SEED, 0])),
      ).flat()
      return [{ data, positions: data.map((_, i) => i) }]
    },
  }
}

/** [0, 1) from the upper 24 bits of a word. */
const unit = (word: number): number => (word >>> 8) / 2 ** 24

/** Box and Muller: two pairs of normals from u in (0, 1]. */
function normals(words: number[]): number[] {
  const [u0, u1, u2, u3] = words.map((word) => unit(word) + 2 ** -25)
  const radius = [u0, u1].map((u) => Math.sqrt(-2 * Math.log(u)))
  const angle = [u2, u3].map((u) => 2 * Math.PI * u)
  return [...angle.map((a, i) => radius[i] * Math.cos(a)), ...angle.map((a, i) => radius[i] * Math.sin(a))]
}

function gatherRow(rows: number, count: number, row: number[]): Row {
  return {
    op: 'gather',
    shape: `${count} of ${rows}x${row.join('x')}`,
    work: gatherWork(count, row),
    inputs: [values([rows, ...row], 70), indices(count, rows, 71)],
    begin: plain((table, at) => G.gather(table, at)),
    reference: ([table, at]) => [R.gather(table, at)],
    peer: { op: 'gather' },
  }
}

/** A minibatch: rows of bytes by index, as floats in [-1, 1]. */
function minibatchRow(rows: number, count: number, row: number[]): Row {
  const bytes = Uint8Array.from(values([rows, ...row], 72, [0, 256]).data)
  const [scale, shift] = [2 / 255, -1]
  return {
    op: 'gatherBytes',
    shape: `${count} of ${rows}x${row.join('x')}`,
    work: gatherWork(count, row, { bytes: 1, flops: 2 }),
    inputs: [indices(count, rows, 73)],
    begin([at]) {
      const table = G.byteTable(bytes, row)
      return {
        run: () => [G.gatherBytes(table, at, { scale, shift })],
        dispose: () => table.storage.dispose(),
      }
    },
    reference([at]) {
      const table = R.ref(
        Array.from(bytes, (b) => scale * b + shift),
        [rows, ...row],
      )
      return [R.gather(table, at)]
    },
  }
}

export const statefulRows = (): Row[] => [
  ...optimizers(),
  spectralRow(),
  randomRow('randn', [32, 100], () => G.randn([32, 100]), normals),
  randomRow('randn', [1048576], () => G.randn([1048576]), normals),
  randomRow(
    'uniform',
    [1048576],
    () => G.uniform([1048576]),
    (words) => words.map(unit),
  ),
  gatherRow(1000, 256, [128]),
  minibatchRow(10_000, 32, [28, 28, 1]),
]
