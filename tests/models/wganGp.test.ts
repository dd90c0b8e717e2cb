/** The whole WGAN-GP against PyTorch: its critic's gradients hold the second derivatives of the penalty. */
import { describe, expect } from 'vitest'
import { scope } from '../../src/engine/index.ts'
import { WganGp } from '../../src/models/families/wganGp.ts'
import fixture from '../fixtures/wganGp.json'
import residual from '../fixtures/wganGpResidual.json'
import { gpuTest } from '../harness.ts'
import { expectParity } from './parity.ts'

describe("DCGAN's networks", () => expectParity(() => new WganGp(fixture.image, fixture.options), fixture))
describe('residual networks', () =>
  expectParity(() => new WganGp(residual.image, residual.options), residual))

gpuTest('residual networks are 1 or 0, and of images', () => {
  const make = (sample: ConstructorParameters<typeof WganGp>[0], residual: number) => () =>
    scope(() => new WganGp(sample, { residual }))
  expect(make({ size: 8, channels: 1 }, 2)).toThrow('residual: expected 1 for residual networks or 0, got 2')
  expect(make({ dims: 2, unit: 1 }, 1)).toThrow('residual networks make images, not points')
  expect(make({ size: 4, channels: 1 }, 1)).toThrow('the size must be at least 5, got 4')
})
