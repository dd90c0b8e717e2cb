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
import { Log, type LogLine } from './log.ts'
import { type Config, type Snapshot, Trainer } from './trainer.ts'
import { sheetOf } from './views.ts'

export type { LogLine }

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

/** Losing the device this often without getting any further in between is not bad luck. */
const MAX_LOSSES = 3
/** Steps from one state to the next that is kept in memory, once a device was lost: what is done then stays done. */
const KEEP_EVERY = 100
/** Steps before one is profiled: they record, and compile. */
const WARM_UP = 2
/** Steps that are repeated at most to find where a number was lost. */
const MAX_REPEATED = 1000
/** What a GPU process needs to come back. */
const RECOVERY_MS = 300

/**
 * Trains until `steps`, or until the gate says stop; a last checkpoint is saved either way. A lost device is opened
 * anew and training goes on from the last state that was kept. Throws NumericError when a metric or a sample is no
 * longer finite, saying in which op that began, and keeping the last good checkpoint; DeviceLostError when the device
 * is lost again and again and training gets no further.
 */
export async function train(data: DataSet, options: TrainOptions, events: TrainEvents = {}): Promise<void> {
  const failures = options.failures ?? new Failures()
  let kept = options.resume
  const keep = (file: Uint8Array): void => {
    kept = file
  }
  for (let losses = 0, furthest = -1; ; ) {
    const from = kept
    const keepEvery = losses ? KEEP_EVERY : undefined
    const session: Session = {
      data,
      options: { ...options, resume: from, failures },
      events,
      keep,
      keepEvery,
      reached: 0,
    }
    try {
      await init({ adapter: options.adapter })
      await withTrainer(session, (trainer, source) => runSteps(trainer, source, session))
      return
    } catch (error) {
      if (error instanceof NumericError)
        throw await located(error, { ...session, options: { ...session.options, resume: kept } }).catch(
          () => error,
        )
      if (!(error instanceof DeviceLostError)) throw error
      const isFurther = session.reached > furthest || kept !== from
      losses = isFurther ? 1 : losses + 1
      furthest = Math.max(furthest, session.reached)
      if (losses >= MAX_LOSSES) throw error
      events.onNotice?.(
        `The GPU device was lost: training starts again from ${kept ? 'the last checkpoint' : 'the beginning'}.`,
      )
      await new Promise((resolve) => setTimeout(resolve, RECOVERY_MS))
    }
  }
}

interface Session {
  data: DataSet
  options: TrainOptions & { failures: Failures }
  events: TrainEvents
  /** Takes a state to go on from. */
  keep(file: Uint8Array): void
  /** Steps from one such state to the next; at checkpoints only if left out. */
  keepEvery?: number
  /** Steps known to be done. */
  reached: number
  /** Steps done when samples were last drawn, if they have not arrived. */
  drawing?: number
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
    const found = (op: string, where: string): NumericError =>
      new NumericError(`${error.message}. It first appeared in ${op}, ${where} step ${trainer.step}.`)
    for (let left = MAX_REPEATED; left > 0; left--) {
      const drawn = trainer.step === session.drawing && (await culprit(() => trainer.snapshot({ source })))
      if (drawn) return found(drawn, 'in the samples after')
      if (trainer.step >= session.reached) break
      const op = await culprit(() => trainer.advance(source))
      if (op) return found(op, 'at')
    }
    return error
  })
}

/** The first op of what `start` launches to write a number that is not finite, if any does. Waits for its read, too. */
async function culprit(start: () => Promise<unknown>): Promise<string | undefined> {
  let read: Promise<unknown> | undefined
  const search = firstNonFinite(() => {
    read = start()
  })
  const [op] = await Promise.allSettled([search, read]) // what is read may well be refused for that number
  if (op.status === 'rejected') throw op.reason
  return op.value
}

async function runSteps(trainer: Trainer, source: Source, session: Session): Promise<void> {
  const { data, options, events, keepEvery } = session
  const {
    steps = Number.POSITIVE_INFINITY,
    logEvery,
    sampleEvery,
    metricsEvery,
    checkpointEvery,
    failures,
  } = options
  events.onStart?.({ adapter: adapterName(gpu()), step: trainer.step, trainer, metrics: trainer.kinds })
  const onLine = (line: LogLine): void => {
    events.onLog?.(line)
    for (const text of failures.ofLine(line, trainer.kinds)) events.onNotice?.(text)
  }
  const onStep = (step: number): void => {
    session.reached = step
  }
  const log = new Log(trainer, onStep, onLine)
  const { shown, dataSpread } = spreadsOf(trainer, data)
  const sample = async (): Promise<void> => {
    const { step } = trainer
    session.drawing = step
    const read = trainer.snapshot({ source, chosen: options.chosen?.() })
    read.catch(() => {}) // the steps before it tell first if something is wrong
    await log.settle()
    const snapshot = await read
    session.drawing = undefined
    await events.onSamples?.(step, snapshot, trainer.view())
    for (const text of failures.ofSamples(step, spread(snapshot.columns[0], shown), dataSpread))
      events.onNotice?.(text)
  }
  const keep = async (): Promise<Uint8Array> => {
    await log.settle()
    const file = await trainer.checkpoint()
    session.keep(file)
    return file
  }
  const save = async (): Promise<void> => {
    const { step } = trainer
    await events.onCheckpoint?.(step, await keep())
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
    else if (keepEvery && trainer.step % keepEvery === 0) await keep()
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
/** How many samples are shown, and how much the data vary that they should look like. */
function spreadsOf(trainer: Trainer, data: DataSet): { shown: number; dataSpread: number } {
  const view = trainer.view()
  const column = Object.values(data.columns).find(({ field }) => field.kind === view.shows.kind)
  return { shown: sheetOf(view).count, dataSpread: column ? spreadOf(column) : 0 }
}
