/** The whole StyleGAN2 against PyTorch, where each sample has weights of its own; and its parts. */
import { describe, expect } from 'vitest'
import * as G from '../../src/engine/index.ts'
import { pathLengths } from '../../src/models/families/stylegan2Lite.ts'
import { ModulatedConv, SkipSynthesis } from '../../src/models/nets/stylegan2Nets.ts'
import fixture from '../fixtures/stylegan2.json'
import { evaluate, expectClose, gpuTest } from '../harness.ts'
import { expectParity, withTrainer } from './parity.ts'

const of = { model: 'stylegan2-lite', image: fixture.image, options: fixture.options }

expectParity(of, fixture)

gpuTest('the penalties keep their rhythms, and both come in the first step', () =>
  withTrainer(of, fixture, async ({ model }) => {
    const variants = Array.from({ length: 6 }, (_, step) => model.variant?.(step))
    expect(variants).toEqual(['penalised path', 'plain', 'plain path', 'penalised', 'plain path', 'plain'])
  }),
)

describe('modulation', () => {
  for (const resample of ['same', 'up'] as const)
    gpuTest(
      `demodulated, the result's scale does not depend on that of the style (${resample})`,
      async () => {
        const [one, ten] = await evaluate(() => {
          const conv = new ModulatedConv(3, 5, 3, 4, { resample })
          conv.affine.bias.write([0, 0, 0])
          const [x, w] = [G.randn([2, 4, 4, 3]), G.randn([2, 4])]
          return [w, G.mul(w, 10)].map((style) => {
            const { y, d } = conv.forward(x, style)
            return G.mul(y, d as G.Tensor)
          })
        })
        expect(one.shape).toEqual(resample === 'up' ? [2, 8, 8, 5] : [2, 4, 4, 5])
        expectClose(ten.data, one.data, 1e-4)
      },
    )

  gpuTest('each style begins to count at its size', () => {
    G.scope(() => {
      const options = { latent: 4, depth: 1, mappingLr: 1, width: 2, maxWidth: 4 }
      const net = new SkipSynthesis(16, 1, options)
      expect(net.styleSizes).toEqual([4, 8, 8, 16, 16, 16])
      expect(net.convs.length).toBe(5)
      expect(net.toRgb.length).toBe(3)
    })
  })
})

gpuTest('the path length of a linear map is the norm of its transpose on y, over √(H W)', async () => {
  const [lengths] = await evaluate(() => {
    const styles = [G.tensor([[1, 2]]), G.tensor([[3, 4]])]
    for (const w of styles) w.requiresGrad = true
    // Both layers' styles move the 2x2 pixels by the same matrix A; J_wᵀ y = A y of each.
    const A = G.tensor([[1, 0, 2, 0], [0, 3, 0, 1]]) // biome-ignore format: a matrix
    const images = G.reshape(G.matmul(G.add(styles[0], styles[1]), A), [1, 2, 2, 1])
    return [pathLengths(images, styles, G.tensor([1, 1, 1, -2], [1, 2, 2, 1]))]
  })
  expectClose(lengths.data, [Math.sqrt(3 * 3 + 1) / 2], 1e-6)
})
