/** The lines of a run's log as its chart needs them: as many as it can show, however long the run. Pure. */
import type { LogLine } from '../models/training/train.ts'

/** With so many, neighbours are averaged. */
const MAX_LINES = 4000

export class History {
  /** Each the mean of `stride` lines, at the step of the last of them. */
  private kept: LogLine[] = []
  private stride = 1
  /** Lines since the last of `kept`, fewer than `stride`. */
  private fresh: LogLine[] = []

  constructor(lines: readonly LogLine[] = []) {
    this.add(lines)
  }

  get lines(): readonly LogLine[] {
    return [...this.kept, ...this.fresh]
  }

  add(lines: readonly LogLine[]): void {
    for (const line of lines) {
      this.fresh.push(line)
      if (this.fresh.length < this.stride) continue
      this.kept.push(meanOf(this.fresh))
      this.fresh = []
      if (this.kept.length === MAX_LINES) this.halve()
    }
  }

  /** Forgets all that was after `step`. */
  rewind(step: number): void {
    const isBefore = (line: LogLine): boolean => line.step <= step
    const after = this.kept.findIndex((line) => !isBefore(line))
    this.fresh = after < 0 ? this.fresh.filter(isBefore) : []
    this.kept = this.kept.filter(isBefore)
  }

  private halve(): void {
    const { kept } = this
    this.kept = Array.from({ length: MAX_LINES / 2 }, (_, i) => meanOf(kept.slice(2 * i, 2 * i + 2)))
    this.stride *= 2
  }
}

function meanOf(lines: readonly LogLine[]): LogLine {
  const last = lines[lines.length - 1]
  const mean = (name: string): number => lines.reduce((sum, line) => sum + line[name], 0) / lines.length
  const means = Object.fromEntries(Object.keys(last).map((name) => [name, mean(name)]))
  return { ...means, step: last.step, ms: means.ms }
}
