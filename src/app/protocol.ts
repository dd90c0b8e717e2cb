/** What the page and its worker say to each other. */
import type { MetricKind } from '../models/family.ts'
import type { LogLine } from '../models/training/train.ts'
import type { Look } from './latents/looks.ts'
import type { Choices, Settings } from './state.ts'

/** An IDX file, perhaps gzipped: to be fetched, perhaps with labels, or the user's own. */
export type Source = { url: string; labels?: string } | { name: string; file: ArrayBuffer }

/** The worker obeys in order; a command ends the `play` or `look` before it. */
export type Command =
  /** A new run at step 0; `source` are other images than those in use. */
  | { type: 'reset'; settings: Settings; source?: Source }
  /** The run of a checkpoint, where it was saved. */
  | { type: 'load'; name: string; file: ArrayBuffer }
  | { type: 'play' }
  | { type: 'pause' }
  | { type: 'step' }
  /** Shows something of the generator as it is; `target` is the picture to invert. */
  | { type: 'look'; look: Look; target?: File }
  /** ψ of every walk from now on. Not one of those that are obeyed in order: it ends nothing. */
  | { type: 'psi'; psi: number }
  /** Shows samples of chosen classes from now on, by the names of what is chosen; all of them where nothing is. */
  | { type: 'choose'; chosen: Readonly<Record<string, number>> }
  | { type: 'save' }
  /** Searches for the fastest kernels of the run's steps, and remembers them; any other command ends it. */
  | { type: 'tune' }
  | { type: 'forget' }

export type Report =
  /** Once, first. */
  | { type: 'ready'; adapter: string; isSoftware: boolean; choices: Choices }
  /** Instead of it, and last: there is no WebGPU. */
  | { type: 'missing'; message: string }
  | { type: 'loading'; received: number; total: number }
  /** Of the images in use from now on. */
  | { type: 'images'; channels: number }
  | RunReport
  /** `lines` are new ones. */
  | { type: 'progress'; step: number; lines: LogLine[]; bytes: number }
  | { type: 'frame'; step: number; frame: Frame }
  | PassingReport
  /** How far the search of an inversion is, and its smallest error. */
  | { type: 'searching'; step: number; steps: number; error: number }
  | { type: 'tuning'; done: number; total: number }
  /** Products whose kernels were timed on this adapter, and those for which something faster was found. */
  | { type: 'tuned'; known: number; faster: number }
  | { type: 'saved'; step: number; file: Uint8Array<ArrayBuffer> }
  /** So many commands are done, and none was waiting. */
  | { type: 'idle'; commands: number }
  | { type: 'notice'; message: string }
  | { type: 'failed'; message: string }

/** Training begins at `step`, or goes on from there: what came after it has not happened. */
export interface RunReport {
  type: 'run'
  /** Another run than before. */
  isNew: boolean
  step: number
  settings: Settings
  /** The kinds of what each step reports, by name. */
  metrics: Readonly<Record<string, MetricKind>>
  /** The data set, and what is shown of a run, for people: "64 images". */
  data: string
  shown: string
  /** What else there is to see. */
  looks: readonly Look[]
  /** Classes that samples may be asked for by, by what they are. */
  classes: Readonly<Record<string, readonly string[]>>
}

/** A picture in the place of the run's own, until the next command. */
export interface PassingReport {
  type: 'passing'
  look: Look
  frame: Frame
  /** What is seen. */
  about: string
}

/** A picture of what a run has to show. */
export interface Frame {
  picture: ImageBitmap
  /** How many times as large it is best seen, with sharp pixels. */
  scale: number
  /** Side of the square in its corner that stands for it in small. */
  corner: number
}
