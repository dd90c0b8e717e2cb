/** The training loop, the same for every model, on the page and in headless Chrome. */
import {
  adapterName,
  DeviceLostError,
  firstNonFinite,
  gpu,
  type InitOptions,
  init,
  NumericError,
  type ProfileResult,
  profile,
} from '../../engine/index.ts'
import { type DataSet, spread, spreadOf } from '../data/dataSet.ts'
import type { Source } from '../data/source.ts'
import { apart, type MetricKind, type View } from '../family.ts'
import { sourceOf } from '../index.ts'
import { Failures } from './failures.ts'
import { type Config, type Snapshot, sheetOf, Trainer } from './trainer.ts'

export interface LogLine {
  step: number
  /** Wall time of the step, averaged since the line before. */
  ms: number
  /** The model's metrics by name. */
  [metric: string]: number
}

export interface TrainOptions {
  config: Config
  /** Train until this step; forever if left out. */
  steps?: number
  /** A line of the log every so many steps. */
  logEvery: number
  sampleEvery: number
  /** Also at the end; 0 for never. */
  checkpointEvery: number
  /** Steps from one scoring of samples to the next; never if left out. */
  metricsEvery?: number
  /** Continue from this file. */
  resume?: Uint8Array
  adapter?: InitOptions['adapter']
  /** The classes to show, asked for every snapshot; all of them if left out. */
  chosen?: () => Readonly<Record<string, number>>
  /** What was said of this run before, where it is trained in stretches. */
  failures?: Failures
}

export interface TrainEvents {
  /** Before the first step, and again when training restarts on a new device. */
  onStart?(info: {
    adapter: string
    step: number
    trainer: Trainer
    metrics: Readonly<Record<string, MetricKind>>
  }): void
  onLog?(line: LogLine): void
  /** What there is to see after `step` steps. */
  onSamples?(step: number, snapshot: Snapshot, view: View): void | Promise<void>
  /** Where samples are scored: what it draws from the trainer, training does not notice. */
  onMetrics?(trainer: Trainer): Promise<void>
  onCheckpoint?(step: number, file: Uint8Array): void | Promise<void>
  /** Something a person should know, in a sentence. */
  onNotice?(text: string): void
  /** If given, the third step has a timestamp around every dispatch, which makes it slower. */
  onProfile?(profile: ProfileResult): void
  /** A step was recorded, to be replayed from then on: of which variant, with how many launches. */
  onRecord?(variant: string, launches: number): void
  /** Awaited before every step: where a page pauses. Resolves to false to stop. */
  gate?(step: number): Promise<boolean>
}

/** Steps that the GPU may still be at while the next is recorded: enough to keep it busy, few enough to stop soon. */
const IN_FLIGHT = 2
/** Losing the device this often without a step in between is not bad luck. */
const MAX_LOSSES = 3
/** Steps before one is profiled: they record, and compile. */
const WARM_UP = 2
/** Steps that are repeated at most to find where a number was lost. */
const MAX_REPEATED = 1000
/** What a GPU process needs to come back. */
const RECOVERY_MS = 300

/**
 * Trains until `steps`, or until the gate says stop; a last checkpoint is saved either way. A lost device is opened
 * anew and training goes on from the last checkpoint. Throws NumericError when a metric is no longer finite, saying in
 * which op of which step that began, and keeping the last good checkpoint.
 */
export async function train(data: DataSet, options: TrainOptions, events: TrainEvents = {}): Promise<void> {
  let resume = options.resume
  const failures = options.failures ?? new Failures()
  const keep: TrainEvents = {
    ...events,
    onCheckpoint: (step, file) => {
      resume = file
      return events.onCheckpoint?.(step, file)
    },
  }
  for (let losses = 0, furthest = -1; ; ) {
    const session: Session = { data, options: { ...options, resume, failures }, events: keep, reached: 0 }
    try {
      await init({ adapter: options.adapter })
      await withTrainer(session, (trainer, source) => runSteps(trainer, source, session))
      return
    } catch (error) {
      if (error instanceof NumericError)
        throw await located(error, { ...session, options: { ...session.options, resume } })
      if (!(error instanceof DeviceLostError)) throw error
      losses = session.reached > furthest ? 1 : losses + 1
      furthest = Math.max(furthest, session.reached)
      if (losses >= MAX_LOSSES) throw error
      const from = resume ? 'the last checkpoint' : 'the beginning'
      events.onNotice?.(`The GPU device was lost: training starts again from ${from}.`)
      await new Promise((resolve) => setTimeout(resolve, RECOVERY_MS))
    }
  }
}

interface Session {
  data: DataSet
  options: TrainOptions & { failures: Failures }
  events: TrainEvents
  /** Steps known to be done. */
  reached: number
}

/** Runs `body` with the data on the device and a trainer that continues from `resume`; both are freed afterwards. */
async function withTrainer<T>(
  { data, options: { config, resume } }: Pick<Session, 'data' | 'options'>,
  body: (trainer: Trainer, source: Source) => Promise<T>,
): Promise<T> {
  const source = sourceOf(data, config)
  let trainer: Trainer | undefined
  try {
    trainer = new Trainer(config)
    if (resume) trainer.restore(resume)
    return await body(trainer, source)
  } finally {
    trainer?.dispose()
    source.dispose()
  }
}

/** Repeats the steps since the last checkpoint, whose bits are the same, to say in which op the number was lost. */
function located(error: NumericError, session: Session): Promise<NumericError> {
  session.events.onNotice?.(`${error.message}. Looking for where it came from.`)
  return withTrainer(session, async (trainer, source) => {
    for (let left = MAX_REPEATED; left > 0; left--) {
      let metrics: Promise<Float32Array> | undefined
      const op = await firstNonFinite(() => {
        metrics = trainer.advance(source)
      })
      await metrics
      if (op)
        return new NumericError(`${error.message}. It first appeared in ${op}, at step ${trainer.step}.`)
    }
    return error
  })
}

async function runSteps(trainer: Trainer, source: Source, session: Session): Promise<void> {
  const { data, options, events } = session
  const {
    steps = Number.POSITIVE_INFINITY,
    logEvery,
    sampleEvery,
    metricsEvery,
    checkpointEvery,
    failures,
  } = options
  events.onStart?.({ adapter: adapterName(gpu()), step: trainer.step, trainer, metrics: trainer.kinds })
  const log = new Log(trainer, session)
  const { shown, dataSpread } = spreadsOf(trainer, data)
  const sample = async (): Promise<void> => {
    const { step } = trainer
    const snapshot = await trainer.snapshot({ source, chosen: options.chosen?.() })
    await events.onSamples?.(step, snapshot, trainer.view())
    for (const text of failures.ofSamples(step, spread(snapshot.columns[0], shown), dataSpread))
      events.onNotice?.(text)
  }
  const save = async (): Promise<void> => {
    await log.settle()
    const { step } = trainer
    await events.onCheckpoint?.(step, await trainer.checkpoint())
    saved = step
  }
  trainer.onRecord = events.onRecord
  const profiledAt = trainer.step + WARM_UP
  let saved = trainer.step
  if (trainer.step === 0) await sample()
  while (trainer.step < steps && (await (events.gate?.(trainer.step) ?? true))) {
    const isProfiled = events.onProfile && trainer.step === profiledAt
    const metrics = isProfiled
      ? Promise.resolve(await profiled(trainer, source, events))
      : trainer.advance(source)
    await log.add(trainer.step, metrics, trainer.step % logEvery === 0 || trainer.step === steps)
    if (trainer.step % sampleEvery === 0) await sample()
    if (metricsEvery && trainer.step % metricsEvery === 0)
      await apart(async () => events.onMetrics?.(trainer))
    if (checkpointEvery && trainer.step % checkpointEvery === 0) await save()
  }
  await log.settle()
  if (trainer.step % sampleEvery !== 0) await sample()
  if (checkpointEvery && saved !== trainer.step) await save()
}

/** A step under the profiler. */
async function profiled(trainer: Trainer, source: Source, events: TrainEvents): Promise<Float32Array> {
  let metrics: Float32Array = new Float32Array()
  const step = async (): Promise<void> => {
    metrics = await trainer.advance(source)
  }
  events.onProfile?.(await profile(gpu(), step, { each: true }))
  return metrics
}

interface Pending {
  step: number
  values: Promise<Float32Array>
  arrival: Promise<number>
  /** To be reported; the others are only checked. */
  isLogged: boolean
}

/** Metrics on their way from the GPU, taken in order, at most IN_FLIGHT behind. */
class Log {
  private readonly pending: Pending[] = []
  private lastTime = performance.now()
  private lastStep: number

  constructor(
    private readonly trainer: Trainer,
    private readonly session: Session,
  ) {
    this.lastStep = trainer.step
  }

  async add(step: number, values: Promise<Float32Array>, isLogged: boolean): Promise<void> {
    const arrival = values.then(() => performance.now())
    arrival.catch(() => {}) // thrown when its turn comes
    this.pending.push({ step, values, arrival, isLogged })
    if (this.pending.length > IN_FLIGHT) await this.next()
  }

  async settle(): Promise<void> {
    while (this.pending.length) await this.next()
  }

  private async next(): Promise<void> {
    const first = this.pending.shift()
    if (!first) return
    const { step, isLogged } = first
    const [values, now] = await Promise.all([first.values, first.arrival])
    this.session.reached = step
    const { metrics } = this.trainer
    metrics.forEach((name, i) => {
      if (!Number.isFinite(values[i]))
        throw new NumericError(
          `${name} became ${values[i]} at step ${step}; a checkpoint saved before is good`,
        )
    })
    if (!isLogged) return
    const line: LogLine = { step, ms: (now - this.lastTime) / (step - this.lastStep) }
    metrics.forEach((name, i) => {
      line[name] = values[i]
    })
    this.lastTime = now
    this.lastStep = step
    const { events, options } = this.session
    events.onLog?.(line)
    for (const text of options.failures.ofLine(line, this.trainer.kinds)) events.onNotice?.(text)
  }
}

/** How many samples are shown, and how much the data vary that they should look like. */
function spreadsOf(trainer: Trainer, data: DataSet): { shown: number; dataSpread: number } {
  const view = trainer.view()
  const column = Object.values(data.columns).find(({ field }) => field.kind === view.shows.kind)
  return { shown: sheetOf(view).count, dataSpread: column ? spreadOf(column) : 0 }
}
