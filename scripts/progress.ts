// Progress of training: one line that is redrawn on a terminal, a plain line now and then elsewhere.
import type { LogLine } from '../src/models/training/train.ts'
import { plain } from './plain.mjs'

export interface Terminal {
  isTTY?: boolean
  columns?: number
  write(text: string): unknown
}

const PLAIN_EVERY_MS = 10_000
const REDRAW_EVERY_MS = 100
const BAR = 20
const MIN_BAR = 5
/** The rate is the mean over about this long, so that it follows a machine that gets busy. */
const WINDOW_MS = 20_000

export class Progress {
  private readonly recent: { steps: number; ms: number }[] = []
  private last: LogLine | undefined
  /** What is drawn and not yet ended by a newline. */
  private open = ''
  private drawn = 0

  constructor(
    private readonly steps: number,
    private step: number,
    private readonly out: Terminal = process.stdout,
    private readonly now: () => number = Date.now,
    /** What is counted. */
    private readonly unit = 'step',
  ) {
    this.drawn = now()
  }

  update(line: LogLine): void {
    const steps = line.step - this.step
    // The first line of a session holds the time that compiling took.
    if (steps > 0 && this.last) this.recent.push({ steps, ms: line.ms * steps })
    let ms = this.recent.reduce((sum, span) => sum + span.ms, 0)
    while (this.recent.length > 1 && ms > WINDOW_MS) ms -= this.recent.shift()?.ms ?? 0
    this.step = line.step
    this.last = line
    const due = this.now() - this.drawn >= (this.out.isTTY ? REDRAW_EVERY_MS : PLAIN_EVERY_MS)
    if (due) this.draw()
  }

  /** Training goes on from an earlier step. */
  rewind(step: number): void {
    this.step = step
    this.last = undefined
  }

  /** A line of its own, above the bar. */
  say(text: string): void {
    this.clear()
    this.out.write(`${plain(text)}\n`)
    if (this.out.isTTY && this.last) this.draw()
  }

  /** Draws the last state and ends the line. */
  end(): void {
    if (this.last) this.draw()
    if (this.open) this.out.write('\n')
    this.open = ''
    this.last = undefined
  }

  private draw(): void {
    const { last, steps, step, out } = this
    if (!last) return
    this.drawn = this.now()
    const sum = (what: 'ms' | 'steps') => this.recent.reduce((total, span) => total + span[what], 0)
    const line = progressLine({ ...last, step, ms: sum('ms') / sum('steps') }, steps, this.unit)
    if (!out.isTTY) {
      out.write(`${line}\n`)
      return
    }
    this.clear()
    this.open = fitted(line, step / steps, (out.columns || 80) - 1) // a line that wraps could not be redrawn
    out.write(this.open)
  }

  private clear(): void {
    if (this.open) this.out.write('\r\x1b[K')
    this.open = ''
  }
}

/** The line with a bar where there is room for one, and closer together where there is not even room for it. */
function fitted(line: string, part: number, width: number): string {
  const room = Math.min(BAR, width - line.length - 1)
  if (room < MIN_BAR) return (line.length > width ? line.replaceAll('  ', ' ') : line).slice(0, width)
  const full = Math.min(room, Math.round(part * room))
  return `${'█'.repeat(full)}${'░'.repeat(room - full)} ${line}`
}

/** ` 120/1200  5.10 steps/s, 3:31 left  lossD 0.52  lossG 1.71`; without rate and time where ms is NaN. */
export function progressLine({ step, ms, ...metrics }: LogLine, steps: number, unit = 'step'): string {
  const count = `${String(step).padStart(String(steps).length)}/${steps}`
  const rate = ms < 1000 ? `${rateText(1000 / ms)} ${unit}s/s` : `${(ms / 1000).toPrecision(3)} s/${unit}`
  const time = ms > 0 ? [`${rate}, ${duration(((steps - step) * ms) / 1000)} left`] : []
  const values = Object.entries(metrics).map(([name, value]) => `${name} ${value.toFixed(2)}`)
  return plain([count, ...time, ...values].join('  '))
}

/** Three digits, and no powers of ten: 5.10, 8940. */
const rateText = (rate: number): string =>
  rate < 1000 ? rate.toPrecision(3) : String(Number(rate.toPrecision(3)))

/** 75 as 1:15, 3675 as 1:01:15. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds)
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60]
  const two = (n: number) => String(n).padStart(2, '0')
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}
