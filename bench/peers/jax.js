/**
 * jax-js on WebGPU as a peer: the same work by its own best practice (jit around all of it, arrays consumed by use), in
 * its own layout where it has one: images of convs as [N, C, H, W], their weights as [cout, cin, kh, kw].
 * @typedef {import('../compare.ts').Peer} Peer
 */
import { blockUntilReady, defaultDevice, init, jit, lax, nn, numpy as np, vjp } from '@jax-js/jax'
import { dcgan } from './jaxDcgan.js'
import { version } from './node_modules/@jax-js/jax/package.json'

const pads = ({ padding }) => [
  [padding, padding],
  [padding, padding],
]
const strides = ({ stride }) => [stride, stride]
const conv = (x, w, o) => lax.convGeneralDilated(x, w, strides(o), pads(o))

/** From our layouts to its own, and back. */
const IMAGE = [0, 3, 1, 2]
const WEIGHTS = [3, 2, 0, 1]
const BACK = { image: [0, 2, 3, 1], weights: [2, 3, 1, 0] }

function batchNorm(x, g, b, axes) {
  const mean = np.mean(x.ref, axes, { keepdims: true })
  const centred = x.sub(mean)
  const variance = np.mean(np.square(centred.ref), axes, { keepdims: true })
  return centred
    .div(np.sqrt(variance.add(1e-5)))
    .mul(g)
    .add(b)
}
const adain = (x, scale, shift) => {
  const [n, c] = scale.shape
  return batchNorm(x, scale.reshape([n, 1, 1, c]), shift.reshape([n, 1, 1, c]), [1, 2])
}
const gradients = (f) => (x, g, b, dy) => {
  const [y, back] = vjp(f, [x, g, b])
  y.dispose()
  const results = back(dy)
  back.dispose()
  return results
}
const batch = (x, g, b) => batchNorm(x, g, b, [0, 1, 2])
const leaky = (x) => nn.leakyRelu(x, 0.2)
const pool = (f) => (x) => {
  const [n, h, w, c] = x.shape
  return f(x.reshape([n, h / 2, 2, w / 2, 2, c]), [2, 4])
}

/** A function of the inputs and the options; `layouts` of the inputs and of the result where they differ from ours. */
const ops = {
  matmul: { f: (a, b) => np.matmul(a, b) },
  matmulTransposed: { f: (a, b) => np.matmul(a.transpose(), b) },
  conv2d: { f: conv, inputs: [IMAGE, WEIGHTS], result: BACK.image },
  convTranspose2d: {
    f: (x, w, o) => lax.convTranspose(x, w, strides(o), pads(o), { transposeKernel: true }),
    inputs: [IMAGE, WEIGHTS],
    result: BACK.image,
  },
  conv2dWeightGrad: {
    // A conv is linear in its weights: the gradient is that at zero.
    f: (x, dy, o) => {
      const zero = np.zeros([dy.shape[1], x.shape[1], o.kernel, o.kernel])
      const [y, back] = vjp((w) => conv(x, w, o), [zero])
      y.dispose()
      const [dw] = back(dy)
      back.dispose()
      return dw
    },
    inputs: [IMAGE, IMAGE],
    result: BACK.weights,
  },
  add: { f: (a, b) => a.add(b) },
  'mul by channel': { f: (a, b) => a.mul(b) },
  tanh: { f: (a) => np.tanh(a) },
  leakyRelu: { f: leaky },
  'leakyRelu(x s + b)': { f: (x, s, b) => leaky(x.mul(s).add(b)) },
  sum: { f: (a) => np.sum(a) },
  'mean over pixels': { f: (a) => np.mean(a, [0, 1, 2]) },
  'max over channels': { f: (a) => np.max(a, 3) },
  softmax: { f: (a) => nn.softmax(a, -1) },
  permute: { f: (a) => a.transpose([0, 3, 1, 2]) },
  concat: { f: (a, b) => np.concatenate([a, b], 3) },
  pad: {
    f: (a) =>
      np.pad(a, [
        [0, 0],
        [1, 1],
        [1, 1],
        [0, 0],
      ]),
  },
  'upsample nearest': { f: (a) => np.repeat(np.repeat(a, 2, 1), 2, 2) },
  avgPool2d: { f: pool(np.mean) },
  maxPool2d: { f: pool(np.max) },
  gather: { f: (table, at) => np.take(table, at.astype(np.int32), 0) },
  batchNorm: { f: batch },
  'batchNorm both': { f: gradients(batch) },
  adain: { f: adain },
  'adain both': { f: gradients(adain) },
}

/** Our values as an array of its layout. */
function upload({ data, shape }, layout) {
  const x = np.array(data.slice()).reshape(shape)
  return layout ? x.transpose(layout) : x
}

/** @returns {Promise<Peer>} */
export async function engine() {
  const found = await init('webgpu')
  if (!found.includes('webgpu')) throw new Error('jax-js found no WebGPU')
  defaultDevice('webgpu')
  return {
    name: `jax-js ${version}`,
    has: (op) => op === 'dcgan' || op in ops,
    async prepare({ op, options }, values) {
      const { f, inputs: layouts = [], result } = ops[op] ?? {}
      const inputs = values.map((v, i) => upload(v, layouts[i]))
      await blockUntilReady(inputs)
      const compiled = op === 'dcgan' ? undefined : jit((...xs) => f(...xs, options))
      const step = op === 'dcgan' ? dcgan(options) : undefined
      const once = () => [step ? step(inputs[0].ref) : compiled(...inputs.map((x) => x.ref))].flat()
      return {
        async run(count) {
          // Work is lazy: what is disposed of before it was waited for would never run.
          const runs = Array.from({ length: count }, once)
          await blockUntilReady(runs)
          const last = runs.pop()
          for (const outputs of runs) for (const y of outputs) y.dispose()
          return Promise.all(last.map((y) => (result ? y.transpose(result) : y).data()))
        },
        dispose() {
          for (const x of inputs) x.dispose()
        },
      }
    },
  }
}
