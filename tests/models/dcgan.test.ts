/** The whole DCGAN against PyTorch: same weights, noise and data give the same images, gradients and training. */
import type { nn } from '../../src/engine/index.ts'
import fixture from '../fixtures/dcgan.json'
import { expectClose, gpuTest, valuesOf } from '../harness.ts'
import { expectParity, type Networks, row, type Saved, withTrainer } from './parity.ts'

/** Our field names for the fixture's. */
const NAMES: Record<string, Record<string, string>> = {
  generator: { project: 'project', bn0: 'norms.0', bn1: 'norms.1', up1: 'ups.0', up2: 'ups.1' },
  discriminator: { conv1: 'convs.0', conv2: 'convs.1', bn2: 'norms.0', out: 'out' },
}

function renamed(networks: Record<string, Record<string, Saved>>): Networks {
  const rename = (network: string, name: string) => {
    const [layer, field] = name.split('.')
    return `${NAMES[network][layer]}.${field}`
  }
  return Object.fromEntries(
    Object.entries(networks).map(([network, values]) => [
      network,
      Object.fromEntries(Object.entries(values).map(([name, value]) => [rename(network, name), value])),
    ]),
  )
}

const { config, real, z, lossD, lossG, firstStep } = fixture
const weights = renamed(fixture.weights)

const of = {
  model: 'dcgan',
  image: { size: config.imageSize, channels: config.channels },
  options: {
    latent: config.latent,
    width: config.discriminatorChannels[0],
    lr: config.adam.learningRate,
  },
}

gpuTest("the first step's images are PyTorch's", () =>
  withTrainer(of, { weights }, async ({ model }) => {
    const images = await valuesOf(() => (model.networks.generator as nn.Layer).forward(row(z, 0)))
    expectClose(images, firstStep.generated.data, 1e-5)
  }),
)

expectParity(of, {
  weights,
  real,
  z,
  metrics: {
    lossD,
    lossG,
    'D(x)': fixture.probReal,
    'D(G(z))': fixture.probFake,
    'D(G(z)) after': fixture.probFakeAfter,
  },
  gradients: renamed(firstStep.gradients),
})
