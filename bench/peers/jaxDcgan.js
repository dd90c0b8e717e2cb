/** The networks, losses and optimisers of src/models/families/dcgan.ts in jax-js: a whole training step in one jit. */
import { jit, lax, nn, numpy as np, random, tree, valueAndGrad } from '@jax-js/jax'

const LATENT = 100
const [LR, BETA1, BETA2] = [2e-4, 0.5, 0.999]
const STRIDES = [2, 2]
const PADS = [
  [1, 1],
  [1, 1],
]
const conv = (x, w) => lax.convGeneralDilated(x, w, STRIDES, PADS)
const convTranspose = (x, w) => lax.convTranspose(x, w, STRIDES, PADS, { transposeKernel: true })

/** x [N, C, H, W], normalised over all but the channels. */
function batchNorm(x, [scale, shift]) {
  const axes = [0, 2, 3]
  const mean = np.mean(x.ref, axes, { keepdims: true })
  const centred = x.sub(mean)
  const variance = np.mean(np.square(centred.ref), axes, { keepdims: true })
  return centred
    .div(np.sqrt(variance.add(1e-5)))
    .mul(scale)
    .add(shift)
}
const leaky = (x) => nn.leakyRelu(x, 0.2)

/** Parameters as in our model: `levels` of channels from the image inwards. */
function networks(channels, depths, base) {
  let key = 0
  const normal = (shape) => random.normal(random.key(key++), shape).mul(0.02)
  const norm = (c) => [np.ones([1, c, 1, 1]), np.zeros([1, c, 1, 1])]
  const features = depths[depths.length - 1] * base * base
  const inner = depths.slice(1)
  return {
    G: {
      project: normal([LATENT, features]),
      norms: depths.map(norm).reverse(),
      ups: depths.map((depth, i) => normal([depth, i ? depths[i - 1] : channels, 4, 4])).reverse(),
      bias: np.zeros([1, channels, 1, 1]),
    },
    D: {
      convs: depths.map((depth, i) => normal([depth, i ? depths[i - 1] : channels, 4, 4])),
      bias: np.zeros([1, depths[0], 1, 1]),
      norms: inner.map(norm),
      out: normal([features, 1]),
      outBias: np.zeros([1]),
    },
  }
}

/** Adam (Kingma & Ba 2014): [parameters, m, v]. `rate` and `correction` hold what depends on the number of the step. */
function adam([p, m, v], g, rate, correction) {
  const m2 = tree.map((a, b) => a.mul(BETA1).add(b.mul(1 - BETA1)), m, tree.ref(g))
  const v2 = tree.map((a, b) => a.mul(BETA2).add(np.square(b).mul(1 - BETA2)), v, g)
  const update = (x, a, b) => x.sub(a.mul(rate.ref).div(np.sqrt(b).div(correction.ref).add(1e-8)))
  return [tree.map(update, p, tree.ref(m2), tree.ref(v2)), m2, v2]
}

/** A function from images [N, H, W, C] to the losses of one training step. */
export function dcgan({ size, channels, width, batch }) {
  let levels = 0
  let base = size
  for (; base > 7 && base % 2 === 0; base /= 2) levels++
  const depths = Array.from({ length: levels }, (_, i) => width * 2 ** i)

  const generate = (G, z) => {
    let y = np.matmul(z, G.project).reshape([batch, depths[levels - 1], base, base])
    G.ups.forEach((w, i) => {
      y = convTranspose(nn.relu(batchNorm(y, G.norms[i])), w)
    })
    return np.tanh(y.add(G.bias))
  }
  const discriminate = (D, x) => {
    let y = leaky(conv(x, D.convs[0]).add(D.bias))
    D.norms.forEach((norm, i) => {
      y = leaky(batchNorm(conv(y, D.convs[i + 1]), norm))
    })
    return np.matmul(y.reshape([batch, -1]), D.out).add(D.outBias)
  }
  const surprise = (logits) => np.mean(nn.softplus(logits.neg()))

  const step = jit((g, d, images, z, rate, correction) => {
    const x = images.transpose([0, 3, 1, 2])
    const fake = generate(tree.ref(g[0]), z.ref)
    const ofD = (D) => surprise(discriminate(tree.ref(D), x)).add(np.mean(nn.softplus(discriminate(D, fake))))
    const [lossD, gradD] = valueAndGrad(ofD)(tree.ref(d[0]))
    const d2 = adam(d, gradD, rate.ref, correction.ref)
    const ofG = (G) => surprise(discriminate(tree.ref(d2[0]), generate(G, z)))
    const [lossG, gradG] = valueAndGrad(ofG)(tree.ref(g[0]))
    return [adam(g, gradG, rate, correction), d2, lossD, lossG]
  })

  const { G, D } = networks(channels, depths, base)
  const zeros = (params) => tree.map((p) => np.zerosLike(p), tree.ref(params))
  let g = [G, zeros(G), zeros(G)]
  let d = [D, zeros(D), zeros(D)]
  let t = 0
  return (images) => {
    t++
    const z = random.normal(random.key(t), [batch, LATENT])
    const rate = np.array(LR / (1 - BETA1 ** t))
    const correction = np.array(Math.sqrt(1 - BETA2 ** t))
    let losses
    ;[g, d, ...losses] = step(g, d, images, z, rate, correction)
    return losses
  }
}
