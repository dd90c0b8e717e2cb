/**
 * TensorFlow.js with its WebGPU backend as a peer: the same work by its own best practice (tidy, its own gradients).
 * @typedef {import('../page.ts').Engine} Engine
 */
import * as tf from '@tensorflow/tfjs'
import '@tensorflow/tfjs-backend-webgpu'

/** Our ops in TensorFlow.js' terms. */
const ops = {
  matmul: ([a, b]) => tf.matMul(a, b),
  conv2d: ([x, w]) => tf.conv2d(x, w, 2, 'same'),
  convTranspose2d: ([x, w]) =>
    tf.conv2dTranspose(x, w, [x.shape[0], x.shape[1] * 2, x.shape[2] * 2, w.shape[2]], 2, 'same'),
  conv2dWeightGrad: ([x, dy]) => {
    const w = tf.zeros([4, 4, x.shape[3], dy.shape[3]])
    return tf.grad((weights) => tf.conv2d(x, weights, 2, 'same'))(w, dy)
  },
  add: ([a, b]) => tf.add(a, b),
  'mul by channel': ([a, b]) => tf.mul(a, b),
  tanh: ([a]) => tf.tanh(a),
  leakyRelu: ([a]) => tf.leakyRelu(a, 0.2),
  sum: ([a]) => tf.sum(a),
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
  'mean over pixels': ([a]) => tf.mean(a, [0, 1, 2]),
  batchNorm: ([a, g, b]) => batchNorm(a, g, b),
  'batchNorm gradient': ([a, g, b, dy]) => tf.grad((x) => batchNorm(x, g, b))(a, dy),
}

function batchNorm(x, gamma, beta) {
  const { mean, variance } = tf.moments(x, x.shape.length === 2 ? [0] : [0, 1, 2])
  return tf.batchNorm(x, mean, variance, beta, gamma, 1e-5)
}

/** The same networks, losses and optimisers as src/models/dcgan.ts at 28x28. */
function dcgan({ width, batch }) {
  const normal = (shape) => tf.variable(tf.randomNormal(shape, 0, 0.02))
  const norm = (channels) => [tf.variable(tf.ones([channels])), tf.variable(tf.zeros([channels]))]
  const G = {
    project: normal([100, 49 * 2 * width]),
    bn0: norm(2 * width),
    up1: normal([4, 4, width, 2 * width]),
    bn1: norm(width),
    up2: normal([4, 4, 1, width]),
    bias: tf.variable(tf.zeros([1])),
  }
  const D = {
    conv1: normal([4, 4, 1, width]),
    bias1: tf.variable(tf.zeros([width])),
    conv2: normal([4, 4, width, 2 * width]),
    bn: norm(2 * width),
    out: normal([49 * 2 * width, 1]),
    bias: tf.variable(tf.zeros([1])),
  }
  const generate = (z) => {
    let y = tf.reshape(tf.matMul(z, G.project), [batch, 7, 7, 2 * width])
    y = tf.relu(batchNorm(y, ...G.bn0))
    y = tf.conv2dTranspose(y, G.up1, [batch, 14, 14, width], 2, 'same')
    y = tf.relu(batchNorm(y, ...G.bn1))
    y = tf.conv2dTranspose(y, G.up2, [batch, 28, 28, 1], 2, 'same')
    return tf.tanh(tf.add(y, G.bias))
  }
  const discriminate = (x) => {
    let y = tf.leakyRelu(tf.add(tf.conv2d(x, D.conv1, 2, 'same'), D.bias1), 0.2)
    y = tf.leakyRelu(batchNorm(tf.conv2d(y, D.conv2, 2, 'same'), ...D.bn), 0.2)
    return tf.add(tf.matMul(tf.reshape(y, [batch, -1]), D.out), D.bias)
  }
  const variables = (net) => Object.values(net).flat()
  const [adamG, adamD] = [tf.train.adam(2e-4, 0.5, 0.999), tf.train.adam(2e-4, 0.5, 0.999)]
  return ([x]) => {
    const z = tf.randomNormal([batch, 100])
    const fake = generate(z)
    const d = tf.variableGrads(
      () => tf.add(tf.mean(tf.softplus(tf.neg(discriminate(x)))), tf.mean(tf.softplus(discriminate(fake)))),
      variables(D),
    )
    adamD.applyGradients(d.grads)
    const g = tf.variableGrads(() => tf.mean(tf.softplus(tf.neg(discriminate(generate(z))))), variables(G))
    adamG.applyGradients(g.grads)
    return d.value
  }
}

/** @returns {Promise<Engine>} */
export async function engine() {
  await tf.setBackend('webgpu')
  await tf.ready()
  return {
    name: `TensorFlow.js ${tf.version['tfjs-core']}`,
    async prepare(c) {
      const inputs = c.inputs.map(({ data, shape }) => tf.tensor(data, shape))
      const op = c.peer.op === 'dcgan' ? dcgan(c.peer.options) : ops[c.peer.op]
      const once = () => tf.tidy(() => op(inputs))
      return {
        async run(count) {
          for (let i = 1; i < count; i++) once().dispose()
          const y = once()
          const values = await y.data()
          y.dispose()
          return values
        },
        dispose: () => tf.dispose(inputs),
      }
    },
  }
}
