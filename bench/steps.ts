/** Training steps of DCGAN at several sizes, as training takes them: minibatches drawn on the GPU, losses read late. */

import type { Gpu } from '../src/engine/gpu/device.ts'
import { type Captured, capture, concat, memory, reshape, type Tensor } from '../src/engine/index.ts'
import type { Work } from '../src/engine/ops/products/counts.ts'
import { profile } from '../src/engine/profiling/profile.ts'
import { workOf } from '../src/engine/profiling/work.ts'
import { imageSet } from '../src/models/data/open.ts'
import { fieldsFor, sourceOf } from '../src/models/index.ts'
import { Trainer } from '../src/models/training/trainer.ts'
import { gpuTime, spanOf } from './clock.ts'
import { type DcganShape, dcganStepFlops } from './dcganFlops.ts'
import { values } from './inputs.ts'
import type { StepResult } from './result.ts'
import { differ, quantiles } from './stats.ts'

export interface StepCase extends DcganShape {
  model: string
  shape: string
}

const dcgan = (size: number, channels: number, width: number, batch: number): StepCase => ({
  model: 'DCGAN',
  shape: `${size}x${size}x${channels} width ${width} batch ${batch}`,
  size,
  channels,
  width,
  batch,
})

export const stepCases = (): StepCase[] => [
  dcgan(28, 1, 32, 16),
  dcgan(28, 1, 32, 32),
  dcgan(28, 1, 64, 64),
  dcgan(64, 3, 16, 16),
]

/** Images that minibatches are drawn from. */
const IMAGES = 512
/** Steps that may be under way at once, as in training. */
const IN_FLIGHT = 2
/** A run of steps lasts about this long. */
const RUN_MS = 1500
const STEPS = { least: 5, most: 40 }

/** A model in training, one step at a time: recorded by the first, replayed by those that follow. */
export class StepSession {
  private readonly take: Captured<Tensor>

  constructor({ size, channels, width, batch }: DcganShape) {
    const bytes = Uint8Array.from(values([IMAGES, size, size, channels], 90, [0, 256]).data)
    const images = imageSet({ name: 'noise', count: IMAGES, size, channels, bytes })
    const fields = fieldsFor('dcgan', images)
    const trainer = new Trainer({ model: 'dcgan', options: { width }, fields, batch, seed: 1 })
    const source = sourceOf(images, trainer.config)
    const context = { ...trainer.context(), draw: () => source.draw(batch) }
    this.take = capture(() => {
      const { lossD, lossG } = trainer.model.step(context)
      return concat([lossD, lossG].map((loss) => reshape(loss, [1])))
    })
  }

  /** Trains once; its losses, when the GPU has them. */
  step(): Promise<Float32Array> {
    return this.take().data()
  }
}

/** On a fresh device, so that the first step compiles everything. */
export async function measureStep(g: Gpu, c: StepCase): Promise<StepResult> {
  const base = { model: c.model, shape: c.shape, batch: c.batch, flops: dcganStepFlops(c) }
  try {
    const start = performance.now()
    const session = new StepSession(c)
    await checked(session.step())
    const firstStep = performance.now() - start
    const once = (await runSteps(session, 3)).times
    const count = Math.max(STEPS.least, Math.min(STEPS.most, Math.round(RUN_MS / quantiles(once).median)))

    const [first, second] = [await runSteps(session, count), await runSteps(session, count)]
    const ms = quantiles([...first.times, ...second.times])
    const { liveBytes, peakBytes } = memory()
    return {
      ...base,
      status: 'ok',
      ms,
      imagesPerSecond: (1000 * c.batch) / ms.median,
      firstStep,
      bytesLive: liveBytes,
      bytesPeak: peakBytes,
      noisy: differ(quantiles(first.times).median, quantiles(second.times).median),
      ...(await watched(g, session, count)),
    }
  } catch (error) {
    return { ...base, status: 'failed', error: (error as Error).message }
  }
}

/** A step's time, and the useful work of each of its launches, as workOf() counts it. */
export interface ScaledStep {
  /** ms */
  median: number
  launches: Work[]
}

/** On a fresh device. */
export async function measureScaled(g: Gpu, shape: DcganShape): Promise<ScaledStep> {
  const session = new StepSession(shape)
  await checked(session.step())
  const once = (await runSteps(session, 2)).times
  const { times } = await runSteps(
    session,
    Math.max(3, Math.min(15, Math.round(RUN_MS / quantiles(once).median))),
  )
  const { passes } = await profile(g, async () => void (await runSteps(session, 1)))
  const dispatches = passes.flatMap((pass) => pass.dispatches)
  const launches = dispatches.map(workOf)
  const unknown = dispatches.find((_, i) => !launches[i].counted)
  if (unknown)
    throw new Error(`nothing counts the FLOPs of ${unknown.kernel}: src/engine/profiling/work.ts should`)
  return { median: quantiles(times).median, launches }
}

/** Steps apart from those above, watched: watching costs a little. */
async function watched(g: Gpu, session: StepSession, count: number): Promise<Partial<StepResult>> {
  let recordMs = 0
  const { passes, submits } = await profile(g, async () => {
    ;({ recordMs } = await runSteps(session, count))
  })
  const encodeMs = submits.reduce((total, { begin, end }) => total + end - begin, 0)
  const dispatches = passes.reduce((total, pass) => total + pass.dispatches.length, 0)
  return {
    dispatches: dispatches / count,
    submits: submits.length / count,
    cpuPerDispatch: (1000 * recordMs) / dispatches,
    encodePerDispatch: (1000 * encodeMs) / dispatches,
    ...(passes[0].begin !== undefined && { gpuBusy: gpuTime(passes, 0) / spanOf(passes) }),
  }
}

interface StepTimes {
  /** From one step's losses to the next's, ms. */
  times: number[]
  /** Spent in JavaScript, ms of all steps. */
  recordMs: number
}

async function runSteps(session: StepSession, count: number): Promise<StepTimes> {
  const arrivals = [performance.now()]
  const pending: Promise<void>[] = []
  let recordMs = 0
  for (let i = 0; i < count; i++) {
    const before = performance.now()
    const losses = session.step()
    recordMs += performance.now() - before
    const arrival = checked(losses).then(() => void arrivals.push(performance.now()))
    arrival.catch(() => {}) // thrown when its turn comes
    pending.push(arrival)
    if (pending.length > IN_FLIGHT) await pending.shift()
  }
  await Promise.all(pending)
  return { times: arrivals.slice(1).map((t, i) => t - arrivals[i]), recordMs }
}

/** Rejects unless the losses are numbers: a step that trains nothing has no time. */
async function checked(losses: Promise<Float32Array>): Promise<void> {
  const found = await losses
  if (!found.every(Number.isFinite)) throw new Error(`the losses are ${found.join(' and ')}`)
}
