/** The whole DCGAN against PyTorch: same weights, noise and data give the same images, gradients and training. */
import type { nn } from '../../src/engine/index.ts'
import fixture from '../fixtures/dcgan.json'
import { expectClose, gpuTest, valuesOf } from '../harness.ts'
import { expectParity, row, withTrainer } from './parity.ts'

const of = { model: 'dcgan', image: fixture.image, options: fixture.options }

gpuTest("the first step's images are PyTorch's", () =>
  withTrainer(of, fixture, async ({ model }) => {
    const images = await valuesOf(() => (model.networks.generator as nn.Layer).forward(row(fixture.z, 0)))
    expectClose(images, fixture.generated.data, 1e-5)
  }),
)

expectParity(of, fixture)
