/** Inversion: an image that the generator can make is found again. */
import { expect, test } from 'vitest'
import { randn, seed, tensor } from '../../src/engine/index.ts'
import { invert } from '../../src/models/evaluation/invert.ts'
import { generatorOf, read } from '../../src/models/family.ts'
import { fieldsFor, sourceOf } from '../../src/models/index.ts'
import { Trainer } from '../../src/models/training/trainer.ts'
import { gpuTest } from '../harness.ts'
import { noiseFor } from './tiny.ts'

const size = { size: 8, channels: 1 }

/** A model after some steps, so that its averages are not its parameters. */
async function trained(model: string, options: Record<string, number>): Promise<Trainer> {
  const data = noiseFor(model)
  const trainer = new Trainer({ model, options, fields: fieldsFor(model, data), batch: 8, seed: 1 })
  const source = sourceOf(data, trainer.config)
  for (let i = 0; i < 8; i++) await trainer.advance(source)
  source.dispose()
  return trainer
}

/** Those of classes are searched among the images of the first. */
const CASES = [
  ['cgan', 'z', { width: 8, latent: 6 }],
  ['dcgan', 'z', { width: 8, latent: 6 }],
  ['gan', 'z', { width: 16, latent: 6, emaDecay: 0.9 }],
  ['stylegan-lite', 'z', { width: 4, latent: 6, depth: 1, lr: 0.05, emaDecay: 0.9 }],
  ['stylegan2-lite', 'w', { width: 4, latent: 6, depth: 1, lr: 0.05, emaDecay: 0.9 }],
  ['stylegan-lite', 'w', { width: 4, latent: 6, depth: 1, lr: 0.05, emaDecay: 0.9 }],
] as const

for (const [name, space, options] of CASES)
  gpuTest(`${name} in ${space}: an image of its own is found again`, async () => {
    const trainer = await trained(name, options)
    try {
      const { model } = trainer
      const generator = generatorOf(model)
      if (!generator) throw new Error('no generator')
      seed(9)
      const target = await read(() => generator.images(randn([1, generator.size])))
      const told: number[] = []
      const onStep = (_step: number, error: number): void => void told.push(error)
      const made = await invert(model, size, target, { space, steps: 150, starts: 4, onStep })
      const first = Math.min(...made.errors[0])
      expect(first).toBeGreaterThan(0)
      expect(made.errors.length).toBe(151)
      expect(made.error).toBe(Math.min(...made.errors[150]))
      expect(made.error).toBeLessThan(first / 20)
      expect(told[0]).toBe(first)
      expect(told[told.length - 1]).toBe(made.error)
      // The image is that of the latent, as the model samples.
      const latent = () => tensor(made.latent, [1, generator.size])
      const inW = space === 'w' ? model.styles : undefined
      const again = await read(() => inW?.images(latent()) ?? generator.images(latent()))
      let error = 0
      again.forEach((x, i) => {
        error += (x - target[i]) ** 2 / again.length
      })
      expect(error).toBeCloseTo(made.error, 6)
    } finally {
      trainer.dispose()
    }
  })

test('what cannot be inverted is refused', async () => {
  const trainer = new Trainer({
    model: 'dcgan',
    options: { width: 4, latent: 4 },
    fields: { x: { kind: 'image', ...size } },
    batch: 4,
    seed: 0,
  })
  const target = new Float32Array(64)
  await expect(invert(trainer.model, size, target, { space: 'w' })).rejects.toThrow(
    'has no styles w; search in z',
  )
  await expect(invert(trainer.model, size, target.subarray(1))).rejects.toThrow(
    'expected 8x8x1 values, got 63',
  )
  trainer.dispose()
})
