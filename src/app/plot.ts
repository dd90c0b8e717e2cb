/** Axes, curves and legends on a canvas, for figures: linear or logarithmic, all sizes in units of the context. */
import { type Context, FONT_FAMILY as FAMILY, lightTheme as theme } from './draw.ts'

const SMALL = `12px ${FAMILY}`
const FONTS = { title: `600 17px ${FAMILY}`, panel: `600 13px ${FAMILY}`, text: SMALL, quiet: SMALL } as const

type Point = readonly [x: number, y: number]

interface Tick {
  at: number
  text: string
}

interface Axis {
  from: number
  to: number
  /** Even spacing of powers of ten. */
  log?: boolean
  name: string
  ticks: readonly Tick[]
}

export interface Box {
  left: number
  top: number
  width: number
  height: number
}

/** From values to places on the canvas. */
export interface Axes {
  box: Box
  x(value: number): number
  y(value: number): number
}

export interface Style {
  color: string
  width?: number
  dash?: readonly number[]
}

const numberText = (value: number): string =>
  value.toLocaleString('en', { maximumSignificantDigits: 6 }).replace('-', '−')

/** A tick every `step`, ends included. */
export function evenTicks(from: number, to: number, step: number): Tick[] {
  const count = Math.round((to - from) / step) + 1
  return Array.from({ length: count }, (_, i) => from + i * step).map((at) => ({ at, text: numberText(at) }))
}

const superscript = (n: number): string => [...String(n)].map((c) => '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(c)] ?? '⁻').join('')

/** A tick at every power of ten between two exponents. */
export function powerTicks(from: number, to: number): Tick[] {
  const text = (n: number): string => (n === 0 ? '1' : n === 1 ? '10' : `10${superscript(n)}`)
  return Array.from({ length: to - from + 1 }, (_, i) => ({ at: 10 ** (from + i), text: text(from + i) }))
}

/** A line of text from `left`, or to the right of, or around it; `y` is its middle. */
export function text(
  ctx: Context,
  words: string,
  [left, y]: Point,
  { kind = 'text', align = 'left' }: { kind?: keyof typeof FONTS; align?: CanvasTextAlign } = {},
): void {
  ctx.font = FONTS[kind]
  ctx.fillStyle = kind === 'quiet' ? theme.quiet : theme.text
  ctx.textAlign = align
  ctx.textBaseline = 'middle'
  ctx.fillText(words, left, y)
}

/** Draws the grid, ticks and names of two axes. */
export function axes(ctx: Context, box: Box, xAxis: Axis, yAxis: Axis): Axes {
  const { left, top, width, height } = box
  const right = left + width
  const bottom = top + height
  const toX = scaleOf(xAxis, left, right)
  const toY = scaleOf(yAxis, bottom, top)
  ctx.strokeStyle = theme.lines
  ctx.lineWidth = 1
  for (const { at, text: words } of xAxis.ticks) {
    const x = Math.round(toX(at)) + 0.5
    line(ctx, [x, top], [x, bottom])
    text(ctx, words, [x, bottom + 14], { kind: 'quiet', align: 'center' })
  }
  for (const { at, text: words } of yAxis.ticks) {
    const y = Math.round(toY(at)) + 0.5
    line(ctx, [left, y], [right, y])
    text(ctx, words, [left - 8, y], { kind: 'quiet', align: 'right' })
  }
  text(ctx, xAxis.name, [left + width / 2, bottom + 36], { align: 'center' })
  ctx.save()
  ctx.translate(left - 46, top + height / 2)
  ctx.rotate(-Math.PI / 2)
  text(ctx, yAxis.name, [0, 0], { align: 'center' })
  ctx.restore()
  return { box, x: toX, y: toY }
}

function scaleOf({ from, to, log }: Axis, start: number, end: number): (value: number) => number {
  const f = log ? Math.log10 : (value: number) => value
  return (value) => start + ((f(value) - f(from)) / (f(to) - f(from))) * (end - start)
}

function line(ctx: Context, from: Point, to: Point): void {
  ctx.beginPath()
  ctx.moveTo(...from)
  ctx.lineTo(...to)
  ctx.stroke()
}

/** The points joined, as far as they lie within the axes. */
export function curve(ctx: Context, on: Axes, points: readonly Point[], style: Style): void {
  const { left, top, width, height } = on.box
  ctx.save()
  ctx.beginPath()
  ctx.rect(left, top - 2, width + 2, height + 4)
  ctx.clip()
  stroke(ctx, style)
  ctx.beginPath()
  for (const [x, y] of points) ctx.lineTo(on.x(x), on.y(y))
  ctx.stroke()
  ctx.restore()
}

function stroke(ctx: Context, { color, width = 2, dash = [] }: Style): void {
  ctx.strokeStyle = color
  ctx.lineWidth = width
  ctx.lineJoin = 'round'
  ctx.setLineDash(dash)
}

/** A filled circle, with a white rim unless it is one of many. */
export function dot(ctx: Context, on: Axes, [x, y]: Point, radius: number, color: string, rim = true): void {
  ctx.beginPath()
  ctx.arc(on.x(x), on.y(y), radius, 0, 2 * Math.PI)
  ctx.fillStyle = color
  ctx.fill()
  if (!rim) return
  ctx.strokeStyle = theme.background
  ctx.lineWidth = 1.5
  ctx.stroke()
}

/** An arrow from a point along a direction, both on the canvas. */
export function arrow(ctx: Context, [x, y]: Point, [dx, dy]: Point, color: string): void {
  const HEAD = 3.5
  const length = Math.hypot(dx, dy)
  const [ux, uy] = [dx / length, dy / length]
  const [tipX, tipY] = [x + dx, y + dy]
  stroke(ctx, { color, width: 1.2 })
  line(ctx, [x, y], [tipX, tipY])
  ctx.beginPath()
  ctx.moveTo(tipX - HEAD * (ux + 0.7 * uy), tipY - HEAD * (uy - 0.7 * ux))
  ctx.lineTo(tipX, tipY)
  ctx.lineTo(tipX - HEAD * (ux - 0.7 * uy), tipY - HEAD * (uy + 0.7 * ux))
  ctx.stroke()
}

/** One entry below the other from `at`, the first one's middle: outside of the axes, so that it hides no curve. */
export function legend(
  ctx: Context,
  [left, top]: Point,
  entries: readonly (Style & { name: string })[],
): void {
  entries.forEach(({ name, ...style }, i) => {
    const y = top + i * 18
    ctx.save()
    stroke(ctx, { width: 3, ...style })
    line(ctx, [left, y], [left + 22, y])
    ctx.restore()
    text(ctx, name, [left + 30, y])
  })
}
