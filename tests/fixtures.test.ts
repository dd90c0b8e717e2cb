/** Values, gradients and gradient penalties as PyTorch computes them (tests/fixtures/README.md). */
import { describe, expect } from 'vitest'
import * as G from '../src/engine/index.ts'
import { type Tensor, tensor } from '../src/engine/index.ts'
import conv from './fixtures/conv.json'
import convTranspose from './fixtures/convTranspose.json'
import norm from './fixtures/norm.json'
import optim from './fixtures/optim.json'
import resample from './fixtures/resample.json'
import { evaluate, expectClose, gpuTest } from './harness.ts'

interface Saved {
  shape: number[]
  data: number[]
}
/** A case is a bag of saved tensors and options. */
// biome-ignore lint/suspicious/noExplicitAny: JSON of many forms
type Case = Record<string, any>

/** Measured errors are below 1e-6; the files have nine digits. */
const TOLERANCE = 1e-5

/** Checks y, the gradient of every input as d<input>, and those of P = Σ dx² as gradPenalty.dd<input>. */
function check(c: Case, op: (inputs: Record<string, Tensor>) => Tensor, names: string[]): void {
  gpuTest(c.name, async () => {
    const expected: Saved[] = [c.y, ...names.map((n) => c[`d${n}`])]
    const penalty: Case = c.gradPenalty ?? {}
    const second = [...names, 'y'].filter((n) => `dd${n}` in penalty)
    const results = await evaluate(() => {
      const load = ({ data, shape }: Saved) => tensor(data, shape, { requiresGrad: true })
      const inputs = Object.fromEntries(names.map((n) => [n, load(c[n])]))
      const dy = load(c.dy)
      const y = op(inputs)
      const grads = G.grad(y, Object.values(inputs), { gradOutput: dy, createGraph: true })
      if (!second.length) return [y, ...grads]
      const P = G.sum(G.square(grads[names.indexOf('x')]))
      const by = second.map((n) => (n === 'y' ? dy : inputs[n]))
      return [y, ...grads, ...G.grad(P, by, { createGraph: true }), P]
    })
    if (second.length)
      expected.push(...second.map((n) => penalty[`dd${n}`]), { shape: [], data: [penalty.value] })
    expect(results.length).toBe(expected.length)
    results.forEach(({ shape, data }, i) => {
      expect(shape).toEqual(expected[i].shape)
      expectClose(data, expected[i].data, TOLERANCE, `of result ${i}`)
    })
  })
}

describe('conv2d', () => {
  for (const c of conv as Case[])
    check(c, ({ x, w, bias }) => G.conv2d(x, w, { bias, stride: c.stride, padding: c.padding }), [
      'x',
      'w',
      'bias',
    ])
})

describe('convTranspose2d', () => {
  for (const c of convTranspose as Case[]) {
    const { stride, padding, outputPadding } = c
    const op = ({ x, w, bias }: Record<string, Tensor>) =>
      G.convTranspose2d(x, w, { bias, stride, padding, outputPadding })
    check(c, op, ['x', 'w', 'bias'])
  }
})

const NORMS: Record<string, (x: Tensor, gamma: Tensor, beta: Tensor, options: { eps: number }) => Tensor> = {
  batchNorm2d: G.batchNorm,
  batchNorm4d: G.batchNorm,
  instanceNorm: G.instanceNorm,
  layerNormLast: G.layerNorm,
  layerNormHWC: G.layerNorm,
  adain: G.adain,
}
describe('norms', () => {
  for (const c of norm as Case[]) {
    const eps = c.epsilon
    if (c.name === 'adainFromStyle') {
      // The style image's own deviation and mean are scale and shift.
      const op = ({ x, style }: Record<string, Tensor>) => {
        const scale = G.sqrt(G.add(G.variance(style, { axes: [1, 2] }), eps))
        return G.adain(x, scale, G.mean(style, { axes: [1, 2] }), { eps })
      }
      check(c, op, ['x', 'style'])
    } else check(c, ({ x, gamma, beta }) => NORMS[c.name](x, gamma, beta, { eps }), ['x', 'gamma', 'beta'])
  }
})

const RESAMPLING: Record<string, (x: Tensor, options: Case) => Tensor> = {
  nearest: (x, { scale }) => G.upsample2d(x, { scale }),
  bilinear: (x, { scale }) => G.upsample2d(x, { scale, mode: 'bilinear' }),
  avgPool: (x, { kernel, stride, padding }) => G.avgPool2d(x, { kernel, stride, padding }),
  maxPool: (x, { kernel, stride, padding }) => G.maxPool2d(x, { kernel, stride, padding }),
  pixelShuffle: (x, { factor }) => G.pixelShuffle(x, { factor }),
  reflectPad: (x, { padding: [top, bottom, left, right] }) =>
    G.pad(x, {
      mode: 'reflect',
      padding: [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ],
    }),
}
describe('resampling', () => {
  for (const c of resample as Case[]) {
    if (c.options.countIncludePad === false) continue // not offered
    check(c, ({ x }) => RESAMPLING[c.op](x, c.options), ['x'])
  }
})

type Optimizer = G.optim.SGD | G.optim.RMSprop | G.optim.Adam
const OPTIMISERS: Record<string, (p: Tensor, options: Case) => Optimizer> = {
  sgd: (p, o) => new G.optim.SGD([p], { lr: o.learningRate }),
  momentum: (p, o) => new G.optim.SGD([p], { lr: o.learningRate, momentum: o.momentum }),
  rmsprop: (p, o) => new G.optim.RMSprop([p], { lr: o.learningRate, alpha: o.alpha, eps: o.epsilon }),
  adam: (p, o) => new G.optim.Adam([p], { lr: o.learningRate, betas: [o.beta1, o.beta2], eps: o.epsilon }),
}
describe('optimisers', () => {
  for (const c of optim.cases as Case[])
    gpuTest(c.name, async () => {
      const p = tensor(optim.parameter.data)
      const optimizer = OPTIMISERS[c.name](p, c.options)
      for (const [i, { data }] of optim.gradients.entries()) {
        G.scope(() => optimizer.step([tensor(data)]))
        expectClose(await p.data(), c.after[i].data, 1e-6, `after step ${i + 1}`)
        // By element: the last one's gradient is about 1e-8, so that the place of epsilon shows.
        const moved = (await p.data()).map((v, k) => v - optim.parameter.data[k])
        expect(Math.abs(moved[6] - (c.after[i].data[6] - optim.parameter.data[6]))).toBeLessThan(1e-6)
      }
      p.dispose()
      optimizer.dispose()
    })
})
