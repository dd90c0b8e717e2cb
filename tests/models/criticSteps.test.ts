/** Where D or a critic has steps of its own, G's samples are constants in them: nothing of G's pass is kept for a gradient. */
import { describe, expect } from 'vitest'
import { type nn, scope } from '../../src/engine/index.ts'
import { kindOf, tableOf } from '../../src/models/data/data.ts'
import { ownOptions } from '../../src/models/index.ts'
import { Trainer } from '../../src/models/training/trainer.ts'
import { gpuTest } from '../harness.ts'

const STEPS = 2
const TINY = { k: STEPS, nCritic: STEPS, nDis: STEPS, width: 4, widthG: 4, latent: 8, depth: 2 }
const IMAGES = { name: 'grey', count: 4, size: 8, channels: 1, bytes: new Uint8Array(4 * 64).fill(100) }

describe('G is on the tape in its own step alone', () => {
  for (const model of ['gan', 'wgan', 'wgan-gp', 'sngan'])
    gpuTest(model, () => {
      const table = tableOf(IMAGES)
      const config = { model, options: ownOptions(model, TINY), data: kindOf(IMAGES), batch: 4, seed: 0 }
      const trainer = new Trainer(config)
      const G = trainer.model.networks.generator as nn.Layer
      const forward = G.forward.bind(G)
      const taped: boolean[] = []
      G.forward = (z) => {
        const made = forward(z)
        taped.push(made.node !== undefined)
        return made
      }
      scope(() => void trainer.model.step(() => table.batch(4)))
      expect(taped).toEqual([...Array(STEPS).fill(false), true])
      trainer.dispose()
      table.dispose()
    })
})
