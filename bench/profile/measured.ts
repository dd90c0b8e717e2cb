/** What the page tells of the steps that it took; results, traces and reports are made of it. */
import type { Launched } from '../../src/engine/profiling/launches.ts'
import type { Holder } from '../../src/engine/profiling/ledger.ts'
import type { LaunchWork } from '../../src/engine/profiling/work.ts'

/** A dispatch: which launch, in which phase, and when it began and ended by the GPU's clock, in ns of the step. */
export type Run = [launch: number, phase: number, begin: number, end: number]

/** A submit, in ms of `performance.now()`. */
export interface Submit {
  begin: number
  encoded: number
  end: number
  runs: Run[]
}

/** A step, in ms of `performance.now()`. */
export interface StepTimes {
  begin: number
  /** JavaScript is done with it. */
  recorded: number
  /** The GPU is, too. */
  done: number
  /** The metrics are there. */
  end: number
}

export interface ProfiledStep extends StepTimes {
  submits: Submit[]
}

export interface Measured {
  /** Without timestamps, ms. */
  plain: number[]
  steps: ProfiledStep[]
  launches: (Launched & LaunchWork)[]
  phases: string[]
  memory: { bytes: number; holders: Holder[] }
}
