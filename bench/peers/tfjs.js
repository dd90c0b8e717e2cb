/**
 * TensorFlow.js with its WebGPU backend as a peer: the same work by its own best practice (tidy, its own gradients).
 * @typedef {import('../compare.ts').Peer} Peer
 */
import * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-webgpu'
import { dcgan } from './tfjsDcgan.js'

function batchNorm(x, g, b) {
  const { mean, variance } = tf.moments(x, [0, 1, 2])
  return tf.batchNorm(x, mean, variance, b, g, 1e-5)
}
function adain(x, scale, shift) {
  const { mean, variance } = tf.moments(x, [1, 2], true)
  const wide = (t) => tf.reshape(t, [x.shape[0], 1, 1, x.shape[3]])
  const xHat = tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5)))
  return tf.add(tf.mul(xHat, wide(scale)), wide(shift))
}
const gradients =
  (f) =>
  ([x, g, b, dy]) =>
    tf.grads(f)([x, g, b], dy)

/** Our ops in its terms; a result or several. */
const ops = {
  matmul: ([a, b]) => tf.matMul(a, b),
  matmulTransposed: ([a, b]) => tf.matMul(a, b, true),
  conv2d: ([x, w], o) => tf.conv2d(x, w, o.stride, o.padding),
  convTranspose2d: ([x, w], o) =>
    tf.conv2dTranspose(x, w, [x.shape[0], o.size, o.size, w.shape[2]], o.stride, o.padding),
  conv2dWeightGrad: ([x, dy], o) => {
    // A conv is linear in its weights: the gradient is that at zero.
    const w = tf.zeros([o.kernel, o.kernel, x.shape[3], dy.shape[3]])
    return tf.grad((weights) => tf.conv2d(x, weights, o.stride, o.padding))(w, dy)
  },
  add: ([a, b]) => tf.add(a, b),
  'mul by channel': ([a, b]) => tf.mul(a, b),
  tanh: ([a]) => tf.tanh(a),
  leakyRelu: ([a]) => tf.leakyRelu(a, 0.2),
  'leakyRelu(x s + b)': ([a, s, b]) => tf.leakyRelu(tf.add(tf.mul(a, s), b), 0.2),
  sum: ([a]) => tf.sum(a),
  'mean over pixels': ([a]) => tf.mean(a, [0, 1, 2]),
  'max over channels': ([a]) => tf.max(a, 3),
  softmax: ([a]) => tf.softmax(a),
  permute: ([a]) => tf.transpose(a, [0, 3, 1, 2]),
  concat: ([a, b]) => tf.concat([a, b], 3),
  pad: ([a]) =>
    tf.pad(a, [
      [0, 0],
      [1, 1],
      [1, 1],
      [0, 0],
    ]),
  'upsample nearest': ([a]) =>
    tf.image.resizeNearestNeighbor(a, [2 * a.shape[1], 2 * a.shape[2]], false, true),
  'upsample bilinear': ([a]) => tf.image.resizeBilinear(a, [2 * a.shape[1], 2 * a.shape[2]], false, true),
  avgPool2d: ([a]) => tf.avgPool(a, 2, 2, 'valid'),
  maxPool2d: ([a]) => tf.maxPool(a, 2, 2, 'valid'),
  gather: ([table, at]) => tf.gather(table, tf.cast(at, 'int32')),
  batchNorm: ([x, g, b]) => batchNorm(x, g, b),
  'batchNorm both': gradients(batchNorm),
  adain: ([x, s, b]) => adain(x, s, b),
  'adain both': gradients(adain),
}

/** @returns {Promise<Peer>} */
export async function engine() {
  await tf.setBackend('webgpu')
  await tf.ready()
  return {
    name: `TensorFlow.js ${tf.version['tfjs-core']}`,
    has: (op) => op === 'dcgan' || op in ops,
    async prepare({ op, options }, values) {
      const inputs = values.map(({ data, shape }) => tf.tensor(data, shape))
      const run = op === 'dcgan' ? dcgan(options) : ops[op]
      const once = () => [tf.tidy(() => run(inputs, options))].flat()
      return {
        async run(count) {
          for (let i = 1; i < count; i++) tf.dispose(once())
          const results = once()
          const found = await Promise.all(results.map((y) => y.data()))
          tf.dispose(results)
          return found
        },
        dispose: () => tf.dispose(inputs),
      }
    },
  }
}
