/** What a page tells the Node script meanwhile, through `ganvasReport`. */
import type { LogLine } from '../models/training/train.ts'

export type Report =
  | { kind: 'start'; step: number }
  | { kind: 'log'; line: LogLine }
  | { kind: 'metrics'; line: MetricsLine }
  | { kind: 'notice'; text: string }
  /** Of something that takes its time, called `what`: so many of all its steps are done; `line` has their step and values. */
  | { kind: 'progress'; what: string; steps: number; line: LogLine }

/** Scores of the samples after a step, by name. */
export type MetricsLine = Record<string, number> & { step: number }

const REPORT_EVERY_MS = 200

/** Reports on something that takes `steps` steps. */
export class Progress {
  private last = { step: 0, time: performance.now() }

  constructor(
    private readonly what: string,
    private readonly steps: number,
  ) {}

  /** `step` steps are done. */
  async at(step: number, values: Record<string, number> = {}): Promise<void> {
    const now = performance.now()
    if (step < this.steps && now - this.last.time < REPORT_EVERY_MS) return
    const ms = (now - this.last.time) / Math.max(1, step - this.last.step)
    this.last = { step, time: now }
    await window.ganvasReport({
      kind: 'progress',
      what: this.what,
      steps: this.steps,
      line: { step, ms, ...values },
    } satisfies Report)
  }
}
