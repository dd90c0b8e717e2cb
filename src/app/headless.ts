/**
 * What `npm run train` and `npm run sample` run in headless Chrome. Files come and go by HTTP (see
 * scripts/headless.ts); what happens meanwhile is told through `ganvasReport`.
 */
import { adapterName, DataError, type InitOptions, init, seed } from '../engine/index.ts'
import { isToy, parseIdx, sampleSize, ToyTable } from '../models/data.ts'
import { shapeOf } from '../models/model.ts'
import { scorePoints, type ToyScores } from '../models/toyMetrics.ts'
import { type ToyName, toyOf } from '../models/toys.ts'
import { type LogLine, type TrainOptions, train } from '../models/train.ts'
import { configOf, Trainer } from '../models/trainer.ts'
import { answer, get } from './commands.ts'
import { onProfile, onRecord } from './debug.ts'
import { context, drawLosses, lightTheme } from './draw.ts'
import { drawLatents, type LatentKind } from './latent.ts'
import { drawSnapshot, toPng } from './picture.ts'

export type AdapterChoice = NonNullable<InitOptions['adapter']>

export interface Adapter {
  name: string
  software: boolean
  vendor: string
  architecture: string
  device: string
  description: string
}

export type Report =
  | { kind: 'start'; step: number }
  | { kind: 'log'; line: LogLine }
  | { kind: 'notice'; text: string }

export interface TrainRequest {
  options: Omit<TrainOptions, 'resume'>
  /** From 2, a table of the kernels of an early step is among the notices. */
  debug: number
  /** A toy distribution, or the name of the images that are served, for messages. */
  data: { toy: ToyName } | { images: string }
  /** Continue from the checkpoint that is served, with the log so far. */
  resume: { file: string; log: LogLine[] } | undefined
}

/** Samples of the checkpoint that is served. */
export interface Draw {
  /** Its name, for messages. */
  file: string
  count: number
  seed: number
}

export interface SampleRequest extends Draw {
  /** Pictures side by side, or the values as they are. */
  as: 'png' | 'values'
}

export interface LatentRequest extends Omit<Draw, 'count'> {
  kind: LatentKind
}

const CHART = { width: 900, height: 620 }
/** Samples made at once. A latent depends on the seed and its place only, whatever the count. */
const CHUNK = 256

let stopped = false

const commands = {
  async describe({ adapter }: { adapter: AdapterChoice }): Promise<Adapter> {
    const g = await init({ adapter })
    const { vendor, architecture, device, description } = g.info
    return { name: adapterName(g), software: g.isSoftware, vendor, architecture, device, description }
  },

  /** Trains; the last step is returned. */
  async train(request: TrainRequest): Promise<{ step: number }> {
    const data = 'toy' in request.data ? request.data : parseIdx(await get('data'), request.data.images)
    const resume = request.resume && (await get('checkpoint'))
    let lines = request.resume?.log ?? []
    let metrics: readonly string[] = []
    let step = 0
    // One after the other, so that they arrive in order; awaited before a checkpoint, so that the log is not behind it.
    let reported = Promise.resolve()
    const report = (event: Report): void => {
      reported = reported.then(() => window.ganvasReport(event))
    }
    const sendLosses = async (): Promise<void> => send('losses.png', await chart(lines, metrics))
    try {
      await train(
        data,
        { ...request.options, resume },
        {
          gate: async () => !stopped,
          onStart(info) {
            ;({ metrics, step } = info)
            lines = lines.filter((line) => line.step <= info.step)
            report({ kind: 'start', step: info.step })
          },
          onLog(line) {
            lines.push(line)
            report({ kind: 'log', line })
          },
          async onSamples(at, snapshot) {
            const name = `samples/step-${String(at).padStart(6, '0')}.png`
            await send(name, await toPng(drawSnapshot(request.options.config.data, snapshot)))
          },
          async onCheckpoint(at, file) {
            await reported
            await sendLosses()
            await send('checkpoint.safetensors', file)
            step = at
          },
          onNotice: (text) => report({ kind: 'notice', text }),
          onRecord: onRecord(request.debug, (text) => report({ kind: 'notice', text })),
          onProfile: onProfile(request.debug, (text) => report({ kind: 'notice', text })),
        },
      )
    } catch (error) {
      // The chart shows best what went wrong; if it cannot be made, the error matters more.
      await reported.then(sendLosses).catch(() => {})
      throw error
    }
    await reported
    return { step }
  },

  /** Sends `samples`: a PNG or raw values of this shape. */
  async sample(request: SampleRequest): Promise<{ shape: number[] }> {
    return withSamples(request, async (trainer, samples) => {
      const { data } = trainer.config
      const columns = Math.ceil(Math.sqrt(request.count))
      const picture = async () => drawSnapshot(data, { ...(await trainer.snapshot()), samples }, columns)
      await send('samples', request.as === 'png' ? await toPng(await picture()) : samples)
      return { shape: [request.count, ...shapeOf(sampleSize(data))] }
    })
  },

  /** Sends `sheet`, a PNG of what the latents of a StyleGAN do. */
  async latent({ kind, file, seed: from }: LatentRequest): Promise<void> {
    await withTrainer(file, async (trainer) => {
      const sheet = await drawLatents(kind, trainer, from)
      await send('sheet', await sheet.convertToBlob({ type: 'image/png' }))
    })
  },

  /** Scores of generated points, and of as many real ones. Throws DataError for a model of images. */
  async evaluate(request: Draw): Promise<Record<'generated' | 'real', ToyScores>> {
    return withSamples(request, async ({ config: { data } }, samples) => {
      if (!isToy(data)) throw new DataError(`${request.file}: makes images; only points can be evaluated`)
      const toy = toyOf(data.toy)
      const table = new ToyTable(toy)
      const points = table.batch(request.count)
      const real = await points.data()
      points.dispose()
      table.dispose()
      return { generated: scorePoints(toy, samples), real: scorePoints(toy, real) }
    })
  },
}
export type Commands = typeof commands

/** Runs `body` with the trainer of the checkpoint that is served, which messages call `name`. */
async function withTrainer<T>(name: string, body: (trainer: Trainer) => Promise<T>): Promise<T> {
  const file = await get('checkpoint')
  const { step: _, ...config } = configOf(file, name)
  const trainer = new Trainer(config)
  try {
    trainer.restore(file, name)
    return await body(trainer)
  } finally {
    trainer.dispose()
  }
}

/** Runs `body` with samples [count, ...], too. */
const withSamples = <T>(
  { file, count, seed: from }: Draw,
  body: (trainer: Trainer, samples: Float32Array<ArrayBuffer>) => Promise<T>,
): Promise<T> =>
  withTrainer(file, async (trainer) => {
    seed(from)
    const perSample = shapeOf(sampleSize(trainer.config.data)).reduce((a, b) => a * b)
    const samples = new Float32Array(count * perSample)
    for (let done = 0; done < count; done += CHUNK) {
      // Always whole chunks: a sample must not depend on how many were asked for.
      const chunk = await trainer.sample(CHUNK)
      samples.set(chunk.subarray(0, (count - done) * perSample), done * perSample)
    }
    return body(trainer, samples)
  })

async function chart(lines: readonly LogLine[], metrics: readonly string[]): Promise<Blob> {
  const canvas = new OffscreenCanvas(CHART.width * 2, CHART.height * 2)
  const ctx = context(canvas)
  ctx.scale(2, 2)
  drawLosses(ctx, CHART, lines, metrics, lightTheme)
  return canvas.convertToBlob({ type: 'image/png' })
}

async function send(name: string, content: Blob | Uint8Array | Float32Array): Promise<void> {
  const response = await fetch(name, { method: 'POST', body: content as BodyInit })
  if (!response.ok) throw new Error(await response.text())
}

answer(commands, () => {
  stopped = true
})
