/**
 * What `npm run isa` runs to learn which pipelines there are: training steps of every model, and ops that none of them
 * uses. The list cannot go out of date: what is compiled is what these launch.
 */
import * as G from '../../src/engine/index.ts'
import { type Column, type DataSet, pointSet } from '../../src/models/data/dataSet.ts'
import { families, fieldsFor, presetOf, sourceOf } from '../../src/models/index.ts'
import { type Config, Trainer } from '../../src/models/training/trainer.ts'

/** How the engine chooses kernels: as on a GPU, or as on an adapter that a CPU runs, with quad swaps. */
export type Path = 'gpu' | 'quad'

export interface Work {
  name: string
  path: Path
  run(): unknown
}

const DIGITS = { size: 28, channels: 1 }
const COLOUR = { size: 64, channels: 3 }

export function work(): Work[] {
  return [
    ...Object.entries(families).flatMap(([model, { presets }]) => [
      training(model, blank(model, DIGITS), 'gpu'),
      ...(presets.points ? [training(model, pointSet('ring'), 'gpu')] : []),
    ]),
    training('dcgan', blank('dcgan', COLOUR), 'gpu'),
    ...Object.entries(ops).map(([name, run]): Work => ({ name, path: 'gpu', run: () => G.scope(run) })),
    { name: 'firstNonFinite', path: 'gpu', run: () => G.firstNonFinite(() => G.zeros(X).dispose()) },
    training('dcgan', blank('dcgan', DIGITS), 'quad'),
  ]
}

/** Two steps as the preset has them, the second since the first may be special, and samples. */
function training(model: string, data: DataSet, path: Path): Work {
  const fields = fieldsFor(model, data)
  const { options, batch } = presetOf(model, fields, false)
  return {
    name: `${model} ${data.name}${path === 'quad' ? ', quad path' : ''}`,
    path,
    async run() {
      const own = { ...options } as Config['options']
      const trainer = new Trainer({ model, options: own, fields, batch, seed: 0 })
      const source = sourceOf(data, trainer.config)
      await trainer.advance(source)
      await trainer.advance(source)
      for (const view of Object.keys(trainer.model.views)) await trainer.snapshot({ view, source })
      trainer.dispose()
      source.dispose()
    },
  }
}

const CLASSES = Array.from({ length: 10 }, (_, i) => String(i))

/** A minibatch of black images of this size, and of labels, for all that a family takes. */
function blank(model: string, { size, channels }: { size: number; channels: number }): DataSet {
  const { takes, presets } = families[model]
  const count = presets.gpu.batch
  const columns = Object.entries(takes).map(([name, { kinds }]): [string, Column] => [
    name,
    kinds.includes('image')
      ? { field: { kind: 'image', size, channels }, bytes: new Uint8Array(count * size * size * channels) }
      : { field: { kind: 'label', classes: CLASSES }, values: new Uint8Array(count) },
  ])
  return { name: `${size}x${size}x${channels}`, count, columns: Object.fromEntries(columns) }
}

const zeros = (...shape: number[]): G.Tensor => {
  const x = G.zeros(shape)
  x.requiresGrad = true
  return x
}

/** `f` of zeros of these shapes, and its gradients. */
function both(f: (...inputs: G.Tensor[]) => G.Tensor, ...shapes: number[][]): void {
  const inputs = shapes.map((shape) => zeros(...shape))
  G.grad(G.sum(f(...inputs)), inputs)
}

const X = [32, 14, 14, 32]
const C = [32]
const conv = (kernel: number, stride: number, cin: number, cout: number) => () =>
  both((x, w) => G.conv2d(x, w, { stride, padding: 1 }), [32, 14, 14, cin], [kernel, kernel, cin, cout])

const ops: Record<string, () => void> = {
  // The gradients are the products with either operand transposed.
  'matmul 512x512x512': () => both((a, b) => G.matmul(a, b), [512, 512], [512, 512]),
  'matmul 65x67x33': () => both((a, b) => G.matmul(a, b), [65, 67], [67, 33]),
  'matmul of both transposed': () =>
    both((a, b) => G.matmul(a, b, { transposeA: true, transposeB: true }), [64, 128], [256, 64]),
  'conv2d 3x3 stride 1': conv(3, 1, 32, 32),
  'conv2d 3x3 stride 2': conv(3, 2, 32, 64),
  'conv2d of 3 channels': conv(4, 2, 3, 64),
  batchNorm: () => both((x, g, b) => G.batchNorm(x, g, b), X, C, C),
  instanceNorm: () => both((x) => G.instanceNorm(x), X),
  layerNorm: () => both((x, g, b) => G.layerNorm(x, g, b), [256, 512], [512], [512]),
  adain: () => both((x, scale, shift) => G.adain(x, scale, shift), X, [32, 32], [32, 32]),
  pixelNorm: () => both((x) => G.pixelNorm(x), X),
  softmax: () => both((x) => G.softmax(x), [256, 10]),
  logSumExp: () => both((x) => G.logSumExp(x), X),
  'max over channels': () => both((x) => G.max(x, { axes: 3 }), X),
  'mean over pixels': () => both((x) => G.mean(x, { axes: [1, 2] }), X),
  variance: () => both((x) => G.variance(x), X),
  maxPool2d: () => both((x) => G.maxPool2d(x, { kernel: 2 }), X),
  avgPool2d: () => both((x) => G.avgPool2d(x, { kernel: 3, stride: 2 }), X),
  'upsample2d nearest': () => both((x) => G.upsample2d(x, { scale: 2 }), X),
  'upsample2d bilinear': () => both((x) => G.upsample2d(x, { scale: 2, mode: 'bilinear' }), X),
  permute: () => both((x) => G.permute(x, [0, 3, 1, 2]), X),
  slice: () => both((x) => G.slice(x, { start: [0, 1, 1], end: [32, 13, 13] }), X),
  pixelShuffle: () => both((x) => G.pixelShuffle(x, { factor: 2 }), X),
  translate: () => both((x) => G.translate(x, G.zeros([X[0], 2])), X),
  concat: () => both((a, b) => G.concat([a, b], { axis: 3 }), X, X),
  'pad by reflection': () => {
    const sides = [0, 1, 1, 0].map((n) => [n, n] as const)
    both((x) => G.pad(x, { padding: sides, mode: 'reflect' }), X)
  },
  dropout: () => both((x) => G.dropout(x), X),
  gather: () => both((x) => G.gather(x, G.zeros([64])), [10, 100]),
  oneHot: () => G.oneHot(G.zeros([64]), { depth: 10 }),
  SGD: () => {
    const w = zeros(512, 512)
    const optimizer = new G.optim.SGD([w], { lr: 0.01 })
    optimizer.step([G.zeros([512, 512])])
    optimizer.dispose()
  },
}
