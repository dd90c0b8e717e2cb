/** The picture of what is generated, and thumbnails of how it looked before. */
import { context2d, find, grouped } from './dom.ts'
import type { Frame, PassingReport } from './protocol.ts'

type Passing = Omit<PassingReport, 'type'>

interface Shown extends Frame {
  step: number
}

export class Stage {
  private readonly canvas = find<HTMLCanvasElement>('#samples')
  private readonly strip = find('#history')
  private readonly live = find<HTMLButtonElement>('#live')
  private readonly caption = find('#caption')
  private now: Shown | undefined
  private kept: Shown[] = []
  /** A kept frame that is looked at, instead of what is new. */
  private past: Shown | undefined
  /** Something else, instead of either. */
  private passing: Passing | undefined
  private queued = false
  private what = ''

  constructor() {
    this.canvas.classList.add('empty')
    this.live.onclick = () => this.look(undefined)
  }

  /** A new picture, drawn with the next frame of the screen unless a newer one comes first. */
  show(step: number, frame: Frame): void {
    this.now = { ...frame, step }
    const due = nextMilestone(this.kept.at(-1)?.step)
    if (step >= due) this.keep(this.now)
    this.draw()
  }

  get isPassing(): boolean {
    return this.passing !== undefined
  }

  /** Something else than samples of the same random numbers; undefined when it is over. */
  pass(passing: Passing | undefined): void {
    if (passing === this.passing) return
    this.passing = passing
    this.draw()
  }

  /** Forgets the pictures from after `step`; `what` is shown from now on: "64 images". */
  rewind(step: number, what: string): void {
    this.what = what
    this.kept = this.kept.filter((frame) => frame.step <= step)
    while (this.strip.children.length > this.kept.length) this.strip.lastElementChild?.remove()
    if (this.past && !this.kept.includes(this.past)) this.past = undefined
    this.draw()
  }

  private keep(frame: Shown): void {
    this.kept.push(frame)
    const item = document.createElement('li')
    const button = document.createElement('button')
    const thumbnail = document.createElement('canvas')
    thumbnail.width = thumbnail.height = frame.corner
    context2d(thumbnail).drawImage(frame.picture, 0, 0)
    button.type = 'button'
    button.append(thumbnail, `step ${grouped(frame.step)}`)
    button.onclick = () => this.look(this.past === frame ? undefined : frame)
    item.append(button)
    this.strip.append(item)
  }

  private look(frame: Shown | undefined): void {
    this.past = frame
    this.draw()
  }

  private draw(): void {
    if (this.queued) return
    this.queued = true
    requestAnimationFrame(() => {
      this.queued = false
      const { canvas, past, passing, kept, strip } = this
      const frame = passing?.frame ?? past ?? this.now
      this.live.hidden = !past || passing !== undefined
      for (const [i, item] of [...strip.children].entries())
        item.querySelector('button')?.setAttribute('aria-pressed', String(kept[i] === past))
      if (!frame) return
      canvas.classList.remove('empty')
      const { picture, scale } = frame
      canvas.width = picture.width * scale
      canvas.height = picture.height * scale
      const ctx = context2d(canvas)
      ctx.imageSmoothingEnabled = false
      ctx.drawImage(picture, 0, 0, canvas.width, canvas.height)
      const { step = 0 } = past ?? this.now ?? {}
      canvas.setAttribute('aria-label', passing?.about ?? `${this.what} generated after step ${step}`)
      canvas.dataset.step = passing?.look ?? String(step)
      this.caption.textContent = passing?.about ?? captionOf(step, this.what, frame === past)
    })
  }
}

function captionOf(step: number, what: string, isPast: boolean): string {
  if (step === 0) return `Before the first step: ${what} by a generator that has learned nothing yet.`
  if (isPast) return `So it looked after step ${grouped(step)}, from the same random numbers.`
  return `${what} after step ${grouped(step)}, always of the same random numbers.`
}

/** 0, 50, 100, 200, 400 and so on. */
function nextMilestone(step: number | undefined): number {
  if (step === undefined) return 0
  let milestone = 50
  while (milestone <= step) milestone *= 2
  return milestone
}
