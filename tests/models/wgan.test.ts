/** The whole WGAN against PyTorch, and its clipped weights. */
import { expect } from 'vitest'
import { Wgan } from '../../src/models/families/wgan.ts'
import fixture from '../fixtures/wgan.json'
import { gpuTest } from '../harness.ts'
import { expectParity, parameterValues, takeSteps, withModel } from './parity.ts'

const make = () => new Wgan(fixture.image, fixture.options)

expectParity(make, fixture)

gpuTest(
  "an update leaves the critic's weights within the limit, some of them at it, and the generator's alone",
  () =>
    withModel(make, fixture, async (model) => {
      await takeSteps(model, fixture, 1)
      const limit = Math.fround(fixture.options.clip)
      const critic = (await parameterValues(model.networks.critic)).map(Math.abs)
      expect(Math.max(...critic)).toBe(limit)
      const share = critic.filter((w) => w === limit).length / critic.length
      expect(share).toBeGreaterThan(0.05)
      expect(share).toBeLessThan(0.95)
      const generator = (await parameterValues(model.networks.generator)).map(Math.abs)
      expect(Math.max(...generator)).toBeGreaterThan(limit)
    }),
)
