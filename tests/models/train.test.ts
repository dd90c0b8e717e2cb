/** The training loop: what it reports when all goes well, when a number is lost, and when the device is. */
import { expect, test } from 'vitest'
import { onProfile } from '../../src/app/debug.ts'
import { gpu, init, NumericError } from '../../src/engine/index.ts'
import type { DataSet } from '../../src/models/data/dataSet.ts'
import { type LogLine, type TrainOptions, train } from '../../src/models/training/train.ts'
import { noiseImages } from './tiny.ts'

const images: DataSet = noiseImages()

const optionsFor = (seed: number, steps: number, options: Record<string, number> = {}): TrainOptions => ({
  config: {
    model: 'dcgan',
    options: { width: 4, latent: 8, ...options },
    fields: { x: { kind: 'image', size: 8, channels: 1 } },
    batch: 4,
    seed,
  },
  steps,
  logEvery: 1,
  sampleEvery: 100,
  checkpointEvery: 2,
})

/** The metrics of every step, in order; those that a restart takes back are gone. */
async function trainedLog(
  options: TrainOptions,
  gate?: (step: number) => Promise<boolean>,
): Promise<LogLine[]> {
  let lines: LogLine[] = []
  await train(images, options, {
    gate,
    onStart: ({ step }) => {
      lines = lines.filter((line) => line.step <= step)
    },
    onLog: (line) => lines.push(line),
  })
  return lines.map(({ ms: _, ...metrics }) => metrics as LogLine)
}

test('the same seed trains to the same bits, another seed does not', async () => {
  const first = await trainedLog(optionsFor(0, 4))
  expect(first.map(({ step }) => step)).toEqual([1, 2, 3, 4])
  expect(await trainedLog(optionsFor(0, 4))).toEqual(first)
  expect((await trainedLog(optionsFor(1, 4)))[3]).not.toEqual(first[3])
})

test('samples are scored where somebody asks, and training takes the same bits', async () => {
  const undisturbed = await trainedLog(optionsFor(0, 4))
  const lines: LogLine[] = []
  const scored: number[] = []
  await train(
    images,
    { ...optionsFor(0, 4), metricsEvery: 2 },
    {
      onLog: (line) => lines.push(line),
      onMetrics: async (trainer) => {
        await trainer.sample(5)
        scored.push(trainer.step)
      },
    },
  )
  expect(scored).toEqual([2, 4])
  expect(lines.map(({ ms: _, ...metrics }) => metrics)).toEqual(undisturbed)
})

test('one step is profiled where somebody asks, and trains to the same bits', async () => {
  const undisturbed = await trainedLog(optionsFor(0, 4))
  const lines: LogLine[] = []
  const told: string[] = []
  await train(images, optionsFor(0, 4), {
    onLog: ({ ms: _, ...metrics }) => lines.push(metrics as LogLine),
    onProfile: onProfile(2, (text) => told.push(text)),
  })
  expect(lines).toEqual(undisturbed)
  expect(told).toHaveLength(1)
  expect(told[0]).toMatch(/^ +3 .* conv2d 4x10x10x1, 4x4x1x4, 4 → 4x4x4x4$/m)
  expect(told[0]).toMatch(/^ +\d+ .* in all$/m)
  expect(onProfile(1, () => {})).toBeUndefined()
})

test('a lost device is opened anew, and training goes on from the checkpoint to the same bits', async () => {
  const undisturbed = await trainedLog(optionsFor(0, 6))
  let lost = false
  const disturbed = await trainedLog(optionsFor(0, 6), async (step) => {
    if (step === 5 && !lost) {
      lost = true
      gpu().device.destroy()
    }
    return true
  })
  expect(lost).toBe(true)
  expect(disturbed).toEqual(undisturbed)
})

test('a number that is no longer finite stops the training, and says which at what step', async () => {
  await init()
  const saved: number[] = []
  const run = train(images, optionsFor(0, 50, { lr: 1e30 }), {
    onCheckpoint: (step) => void saved.push(step),
  })
  await expect(run).rejects.toThrow(NumericError)
  await expect(run).rejects.toThrow(/(at|after) step \d+; .* It first appeared in \w+, at step \d+\.$/)
  expect(saved.every((step) => step < 10)).toBe(true)
})

test('few lines of the log do not let the loop run ahead: it stops within a few steps', async () => {
  let latest = 0
  const options = { ...optionsFor(0, 1000), logEvery: 1000, checkpointEvery: 0 }
  await train(images, options, {
    gate: async (step) => {
      latest = step
      return step < 5
    },
  })
  expect(latest).toBe(5)
})
