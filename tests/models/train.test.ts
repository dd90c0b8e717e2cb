/** The training loop: what it reports when all goes well, when a number is lost, and when the device is. */
import { expect, test, vi } from 'vitest'
import { onProfile } from '../../src/app/debug.ts'
import { DeviceLostError, gpu, init, mul, NumericError, type Tensor } from '../../src/engine/index.ts'
import { type DataSet, pointSet } from '../../src/models/data/dataSet.ts'
import { families, fieldsFor } from '../../src/models/index.ts'
import { type LogLine, type TrainOptions, train } from '../../src/models/training/train.ts'
import { type Snapshot, Trainer } from '../../src/models/training/trainer.ts'
import { unhandledIn } from '../harness.ts'
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

const ring = pointSet('ring')
/** The same on points, which have more to show. */
const onPoints = (steps: number, options: Record<string, number> = {}): TrainOptions => {
  const { config, ...rest } = optionsFor(0, steps, { latent: 2, ...options })
  return { ...rest, config: { ...config, model: 'gan', fields: fieldsFor('gan', ring) }, sampleEvery: 1 }
}

/** The metrics of every step, in order; those that a restart takes back are gone. */
async function trainedLog(
  options: TrainOptions,
  gate?: (step: number) => Promise<boolean>,
  data: DataSet = images,
): Promise<LogLine[]> {
  let lines: LogLine[] = []
  await train(data, options, {
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

test('a device that is lost while points are drawn is opened anew, too', async () => {
  const undisturbed = await trainedLog(onPoints(4), undefined, ring)
  const { snapshot } = Trainer.prototype
  let lost = false
  const spy = vi.spyOn(Trainer.prototype, 'snapshot').mockImplementation(function (this: Trainer) {
    const read = snapshot.call(this)
    if (this.step === 3 && !lost) {
      lost = true
      gpu().device.destroy()
    }
    return read
  })
  try {
    const unhandled = await unhandledIn(async () => {
      expect(await trainedLog(onPoints(4), undefined, ring)).toEqual(undisturbed)
    })
    expect(lost).toBe(true)
    expect(unhandled).toEqual([])
  } finally {
    spy.mockRestore()
  }
})

test('many losses between two checkpoints end no run that goes on in between', async () => {
  const options = { ...onPoints(200), sampleEvery: 1000, checkpointEvery: 1000 }
  const undisturbed = await trainedLog(options, undefined, ring)
  const losses = [190, 180, 170]
  const gate = async (step: number): Promise<boolean> => {
    if (step === losses[0]) {
      losses.shift()
      gpu().device.destroy()
    }
    return true
  }
  expect(await trainedLog(options, gate, ring)).toEqual(undisturbed)
  expect(losses).toEqual([])
})

test('a device that is lost at the same step again and again is an error', async () => {
  let losses = 0
  const gate = async (step: number): Promise<boolean> => {
    if (step === 3) {
      losses++
      gpu().device.destroy()
    }
    return true
  }
  await expect(trainedLog(optionsFor(0, 6), gate)).rejects.toThrow(DeviceLostError)
  expect(losses).toBeGreaterThanOrEqual(3)
  expect(losses).toBeLessThan(6)
})

/** What is shown and said of a run that ends with an error. */
async function failed(options: TrainOptions): Promise<{ shown: Snapshot[]; said: string[]; error: Error }> {
  const shown: Snapshot[] = []
  const said: string[] = []
  const run = train(ring, options, {
    onSamples: (_, snapshot) => void shown.push(snapshot),
    onNotice: (text) => void said.push(text),
  })
  const error = await run.then(
    () => new Error('it did not fail'),
    (error) => error,
  )
  return { shown, said, error }
}

test('numbers that are lost before samples are drawn are told of, and nothing else', async () => {
  await init()
  const { shown, said, error } = await failed(onPoints(50, { lr: 1e38 }))
  expect(error).toBeInstanceOf(NumericError)
  expect(error.message).toMatch(
    /(at|after) step \d; .* It first appeared in \w+, (at|in the samples after) step \d\.$/,
  )
  for (const { columns } of shown) expect(columns[0].every(Number.isFinite)).toBe(true)
  expect(said).toEqual([expect.stringMatching(/Looking for where it came from\.$/)])
})

test('samples that are no longer finite are neither shown nor called a collapse', async () => {
  await init()
  const { gan } = families
  const { build } = gan
  const spy = vi.spyOn(gan, 'build').mockImplementation((...of) => {
    const model = build.call(gan, ...of)
    const { samples } = model.views
    const draw: typeof samples.draw = (inputs) => mul(mul(samples.draw(inputs) as Tensor, 3e38), 3e38)
    return { ...model, views: { samples: { ...samples, draw } } }
  })
  try {
    const { shown, said, error } = await failed(onPoints(5))
    expect(error.message).toBe(
      'a sample is not finite after step 0; a checkpoint saved before is good. It first appeared in mul, in the samples after step 0.',
    )
    expect(error).toBeInstanceOf(NumericError)
    expect(shown).toEqual([])
    expect(said).toHaveLength(1)
  } finally {
    spy.mockRestore()
  }
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
