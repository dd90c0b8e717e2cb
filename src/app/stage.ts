/** The grid of generated images, and thumbnails of how it looked before. */
import type { Picture } from '../models/data.ts'
import { context2d, find, grouped } from './dom.ts'
import { drawPicture } from './draw.ts'

const SCALE = 4
/** A thumbnail shows so many images a side. */
const CORNER = 3
const GRID = 8

interface Frame {
  step: number
  picture: Picture
}

export class Stage {
  private readonly canvas = find<HTMLCanvasElement>('#samples')
  private readonly strip = find('#history')
  private readonly live = find<HTMLButtonElement>('#live')
  private readonly caption = find('#caption')
  private now: Frame | undefined
  private kept: Frame[] = []
  /** A kept frame that is looked at, instead of what is new. */
  private past: Frame | undefined
  private queued = false

  constructor() {
    this.canvas.classList.add('empty')
    this.live.onclick = () => this.look(undefined)
  }

  /** A new picture, drawn with the next frame of the screen unless a newer one comes first. */
  show(step: number, picture: Picture): void {
    this.now = { step, picture }
    const due = nextMilestone(this.kept.at(-1)?.step)
    if (step >= due) this.keep(this.now)
    this.draw()
  }

  /** Forgets the pictures from after `step`. */
  rewind(step: number): void {
    this.kept = this.kept.filter((frame) => frame.step <= step)
    while (this.strip.children.length > this.kept.length) this.strip.lastElementChild?.remove()
    if (this.past && !this.kept.includes(this.past)) this.past = undefined
    this.draw()
  }

  private keep(frame: Frame): void {
    this.kept.push(frame)
    const item = document.createElement('li')
    const button = document.createElement('button')
    const thumbnail = document.createElement('canvas')
    const part = (frame.picture.width + 1) / GRID
    thumbnail.width = thumbnail.height = CORNER * part - 1
    const size = { width: frame.picture.width, height: frame.picture.height }
    drawPicture(context2d(thumbnail), frame.picture, size)
    button.type = 'button'
    button.append(thumbnail, `step ${grouped(frame.step)}`)
    button.onclick = () => this.look(this.past === frame ? undefined : frame)
    item.append(button)
    this.strip.append(item)
  }

  private look(frame: Frame | undefined): void {
    this.past = frame
    this.draw()
  }

  private draw(): void {
    if (this.queued) return
    this.queued = true
    requestAnimationFrame(() => {
      this.queued = false
      const { canvas, past, kept, strip } = this
      const frame = past ?? this.now
      this.live.hidden = !past
      for (const [i, item] of [...strip.children].entries())
        item.querySelector('button')?.setAttribute('aria-pressed', String(kept[i] === past))
      if (!frame) return
      canvas.classList.remove('empty')
      canvas.width = frame.picture.width * SCALE
      canvas.height = frame.picture.height * SCALE
      drawPicture(context2d(canvas), frame.picture, canvas)
      canvas.setAttribute('aria-label', `64 generated images after step ${frame.step}`)
      canvas.dataset.step = String(frame.step)
      this.caption.textContent = captionOf(frame.step, frame === past)
    })
  }
}

function captionOf(step: number, isPast: boolean): string {
  if (step === 0) return 'Before the first step: 64 images by a generator that has learned nothing yet.'
  if (isPast) return `So it looked after step ${grouped(step)}, from the same random numbers.`
  return `64 images after step ${grouped(step)}, always of the same random numbers.`
}

/** 0, 50, 100, 200, 400 and so on. */
function nextMilestone(step: number | undefined): number {
  if (step === undefined) return 0
  let milestone = 50
  while (milestone <= step) milestone *= 2
  return milestone
}
