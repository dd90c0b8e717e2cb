/** Where D or a critic has steps of its own, G's samples are constants in them: nothing of G's pass is kept for a gradient. */
import { describe, expect } from 'vitest'
import { type nn, scope } from '../../src/engine/index.ts'
import { sourceOf } from '../../src/models/index.ts'
import { Trainer } from '../../src/models/training/trainer.ts'
import { gpuTest } from '../harness.ts'
import { configFor, noiseImages } from './tiny.ts'

/** Steps of D for each of G, of tiny models. */
const STEPS = 2

describe('G is on the tape in its own step alone', () => {
  for (const model of ['gan', 'wgan', 'wgan-gp', 'sngan'])
    gpuTest(model, () => {
      const data = noiseImages()
      const config = configFor({ model, data }, 4)
      const source = sourceOf(data, config)
      const trainer = new Trainer(config)
      const G = trainer.model.networks.generator as nn.Layer
      const forward = G.forward.bind(G)
      const taped: boolean[] = []
      G.forward = (z) => {
        const made = forward(z)
        taped.push(made.node !== undefined)
        return made
      }
      scope(() => void trainer.model.step({ ...trainer.context(), draw: () => source.draw(4) }))
      expect(taped).toEqual([...Array(STEPS).fill(false), true])
      trainer.dispose()
      source.dispose()
    })
})
