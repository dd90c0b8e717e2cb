/** The whole WGAN-GP against PyTorch: its critic's gradients hold the second derivatives of the penalty. */
import { describe, expect } from 'vitest'
import type { SampleField } from '../../src/models/data/fields.ts'
import { Trainer } from '../../src/models/training/trainer.ts'
import fixture from '../fixtures/wganGp.json'
import residual from '../fixtures/wganGpResidual.json'
import { gpuTest } from '../harness.ts'
import { expectParity } from './parity.ts'

const model = 'wgan-gp'

describe("DCGAN's networks", () =>
  expectParity({ model, image: fixture.image, options: fixture.options }, fixture))
describe('residual networks', () =>
  expectParity({ model, image: residual.image, options: { ...residual.options, residual: true } }, residual))

gpuTest('residual networks are yes or no, and of images', () => {
  const make = (x: SampleField, residual: number | boolean) => () =>
    new Trainer({ model, fields: { x }, options: { residual }, batch: 4, seed: 0 })
  expect(make({ kind: 'image', size: 8, channels: 1 }, 2)).toThrow(
    'wgan-gp: residual: expected yes or no, got 2',
  )
  expect(make({ kind: 'points', dims: 2, unit: 1, toy: 'ring' }, true)).toThrow(
    'residual networks make images, not points',
  )
  expect(make({ kind: 'image', size: 4, channels: 1 }, true)).toThrow('the size must be at least 5, got 4')
})
