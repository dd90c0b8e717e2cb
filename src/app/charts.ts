/** The loss chart and the two meters of the discriminator's opinion. */
import type { MetricKind } from '../models/family.ts'
import type { LogLine } from '../models/training/train.ts'
import { context2d, find } from './dom.ts'
import { darkTheme, drawLosses, type Kinds, lightTheme } from './draw.ts'
import { History } from './history.ts'

/** Lines that the pace of training is told by. */
const LATEST = 21
const dark = matchMedia('(prefers-color-scheme: dark)')

export class Charts {
  private readonly canvas = find<HTMLCanvasElement>('#losses')
  private readonly history = new History()
  /** The latest lines, as they came. */
  private latest: LogLine[] = []
  private metrics: Kinds = {}
  private queued = false

  constructor() {
    new ResizeObserver(() => this.draw()).observe(this.canvas)
    dark.addEventListener('change', () => this.draw())
  }

  add(lines: readonly LogLine[]): void {
    this.history.add(lines)
    this.latest = [...this.latest, ...lines].slice(-LATEST)
    this.draw()
  }

  /** Forgets all that was after `step`. */
  rewind(step: number, metrics: Kinds): void {
    this.history.rewind(step)
    this.latest = this.latest.filter((line) => line.step <= step)
    this.metrics = metrics
    this.draw()
  }

  /** Mean milliseconds of the latest steps, undefined before the first. */
  get stepMs(): number | undefined {
    const { latest } = this
    if (latest.length < 2) return latest.at(-1)?.ms
    let ms = 0
    for (let i = 1; i < latest.length; i++) ms += latest[i].ms * (latest[i].step - latest[i - 1].step)
    return ms / ((latest.at(-1)?.step ?? 0) - latest[0].step)
  }

  private draw(): void {
    if (this.queued) return
    this.queued = true
    requestAnimationFrame(() => {
      this.queued = false
      const { canvas } = this
      const { lines } = this.history
      const { clientWidth: width, clientHeight: height } = canvas
      canvas.width = width * devicePixelRatio
      canvas.height = height * devicePixelRatio
      const ctx = context2d(canvas)
      ctx.scale(devicePixelRatio, devicePixelRatio)
      drawLosses(ctx, { width, height }, lines, this.metrics, dark.matches ? darkTheme : lightTheme)
      const last = lines.at(-1)
      const values = Object.keys(this.metrics).map((name) => `${name} ${last?.[name].toFixed(2)}`)
      canvas.setAttribute('aria-label', last ? `Step ${last.step}: ${values.join(', ')}` : 'Losses by step')
      const real = this.meter('real', 'opinion of real')
      const fake = this.meter('fake', 'opinion of generated')
      find('#meters').hidden = !Object.values(this.metrics).includes('opinion of real')
      find('#verdict').textContent = verdict(real, fake)
    })
  }

  /** Shows the mean over the latest steps, since one batch says little; gives it too, NaN when there is none. */
  private meter(id: string, kind: MetricKind): number {
    const metric = Object.keys(this.metrics).find((name) => this.metrics[name] === kind) ?? ''
    find(`#${id}`).setAttribute('aria-label', metric)
    const latest = this.latest.slice(-8).map((line) => line[metric])
    const percent = Math.round((100 * latest.reduce((a, b) => a + b, 0)) / latest.length)
    const known = Number.isFinite(percent)
    find(`#${id}-value`).textContent = known ? `${percent}%` : '–'
    find<HTMLMeterElement>(`#${id}`).value = known ? percent : 0
    return percent
  }
}

/** What the two numbers mean, in a sentence. */
function verdict(real: number, fake: number): string {
  const lead = real - fake
  if (Number.isNaN(lead)) return 'At 50% each it could only guess.'
  if (lead > 80) return 'Now it sees through nearly every generated image.'
  if (lead > 50) return 'Now it sees through most generated images, but not all.'
  if (lead > 20) return 'Now the generated images fool it often: a good contest.'
  return 'Now it can hardly tell them apart: at 50% each it only guesses.'
}
