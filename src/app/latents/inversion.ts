/** The picture of an inversion: the target, what came closest to it, and how the errors fell. */
import type { Inversion } from '../../models/evaluation/invert.ts'
import { context, lightTheme as theme, ticks } from '../draw.ts'
import { type ImageSize, tile } from '../picture.ts'
import { axes, curve, powerTicks, text } from '../plot.ts'

const SIDE = 280
const TOP = 64
const GAP = 24
/** Room for the names of an axis. */
const AXIS = 60
const PICTURES = 2 * (SIDE + GAP)

/** Where the chart is, and how many pixels there are to a unit. */
const LAYOUTS = {
  wide: { left: PICTURES + GAP + AXIS, top: TOP, width: 420, height: SIDE, density: 1 },
  /** For the page: below the pictures. */
  narrow: { left: GAP + AXIS, top: 2 * TOP + SIDE, width: PICTURES - GAP - AXIS, height: 220, density: 2 },
}

const tickAt = (at: number) => ({ at, text: at.toLocaleString('en') })

export function drawInversion(
  target: Float32Array,
  { image, errors, error, best }: Inversion,
  size: ImageSize,
  space: string,
  layout: keyof typeof LAYOUTS = 'wide',
): OffscreenCanvas {
  const { density, ...chart } = LAYOUTS[layout]
  const [width, height] = [chart.left + chart.width + GAP, chart.top + chart.height + AXIS]
  const canvas = new OffscreenCanvas(width * density, height * density)
  const ctx = context(canvas)
  ctx.scale(density, density)
  ctx.fillStyle = theme.background
  ctx.fillRect(0, 0, width, height)
  ctx.imageSmoothingEnabled = false
  const pictures = [
    { name: 'target', values: target },
    { name: `G(${space}) of the best ${space}`, values: image },
  ]
  pictures.forEach(({ name, values }, i) => {
    const left = GAP + i * (SIDE + GAP)
    text(ctx, name, [left, TOP - 18], { kind: 'panel' })
    ctx.drawImage(tile(values, size, 1), left, TOP, SIDE, SIDE)
  })
  const all = errors.flatMap((each) => [...each])
  const exponents = [Math.floor(Math.log10(Math.min(...all))), Math.ceil(Math.log10(Math.max(...all)))]
  const steps = errors.length - 1
  const on = axes(
    ctx,
    chart,
    { from: 0, to: steps, ticks: ticks({ from: 0, to: steps }, 4).map(tickAt), name: 'step' },
    {
      from: 10 ** exponents[0],
      to: 10 ** exponents[1],
      log: true,
      ticks: powerTicks(exponents[0], exponents[1]),
      name: 'mean squared error',
    },
  )
  const starts = errors[0].length
  text(
    ctx,
    `error of ${starts} starts, the best one's ${error.toPrecision(3)} at the end`,
    [chart.left, chart.top - 18],
    {
      kind: 'panel',
    },
  )
  const path = (start: number) => errors.map((each, step) => [step, each[start]] as const)
  for (let start = 0; start < starts; start++)
    if (start !== best) curve(ctx, on, path(start), { color: theme.series[3], width: 1 })
  curve(ctx, on, path(best), { color: theme.series[1], width: 2.5 })
  return canvas
}
