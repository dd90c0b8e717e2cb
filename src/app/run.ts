/**
 * One run of training as the page needs it: in stretches, each ended by a checkpoint that the next one starts from.
 * So a pause, a single step, a saved file and a change of rhythm are all the same thing, and none changes a bit.
 */
import { memory } from '../engine/index.ts'
import { type DataSet, fieldsOf } from '../models/data/dataSet.ts'
import { type Field, isImage, isPoints } from '../models/data/fields.ts'
import { toyOf } from '../models/data/toys.ts'
import type { View } from '../models/family.ts'
import { Failures } from '../models/training/failures.ts'
import { type LogLine, train } from '../models/training/train.ts'
import { type Config, Trainer } from '../models/training/trainer.ts'
import { sheetOf } from '../models/training/views.ts'
import { settingsOf } from './config.ts'
import { applyDebug, onProfile, onRecord } from './debug.ts'
import { grouped } from './dom.ts'
import { draw, type Look, type View as LookView, looksOf } from './latents/looks.ts'
import { drawSnapshot, type Picture } from './picture.ts'
import type { Frame, Report } from './protocol.ts'

const REPORT_MS = 100
const CHECKPOINT_EVERY = 250
/** Whole fractions of 50, so that there is a picture of every such step to look back at. */
const SAMPLE_EVERY = [1, 2, 5, 10, 25, 50]

interface Rhythm {
  logEvery: number
  sampleEvery: number
}

export interface Checkpoint {
  step: number
  file: Uint8Array<ArrayBuffer>
}

export class Run {
  /** Steps taken or on their way. */
  private step = 0
  private lines: LogLine[] = []
  private lastReport = 0
  private isShown = false
  /** What the latest logged steps took. */
  private durations: number[] = []
  private readonly failures = new Failures()
  private isProfiled = false
  /** The classes to show; all of them where nothing is chosen. */
  chosen: Readonly<Record<string, number>> = {}

  constructor(
    readonly data: DataSet,
    readonly config: Config,
    /** Reports to the page. */
    private readonly post: (report: Report, transfer?: Transferable[]) => void,
    /** Time between two sample grids. */
    private readonly frameMs: number,
    /** The last checkpoint; none at step 0. */
    public saved?: Checkpoint,
  ) {
    this.step = saved?.step ?? 0
  }

  /** Shows where the run is. */
  async show(): Promise<void> {
    await this.stretch(this.step, { logEvery: 1, sampleEvery: Number.POSITIVE_INFINITY }, () => false)
  }

  async single(): Promise<void> {
    const steps = this.step + 1
    await this.stretch(steps, { logEvery: 1, sampleEvery: Number.POSITIVE_INFINITY }, () => true)
  }

  /** Trains until `isInterrupted`, which is asked before every step. */
  async play(isInterrupted: () => boolean): Promise<void> {
    while (!isInterrupted()) {
      const rhythm = this.rhythm()
      this.durations = []
      await this.stretch(undefined, rhythm, () => !isInterrupted() && !this.isOutOf(rhythm))
    }
  }

  /** Shows something of the generator as it is. */
  async look(look: Look, view: Omit<LookView, 'show' | 'chosen'>, target?: File): Promise<void> {
    const show = (picture: Picture, about: string): void => {
      const frame = frameOf(picture)
      this.post({ type: 'passing', look, frame, about }, [frame.picture])
    }
    const trainer = new Trainer(this.config)
    try {
      if (this.saved) trainer.restore(this.saved.file)
      await draw(look, trainer, { ...view, show, chosen: () => Object.values(this.chosen)[0] ?? 0 }, target)
    } finally {
      trainer.dispose()
    }
  }

  private async stretch(steps: number | undefined, rhythm: Rhythm, goOn: () => boolean): Promise<void> {
    const options = {
      config: this.config,
      steps,
      checkpointEvery: CHECKPOINT_EVERY,
      resume: this.saved?.file,
      failures: this.failures,
      chosen: () => this.chosen,
    }
    applyDebug(Number(self.name))
    try {
      await train(
        this.data,
        { ...options, ...rhythm },
        {
          onStart: ({ step, metrics, trainer }) => {
            this.step = step
            this.lines = []
            const isNew = !this.isShown
            this.isShown = true
            const settings = settingsOf(this.config)
            const looks = looksOf(trainer.model)
            const view = trainer.view()
            const shared = { ...describe(this.data, view), classes: classesOf(view) }
            this.post({ type: 'run', isNew, step, settings, metrics, looks, ...shared })
          },
          onLog: (line) => {
            this.lines.push(line)
            this.durations = [...this.durations, line.ms].slice(-7)
          },
          onSamples: (step, snapshot, view) => {
            const frame = frameOf(drawSnapshot(view, snapshot))
            this.report()
            this.post({ type: 'frame', step, frame }, [frame.picture])
          },
          onCheckpoint: (step, file) => {
            this.saved = { step, file: file as Uint8Array<ArrayBuffer> }
          },
          onNotice: (message) => this.post({ type: 'notice', message }),
          onRecord: onRecord(Number(self.name), this.tell),
          onProfile: this.isProfiled ? undefined : onProfile(Number(self.name), this.tell),
          gate: async (step) => {
            this.step = step
            if (performance.now() - this.lastReport > REPORT_MS) this.report()
            return goOn()
          },
        },
      )
      this.step = this.saved?.step ?? 0
      this.report()
    } catch (error) {
      this.report()
      this.step = this.saved?.step ?? 0
      throw error
    }
  }

  private readonly tell = (table: string): void => {
    this.isProfiled = true
    console.log(table)
  }

  private report(): void {
    this.lastReport = performance.now()
    this.post({ type: 'progress', step: this.step, lines: this.lines, bytes: bytesInUse() })
    this.lines = []
  }

  /** Milliseconds of a usual step: the median, since one that compiles or draws takes longer. */
  private get pace(): number | undefined {
    const sorted = [...this.durations].sort((a, b) => a - b)
    return sorted.length < 3 ? undefined : sorted[sorted.length >> 1]
  }

  private rhythm(): Rhythm {
    const { pace } = this
    if (pace === undefined) return { logEvery: 1, sampleEvery: 5 }
    const affordable = SAMPLE_EVERY.filter((steps) => steps === 1 || steps * pace <= this.frameMs)
    return { logEvery: pace < 30 ? 5 : 1, sampleEvery: affordable.at(-1) ?? 1 }
  }

  /** Whether another rhythm would be much better; a little is not worth the checkpoint in between. */
  private isOutOf({ sampleEvery }: Rhythm): boolean {
    if (this.pace === undefined) return false
    const ratio = this.rhythm().sampleEvery / sampleEvery
    return ratio > 2.5 || ratio < 0.4
  }
}

/** Ready to be sent: the picture can be transferred. */
const frameOf = ({ canvas, scale, corner }: Picture): Frame => ({
  picture: canvas.transferToImageBitmap(),
  scale,
  corner,
})

/** The data set, and what is shown of a run on it, for people. */
function describe(set: DataSet, view: View): { data: string; shown: string } {
  const { count } = sheetOf(view)
  const [first, ...others] = Object.values(fieldsOf(set))
  if (isPoints(first)) return { data: toyOf(first.toy).about, shown: `${grouped(count)} points` }
  const words = [imageWords(set, first), ...others.map(labelWords)].filter((text) => text)
  return { data: words.join(', '), shown: `${count} images` }
}

function imageWords({ name, count }: DataSet, field: Field): string {
  if (!isImage(field)) return name
  const { size, channels, stacked } = field
  const kind = stacked ? 'three to a sample' : channels === 1 ? 'grey' : `${channels} channels`
  return `${name}, ${grouped(count)} images of ${size} × ${size}, ${kind}`
}

const labelWords = (field: Field): string =>
  field.kind === 'label' ? `labels of ${field.classes.length} classes` : ''

/** What samples of a view may be asked for by. */
const classesOf = ({ latents }: View): Record<string, readonly string[]> =>
  Object.fromEntries(
    Object.entries(latents).flatMap(([name, latent]) =>
      latent.kind === 'class' ? [[name, latent.classes] as const] : [],
    ),
  )

function bytesInUse(): number {
  try {
    const { liveBytes, pooledBytes, readbackBytes } = memory()
    return liveBytes + pooledBytes + readbackBytes
  } catch {
    return 0 // between two devices
  }
}
