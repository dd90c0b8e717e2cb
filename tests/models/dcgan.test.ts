/** The whole DCGAN against PyTorch: same weights, noise and data give the same losses, gradients and training. */
import { expect, test } from 'vitest'
import { grad, init, nn, scope, stopGradient, tensor } from '../../src/engine/index.ts'
import { Dcgan } from '../../src/models/dcgan.ts'
import { nonSaturating } from '../../src/models/losses.ts'
import fixture from '../fixtures/dcgan.json'
import { relativeError } from '../ref/index.ts'

/** Our field names for the fixture's. */
const NAMES: Record<string, string> = {
  'generator.project.weight': 'project.weight',
  'generator.bn0': 'norms.0',
  'generator.bn1': 'norms.1',
  'generator.up1': 'ups.0',
  'generator.up2': 'ups.1',
  'discriminator.conv1': 'convs.0',
  'discriminator.conv2': 'convs.1',
  'discriminator.bn2': 'norms.0',
  'discriminator.out': 'out',
}
type Saved = { shape: number[]; data: number[] }
type Network = 'generator' | 'discriminator'

const ours = (network: Network, name: string): string =>
  NAMES[`${network}.${name}`] ??
  `${NAMES[`${network}.${name.slice(0, name.indexOf('.'))}`]}${name.slice(name.indexOf('.'))}`

/** The fixture's values under our names. */
const renamed = <T>(network: Network, values: Record<string, T>): Record<string, T> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [ours(network, name), value]))

function build(): Dcgan {
  const { config, weights } = fixture
  const model = new Dcgan(
    { size: config.imageSize, channels: config.channels },
    { latent: config.latent, width: config.discriminatorChannels[0], lr: config.adam.learningRate },
  )
  for (const network of ['generator', 'discriminator'] as const) {
    const saved = renamed(network, weights[network] as Record<string, Saved>)
    for (const [name, t] of Object.entries(nn.stateDict(model.networks[network])))
      if (!name.includes('running')) t.write(saved[name].data)
  }
  return model
}

const row = ({ shape, data }: Saved, step: number) => {
  const size = data.length / shape[0]
  return tensor(data.slice(step * size, (step + 1) * size), shape.slice(1))
}

test("the first step's gradients are PyTorch's, each of them", async () => {
  await init()
  const model = build()
  const { generator, discriminator } = model.networks
  const check = async (network: Network, grads: ReturnType<typeof grad>, expected: Record<string, Saved>) => {
    const names = Object.entries(nn.stateDict(model.networks[network])).flatMap(([n, t]) =>
      t.requiresGrad ? [n] : [],
    )
    const saved = renamed(network, expected)
    expect(names.sort()).toEqual(Object.keys(saved).sort())
    const order = Object.keys(nn.stateDict(model.networks[network])).filter((n) => names.includes(n))
    for (const [i, name] of order.entries())
      expect(relativeError(await grads[i].data(), saved[name].data), `${network} ${name}`).toBeLessThan(1e-4)
  }
  const { gradients } = fixture.firstStep
  const z = row(fixture.z, 0)
  const images = generator.forward(z)
  expect(relativeError(await images.data(), fixture.firstStep.generated.data)).toBeLessThan(1e-5)
  const lossD = nonSaturating.discriminator(
    discriminator.forward(row(fixture.real, 0)),
    discriminator.forward(stopGradient(images)),
  )
  const gradsD = grad(lossD, nn.parameters(discriminator))
  await check('discriminator', gradsD, gradients.discriminator as Record<string, Saved>)
  model.optimizers.discriminator.step(gradsD)
  const lossG = nonSaturating.generator(discriminator.forward(images))
  await check(
    'generator',
    grad(lossG, nn.parameters(generator)),
    gradients.generator as Record<string, Saved>,
  )
})

test('ten training steps give the losses of PyTorch', async () => {
  await init()
  const model = build()
  const worst = { lossD: 0, lossG: 0, real: 0, fake: 0 }
  for (let step = 0; step < fixture.config.steps; step++) {
    const metrics = scope(() =>
      model.step(
        () => row(fixture.real, step),
        () => row(fixture.z, step),
      ),
    )
    const error = async (name: string, expected: number) =>
      Math.abs((await metrics[name].item()) - expected) / Math.abs(expected)
    worst.lossD = Math.max(worst.lossD, await error('lossD', fixture.lossD[step]))
    worst.lossG = Math.max(worst.lossG, await error('lossG', fixture.lossG[step]))
    worst.real = Math.max(worst.real, await error('D(x)', fixture.probReal[step]))
    worst.fake = Math.max(worst.fake, await error('D(G(z))', fixture.probFake[step]))
  }
  console.log('relative errors against PyTorch over ten steps:', JSON.stringify(worst))
  for (const value of Object.values(worst)) expect(value).toBeLessThan(1e-4)
})
