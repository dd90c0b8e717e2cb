/** The loss chart on a canvas: of the page, or an OffscreenCanvas of a page that nobody looks at. */
import type { MetricKind } from '../models/family.ts'
import type { LogLine } from '../models/training/train.ts'

export type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D

/** In the units of a context. */
export interface Size {
  width: number
  height: number
}

export function context(canvas: OffscreenCanvas): OffscreenCanvasRenderingContext2D {
  const ctx = canvas.getContext('2d')
  if (!ctx) throw new Error('this browser gave no 2D canvas')
  return ctx
}

export interface Theme {
  background: string
  text: string
  /** Ticks and axis names. */
  quiet: string
  lines: string
  /** One for each network: the discriminator's, the generator's; then for one metric more. */
  series: readonly string[]
}

export const lightTheme: Theme = {
  background: '#ffffff',
  text: '#1d1d26',
  quiet: '#6c6c7a',
  lines: '#e8e8ee',
  series: ['#d9822b', '#5a4fcf', '#3f9e7c', '#b5b5c2'],
}

export const darkTheme: Theme = {
  background: '#1a1a21',
  text: '#ececf1',
  quiet: '#9797a6',
  lines: '#2d2d37',
  series: ['#f0a150', '#9d94ff', '#5cc7a0', '#6d6d7c'],
}

export const FONT_FAMILY =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif'
const FONT = `12px ${FONT_FAMILY}`
const LEFT = 38
const RIGHT = 12
const LEGEND = 28
const STEPS = 24

/** The kinds of what each step reports, by name. */
export type Kinds = Readonly<Record<string, MetricKind>>

/** Kinds that share axes, from the top, and how much of the height they take. */
const STRIPS: readonly { kinds: readonly MetricKind[]; share: number; range?: Range }[] = [
  { kinds: ['loss'], share: 3 },
  { kinds: ['opinion of real', 'opinion of generated'], share: 2, range: { from: 0, to: 1 } },
  { kinds: ['score', 'penalty'], share: 2 },
  { kinds: ['norm'], share: 1.6 },
]

/**
 * The losses by step, smoothed over their faint raw values; below them what the discriminator says of images, D(·),
 * from 0 to 1, or a critic's estimates; and the norms of the gradients. `size` is in units of the context, whatever
 * its scale.
 */
export function drawLosses(
  ctx: Context,
  size: Size,
  lines: readonly LogLine[],
  metrics: Kinds,
  theme: Theme,
): void {
  ctx.clearRect(0, 0, size.width, size.height)
  ctx.fillStyle = theme.background
  ctx.fillRect(0, 0, size.width, size.height)
  ctx.font = FONT
  ctx.textBaseline = 'middle'
  ctx.lineJoin = 'round'

  const last = lines.at(-1)?.step ?? 0
  const first = lines[0]?.step ?? 0
  const steps = { from: first > last / 2 && lines.length > 1 ? first : 0, to: Math.max(last, 20) }
  const x = { left: LEFT, right: size.width - RIGHT, ...steps }
  const groups = STRIPS.map(({ kinds, ...group }) => ({
    ...group,
    names: Object.keys(metrics).filter((name) => kinds.includes(metrics[name])),
  })).filter(({ names }) => names.length > 0)
  const room = (size.height - STEPS) / groups.reduce((sum, { share }) => sum + share, 0)
  let top = 0
  for (const { names, share, range = rangeOf(lines, names) } of groups) {
    const bottom = Math.round(top + share * room)
    strip({ ctx, lines, theme, x, names, top: top + LEGEND, bottom: bottom - 6, range })
    top = bottom
  }
  stepAxis(ctx, x, size.height, theme)
}

interface Range {
  from: number
  to: number
}

interface Strip {
  ctx: Context
  lines: readonly LogLine[]
  names: readonly string[]
  theme: Theme
  x: Range & { left: number; right: number }
  top: number
  bottom: number
  range: Range
}

/** One set of axes, with its legend above it. */
function strip({ ctx, lines, names, theme, x, top, bottom, range }: Strip): void {
  const toX = (step: number): number => x.left + ((step - x.from) / (x.to - x.from)) * (x.right - x.left)
  const toY = (value: number): number =>
    bottom - ((value - range.from) / (range.to - range.from)) * (bottom - top)

  ctx.lineWidth = 1
  ctx.strokeStyle = theme.lines
  ctx.fillStyle = theme.quiet
  ctx.textAlign = 'right'
  for (const tick of ticks(range, Math.max(2, (bottom - top) / 34))) {
    const y = Math.round(toY(tick)) + 0.5
    path(ctx, [
      [x.left, y],
      [x.right, y],
    ])
    ctx.fillText(format(tick), x.left - 8, y)
  }

  ctx.save()
  ctx.beginPath()
  ctx.rect(x.left, top - 2, x.right - x.left + 2, bottom - top + 4)
  ctx.clip()
  const smoothed = names.map((name) => smooth(lines, name))
  const stride = Math.max(1, Math.floor(lines.length / (x.right - x.left)))
  names.forEach((name, i) => {
    ctx.strokeStyle = theme.series[i % theme.series.length]
    ctx.globalAlpha = 0.28
    path(
      ctx,
      lines.map((line) => [toX(line.step), toY(line[name])]),
    )
    ctx.globalAlpha = 1
    ctx.lineWidth = 2
    path(
      ctx,
      lines
        .map((line, n) => [toX(line.step), toY(smoothed[i][n])] as const)
        .filter((_, n) => n % stride === 0 || n === lines.length - 1),
    )
    ctx.lineWidth = 1
  })
  ctx.restore()
  legend(
    ctx,
    names.map((name, i) => ({ name, value: smoothed[i].at(-1) })),
    { left: x.left, y: top - 16 },
    theme,
  )
}

function legend(
  ctx: Context,
  entries: { name: string; value: number | undefined }[],
  at: { left: number; y: number },
  theme: Theme,
): void {
  ctx.textAlign = 'left'
  let left = at.left
  entries.forEach(({ name, value }, i) => {
    ctx.fillStyle = theme.series[i % theme.series.length]
    ctx.fillRect(left, at.y - 1.5, 14, 3)
    ctx.fillStyle = theme.text
    ctx.fillText(name, left + 20, at.y)
    left += 20 + ctx.measureText(name).width + 6
    const shown = value === undefined ? '' : value.toFixed(2)
    ctx.fillStyle = theme.quiet
    ctx.fillText(shown, left, at.y)
    left += ctx.measureText('00.00').width + 18
  })
}

function stepAxis(ctx: Context, x: Strip['x'], height: number, theme: Theme): void {
  ctx.fillStyle = theme.quiet
  const y = height - STEPS / 2
  for (const tick of ticks(x, (x.right - x.left) / 90).filter(Number.isInteger)) {
    const at = x.left + ((tick - x.from) / (x.to - x.from)) * (x.right - x.left)
    if (at > x.right - 60) continue // the axis' name stands there
    ctx.textAlign = at < x.left + 20 ? 'left' : 'center'
    ctx.fillText(tick.toLocaleString('en'), at, y)
  }
  ctx.textAlign = 'right'
  ctx.fillText('step', x.right, y)
}

function path(ctx: Context, points: readonly (readonly number[])[]): void {
  ctx.beginPath()
  for (const [x, y] of points) ctx.lineTo(x, y)
  ctx.stroke()
}

/** Exponential moving average without the pull of its start, over more lines the more there are. */
function smooth(lines: readonly LogLine[], name: string): number[] {
  const keep = 1 - 1 / Math.max(4, Math.min(60, lines.length / 25))
  let sum = 0
  let weight = 0
  return lines.map((line) => {
    sum = sum * keep + line[name]
    weight = weight * keep + 1
    return sum / weight
  })
}

/** From zero, or the smallest value below it, to a little over all but the highest hundredth of the values. */
function rangeOf(lines: readonly LogLine[], names: readonly string[]): Range {
  const values = lines.flatMap((line) => names.map((name) => line[name])).sort((a, b) => a - b)
  const at = (share: number): number => values[Math.floor(share * (values.length - 1))] ?? 0
  return { from: Math.min(0, at(0.01) * 1.1), to: Math.max(1, at(0.99) * 1.1) }
}

/** About `count` round numbers within the range. */
export function ticks({ from, to }: Range, count: number): number[] {
  const rough = (to - from) / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5].find((m) => m * power >= rough) ?? 10)
  const first = Math.ceil(from / step)
  return Array.from({ length: Math.floor(to / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step)
}

const format = (value: number): string => String(Number(value.toPrecision(6)))
