/** Metrics on their way from the GPU: checked, and told in the order of their steps. */
import { NumericError } from '../../engine/index.ts'
import type { Trainer } from './trainer.ts'

export interface LogLine {
  step: number
  /** Wall time of the step, averaged since the line before. */
  ms: number
  /** The model's metrics by name. */
  [metric: string]: number
}

interface Pending {
  step: number
  values: Promise<Float32Array>
  arrival: Promise<number>
  /** To be told; the others are only checked. */
  isLogged: boolean
}

/** Steps that the GPU may still be at while the next is recorded: enough to keep it busy, few enough to stop soon. */
const IN_FLIGHT = 2

export class Log {
  private readonly pending: Pending[] = []
  private lastTime = performance.now()
  private lastStep: number

  /** `onStep` is told each step that is done, `onLine` the metrics of those that are logged. */
  constructor(
    private readonly trainer: Trainer,
    private readonly onStep: (step: number) => void,
    private readonly onLine: (line: LogLine) => void,
  ) {
    this.lastStep = trainer.step
  }

  /** Waits for the steps before, but for the last few. Throws NumericError when a metric of theirs is not finite. */
  async add(step: number, values: Promise<Float32Array>, isLogged: boolean): Promise<void> {
    const arrival = values.then(() => performance.now())
    arrival.catch(() => {}) // thrown when its turn comes
    this.pending.push({ step, values, arrival, isLogged })
    if (this.pending.length > IN_FLIGHT) await this.next()
  }

  /** Waits for all of them. Throws as `add` does. */
  async settle(): Promise<void> {
    while (this.pending.length) await this.next()
  }

  private async next(): Promise<void> {
    const first = this.pending.shift()
    if (!first) return
    const { step, isLogged } = first
    const [values, now] = await Promise.all([first.values, first.arrival])
    this.onStep(step)
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
    this.onLine(line)
  }
}
