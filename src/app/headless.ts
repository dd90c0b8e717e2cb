/**
 * What `npm run train` and `npm run sample` run in headless Chrome. Files come and go by HTTP (see
 * scripts/headless.ts); what happens meanwhile is told through `ganvasReport`.
 */
import { adapterName, DataError, type InitOptions, init, seed } from '../engine/index.ts'
import { parseIdx, tile } from '../models/data.ts'
import type { ImageSize } from '../models/model.ts'
import { type LogLine, type TrainOptions, train } from '../models/train.ts'
import { type Config, configOf, Trainer } from '../models/trainer.ts'
import { answer } from './commands.ts'
import { drawLosses, lightTheme, toPng } from './draw.ts'

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
  /** Name of the data set, for messages. */
  data: string
  /** Continue from the checkpoint that is served, with the log so far. */
  resume: { file: string; log: LogLine[] } | undefined
}

export interface SampleRequest {
  /** Name of the checkpoint, for messages. */
  file: string
  count: number
  seed: number
  /** Pictures side by side, or the values as they are. */
  as: 'png' | 'values'
}

const SCALE = 3
/** Columns of the grid of a run's samples. */
const COLUMNS = 8
const CHART = { width: 900, height: 480 }
/** Images made at once. A latent depends on the seed and its place only, whatever the count. */
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
    const images = parseIdx(await get('data'), request.data)
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
        images,
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
          async onSamples(at, values) {
            const name = `samples/step-${String(at).padStart(6, '0')}.png`
            await send(name, await toPng(tile(values, images, COLUMNS), SCALE))
          },
          async onCheckpoint(at, file) {
            await reported
            await sendLosses()
            await send('checkpoint.safetensors', file)
            step = at
          },
          onNotice: (text) => report({ kind: 'notice', text }),
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
    const file = await get('checkpoint')
    const { step: _, ...config } = configOf(file, request.file)
    const values = await sampleValues(file, config, request)
    const { size, channels } = config.image
    const columns = Math.ceil(Math.sqrt(request.count))
    await send(
      'samples',
      request.as === 'png' ? await toPng(tile(values, config.image, columns), SCALE) : values,
    )
    return { shape: [request.count, size, size, channels] }
  },
}
export type Commands = typeof commands

async function sampleValues(
  file: Uint8Array,
  config: Config,
  { file: name, count, seed: from }: SampleRequest,
): Promise<Float32Array<ArrayBuffer>> {
  const trainer = new Trainer(config)
  try {
    trainer.restore(file, name)
    seed(from)
    const perImage = pixels(config.image)
    const values = new Float32Array(count * perImage)
    for (let done = 0; done < count; done += CHUNK) {
      // Always whole chunks: an image must not depend on how many were asked for.
      const chunk = await trainer.sample(CHUNK)
      values.set(chunk.subarray(0, (count - done) * perImage), done * perImage)
    }
    return values
  } finally {
    trainer.dispose()
  }
}

const pixels = ({ size, channels }: ImageSize): number => size * size * channels

async function chart(lines: readonly LogLine[], metrics: readonly string[]): Promise<Blob> {
  const canvas = new OffscreenCanvas(CHART.width * 2, CHART.height * 2)
  const ctx = canvas.getContext('2d')
  if (!ctx) throw new Error('losses.png: this browser gave no 2D canvas')
  ctx.scale(2, 2)
  drawLosses(ctx, CHART, lines, metrics, lightTheme)
  return canvas.convertToBlob({ type: 'image/png' })
}

async function get(name: string): Promise<Uint8Array> {
  const response = await fetch(name)
  if (!response.ok) throw new DataError(`${name}: ${await response.text()}`)
  return new Uint8Array(await response.arrayBuffer())
}

async function send(name: string, content: Blob | Uint8Array | Float32Array): Promise<void> {
  const response = await fetch(name, { method: 'POST', body: content as BodyInit })
  if (!response.ok) throw new Error(await response.text())
}

answer(commands, () => {
  stopped = true
})
