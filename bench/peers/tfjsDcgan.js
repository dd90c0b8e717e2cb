/** The networks, losses and optimisers of src/models/families/dcgan.ts in TensorFlow.js. */
import * as tf from '@tensorflow/tfjs'

const LATENT = 100

function batchNorm(x, [gamma, beta]) {
  const { mean, variance } = tf.moments(x, [0, 1, 2])
  return tf.batchNorm(x, mean, variance, beta, gamma, 1e-5)
}
const conv = (x, w) => tf.conv2d(x, w, 2, 'same')
const convTranspose = (x, w) =>
  tf.conv2dTranspose(x, w, [x.shape[0], 2 * x.shape[1], 2 * x.shape[2], w.shape[2]], 2, 'same')
const leaky = (x) => tf.leakyRelu(x, 0.2)
const normal = (shape) => tf.variable(tf.randomNormal(shape, 0, 0.02))
const norm = (c) => [tf.variable(tf.ones([c])), tf.variable(tf.zeros([c]))]
const bias = (c) => tf.variable(tf.zeros([c]))
const variables = (net) => Object.values(net).flat(2)

/** A function from [images [N, H, W, C]] to the losses of one training step. */
export function dcgan({ size, channels, width, batch }) {
  let levels = 0
  let base = size
  for (; base > 7 && base % 2 === 0; base /= 2) levels++
  const depths = Array.from({ length: levels }, (_, i) => width * 2 ** i)
  const kernels = () => depths.map((depth, i) => normal([4, 4, i ? depths[i - 1] : channels, depth]))
  const features = base * base * depths[levels - 1]
  const G = {
    project: normal([LATENT, features]),
    norms: depths.map(norm).reverse(),
    ups: kernels().reverse(),
    bias: bias(channels),
  }
  const D = {
    convs: kernels(),
    bias: bias(depths[0]),
    norms: depths.slice(1).map(norm),
    out: normal([features, 1]),
    outBias: bias(1),
  }
  const generate = (z) => {
    let y = tf.reshape(tf.matMul(z, G.project), [batch, base, base, depths[levels - 1]])
    G.ups.forEach((w, i) => {
      y = convTranspose(tf.relu(batchNorm(y, G.norms[i])), w)
    })
    return tf.tanh(tf.add(y, G.bias))
  }
  const discriminate = (x) => {
    let y = leaky(tf.add(conv(x, D.convs[0]), D.bias))
    D.norms.forEach((pair, i) => {
      y = leaky(batchNorm(conv(y, D.convs[i + 1]), pair))
    })
    return tf.add(tf.matMul(tf.reshape(y, [batch, -1]), D.out), D.outBias)
  }
  const surprise = (logits) => tf.mean(tf.softplus(tf.neg(logits)))
  const [adamG, adamD] = [tf.train.adam(2e-4, 0.5, 0.999), tf.train.adam(2e-4, 0.5, 0.999)]
  return ([x]) => {
    const z = tf.randomNormal([batch, LATENT])
    const fake = generate(z)
    const d = tf.variableGrads(
      () => tf.add(surprise(discriminate(x)), tf.mean(tf.softplus(discriminate(fake)))),
      variables(D),
    )
    adamD.applyGradients(d.grads)
    const g = tf.variableGrads(() => surprise(discriminate(generate(z))), variables(G))
    adamG.applyGradients(g.grads)
    return [d.value, g.value]
  }
}
