/** The whole DCGAN against PyTorch: same weights, noise and data give the same images, gradients and training. */
import { Dcgan } from '../../src/models/families/dcgan.ts'
import fixture from '../fixtures/dcgan.json'
import { expectClose, gpuTest, valuesOf } from '../harness.ts'
import { expectParity, row, withModel } from './parity.ts'

const make = () => new Dcgan(fixture.image, fixture.options)

gpuTest("the first step's images are PyTorch's", () =>
  withModel(make, fixture, async (model) => {
    const images = await valuesOf(() => model.networks.generator.forward(row(fixture.z, 0)))
    expectClose(images, fixture.generated.data, 1e-5)
  }),
)

expectParity(make, fixture)
