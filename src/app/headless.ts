/**
 * What `npm run train` and `npm run sample` run in headless Chrome. Files come and go by HTTP (see
 * scripts/headless.ts); what happens meanwhile is told through `ganvasReport`.
 */
import {
  adapterName,
  type InitOptions,
  init,
  seed,
  type TunedTable,
  type TuneProgress,
  type TuneResult,
  tuned,
} from '../engine/index.ts'
import { shapeOf } from '../models/data/fields.ts'
import type { DataName } from '../models/data/open.ts'
import { type LogLine, type TrainOptions, train } from '../models/training/train.ts'
import type { Config } from '../models/training/trainer.ts'
import { tuneSteps } from '../models/training/tuneSteps.ts'
import { sheetOf } from '../models/training/views.ts'
import { chosenOf, type Draw, samplesOf, withTrainer } from './checkpoint.ts'
import { answer, get, send } from './commands.ts'
import { applyDebug, memoryLines, onProfile, onRecord } from './debug.ts'
import { context, drawLosses, type Kinds, lightTheme } from './draw.ts'
import { evaluation } from './evaluation.ts'
import { History } from './history.ts'
import { latents } from './latents/index.ts'
import { meterOf } from './meter.ts'
import { drawSnapshot, toPng } from './picture.ts'
import type { Report } from './report.ts'
import { served } from './served.ts'
import { torch } from './torch.ts'
import { setTuned } from './tuned.ts'

export type { Report }

export type AdapterChoice = NonNullable<InitOptions['adapter']>

export interface Adapter {
  name: string
  software: boolean
  vendor: string
  architecture: string
  device: string
  description: string
}

export interface TrainRequest {
  options: Omit<TrainOptions, 'resume'>
  /** See debug.ts. */
  debug: number
  data: DataName
  /** Of a run whose samples are scored: whether the classifier of digits is served. */
  hasClassifier: boolean
  /** Continue from the checkpoint that is served, with the log so far. */
  resume: { file: string; log: LogLine[] } | undefined
}

export interface TuneRequest {
  config: Config
  data: DataName
  seconds: number
  force: boolean
}

export interface SampleRequest extends Omit<Draw, 'count'> {
  /** As many as the view's sheet has if left out. */
  count?: number
  /** Pictures side by side, or the values as they are. */
  as: 'png' | 'values'
}

const CHART = { width: 900, height: 620 }

let stopped = false

const commands = {
  async describe({ adapter }: { adapter: AdapterChoice }): Promise<Adapter> {
    const g = await init({ adapter })
    const { vendor, architecture, device, description } = g.info
    return { name: adapterName(g), software: g.isSoftware, vendor, architecture, device, description }
  },

  setTuned,

  /** Searches for the fastest kernels of training steps; the table that it ends with comes along. */
  async tune(request: TuneRequest): Promise<TuneResult & { table: TunedTable }> {
    const { config, seconds, force } = request
    let last = performance.now()
    const onProgress = ({ done, total }: TuneProgress): void => {
      const ms = performance.now() - last
      last += ms
      void window.ganvasReport({ kind: 'progress', what: 'tuning', steps: total, line: { step: done, ms } })
    }
    const result = await tuneSteps(await served(request.data), config, { seconds, force, onProgress })
    return { ...result, table: tuned() }
  },

  /** Trains; the last step is returned. */
  async train(request: TrainRequest): Promise<{ step: number }> {
    const data = await served(request.data)
    const resume = request.resume && (await get('checkpoint'))
    const { metricsEvery, config, adapter } = request.options
    if (metricsEvery) await init({ adapter })
    const meter = metricsEvery
      ? await meterOf(Object.values(config.fields)[0], request.hasClassifier)
      : undefined
    const history = new History(request.resume?.log)
    let metrics: Kinds = {}
    let step = 0
    // One after the other, so that they arrive in order; awaited before a checkpoint, so that the log is not behind it.
    let reported = Promise.resolve()
    const report = (event: Report): void => {
      reported = reported.then(() => window.ganvasReport(event))
      reported.catch(() => {}) // a full disk, say: told when it is awaited
    }
    const sendLosses = async (): Promise<void> => send('losses.png', await chart(history.lines, metrics))
    applyDebug(request.debug)
    try {
      await train(
        data,
        { ...request.options, resume },
        {
          gate: async () => !stopped,
          onStart(info) {
            ;({ metrics, step } = info)
            history.rewind(info.step)
            report({ kind: 'start', step: info.step })
          },
          onLog(line) {
            history.add([line])
            report({ kind: 'log', line })
          },
          async onSamples(at, snapshot, shown) {
            const name = `samples/step-${String(at).padStart(6, '0')}.png`
            await send(name, await toPng(drawSnapshot(shown, snapshot)))
            for (const text of memoryLines(request.debug, at)) report({ kind: 'notice', text })
          },
          async onMetrics(trainer) {
            if (meter) report({ kind: 'metrics', line: await meter(trainer) })
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
    const { file, seed: from, view: name, label } = request
    return withTrainer(file, async (trainer) => {
      const view = trainer.view(name)
      const sheet = sheetOf(view)
      const { count = sheet.count } = request
      const across = request.count ? Math.ceil(Math.sqrt(count)) : sheet.columns
      const chosen = chosenOf(view, label)
      seed(from)
      const samples = await samplesOf(trainer, count, { view: name, chosen })
      const picture = async () => {
        const { plane } = await trainer.snapshot({ view: name })
        return drawSnapshot(view, { columns: [samples], plane }, across)
      }
      await send('samples', request.as === 'png' ? await toPng(await picture()) : samples)
      return { shape: [count, ...shapeOf(view.shows)] }
    })
  },

  ...evaluation,
  ...latents,
  ...torch,
}
export type Commands = typeof commands

async function chart(lines: readonly LogLine[], metrics: Kinds): Promise<Blob> {
  const canvas = new OffscreenCanvas(CHART.width * 2, CHART.height * 2)
  const ctx = context(canvas)
  ctx.scale(2, 2)
  drawLosses(ctx, CHART, lines, metrics, lightTheme)
  return canvas.convertToBlob({ type: 'image/png' })
}

answer(commands, () => {
  stopped = true
})
