/** The whole WGAN against PyTorch, and its clipped weights. */
import { expect } from 'vitest'
import fixture from '../fixtures/wgan.json'
import { gpuTest } from '../harness.ts'
import { expectParity, parameterValues, takeSteps, withTrainer } from './parity.ts'

const of = { model: 'wgan', image: fixture.image, options: fixture.options }

expectParity(of, fixture)

gpuTest(
  "an update leaves the critic's weights within the limit, some of them at it, and the generator's alone",
  () =>
    withTrainer(of, fixture, async (trainer) => {
      const { model } = trainer
      await takeSteps(trainer, fixture, 1)
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
