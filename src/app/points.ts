/** Toy distributions, drawn: points in the plane over what D says of it; densities and D on the line. */
import { density, middles, type Toy } from '../models/data/toys.ts'
import { LATTICE, type Plane } from '../models/training/trainer.ts'
import { type Context, context, FONT_FAMILY, type Size, lightTheme as theme } from './draw.ts'

const LEGEND = 36
const FONT = `20px ${FONT_FAMILY}`
const [JUDGED, GENERATED] = theme.series
const DATA = '#30303a'
/** Radius of a point. */
const DOT = 2.6
/** Width of the kernel that turns generated points on the line into a density, as a share of the extent. */
const BANDWIDTH = 1 / 40

interface Key {
  color: string
  name: string
  dashed?: boolean
}

/**
 * Data and generated points [N, 2] over a map of what D says, if it can be asked: the deeper its colour, the surer it is
 * of "real".
 */
export function drawPlane(ctx: Context, size: Size, toy: Toy, samples: Float32Array, plane: Plane): void {
  clear(ctx, size)
  const side = size.height - LEGEND
  const judged = shares(plane)
  if (judged) drawMap(ctx, side, judged)
  const toPixel = (x: number): number => ((x + toy.extent) / (2 * toy.extent)) * side
  const dots = (points: Float32Array, color: string): void => {
    ctx.fillStyle = color
    for (let i = 0; i < points.length; i += 2) {
      ctx.beginPath()
      ctx.arc(toPixel(points[i]), side - toPixel(points[i + 1]), DOT, 0, 2 * Math.PI)
      ctx.fill()
    }
  }
  ctx.save()
  ctx.beginPath()
  ctx.rect(0, 0, size.width, side)
  ctx.clip()
  dots(plane.real, `${DATA}66`)
  dots(samples, `${GENERATED}b0`)
  ctx.restore()
  legend(ctx, size, [
    { color: DATA, name: 'data' },
    { color: GENERATED, name: 'generated' },
    ...(judged ? [{ color: JUDGED, name: plane.isOpinion ? 'D: real' : 'critic: high' }] : []),
  ])
}

/** The lattice's values as a smooth map from white to D's colour. */
function drawMap(ctx: Context, side: number, judged: readonly number[]): void {
  const cells = LATTICE[2]
  const small = new OffscreenCanvas(cells, cells)
  const image = new ImageData(cells, cells)
  const [red, green, blue] = [1, 3, 5].map((at) => Number.parseInt(JUDGED.slice(at, at + 2), 16))
  judged.forEach((share, i) => {
    image.data.set([red, green, blue, 190 * share], 4 * i)
  })
  context(small).putImageData(image, 0, 0)
  ctx.imageSmoothingEnabled = true
  ctx.drawImage(small, 0, 0, side, side)
}

/** What D says, from 0 to 1: as it is, or a critic's scores between their extremes. */
function shares({ judged, isOpinion }: Plane): number[] | undefined {
  if (!judged) return undefined
  const values = [...judged]
  if (isOpinion) return values
  const [low, high] = [Math.min(...values), Math.max(...values)]
  return values.map((value) => (value - low) / (high - low || 1))
}

/**
 * The picture of Goodfellow et al. 2014, figure 1: the data's density, that of generated points [N, 1], D(x), and
 * the optimal D*(x) = p_data / (p_data + p_model) of proposition 1.
 */
export function drawLine(ctx: Context, size: Size, toy: Toy, samples: Float32Array, plane: Plane): void {
  clear(ctx, size)
  const along = middles(toy, LATTICE[1])
  const data = along.map((x) => density(toy, [x]))
  const model = along.map((x) => kernelDensity(samples, x, toy.extent * BANDWIDTH))
  const optimal = data.map((p, i) => p / (p + model[i]))
  const bottom = size.height - LEGEND - 24
  const top = 24
  const peak = 1.6 * Math.max(...data)
  const toX = (x: number): number => ((x + toy.extent) / (2 * toy.extent)) * size.width
  const toY = (share: number): number => bottom - Math.min(1.02, share) * (bottom - top)
  const curve = (shares: readonly number[], color: string, { dashed = false, filled = false } = {}): void => {
    ctx.beginPath()
    shares.forEach((share, i) => {
      ctx.lineTo(toX(along[i]), toY(share))
    })
    ctx.setLineDash(dashed ? [10, 8] : [])
    ctx.strokeStyle = color
    ctx.lineWidth = 3
    ctx.stroke()
    if (!filled) return
    ctx.lineTo(size.width, bottom)
    ctx.lineTo(0, bottom)
    ctx.fillStyle = `${color}22`
    ctx.fill()
  }
  ctx.strokeStyle = theme.lines
  ctx.lineWidth = 1.5
  for (const share of [0, 0.5, 1]) {
    ctx.beginPath()
    ctx.moveTo(0, toY(share))
    ctx.lineTo(size.width, toY(share))
    ctx.stroke()
  }
  const scaled = (values: readonly number[]): number[] => values.map((p) => p / peak)
  curve(scaled(data), DATA, { filled: true })
  curve(scaled(model), GENERATED, { filled: true })
  const judged = shares(plane)
  if (judged) curve(judged, JUDGED)
  if (judged && plane.isOpinion) curve(optimal, JUDGED, { dashed: true })
  ctx.setLineDash([])
  ctx.fillStyle = `${GENERATED}80`
  for (const x of samples) ctx.fillRect(toX(x), bottom + 3, 1.5, 16)
  legend(ctx, size, [
    { color: DATA, name: 'data' },
    { color: GENERATED, name: 'generated' },
    ...(!judged
      ? []
      : plane.isOpinion
        ? [
            { color: JUDGED, name: 'D(x), 0 to 1' },
            { color: JUDGED, name: 'optimal D*(x)', dashed: true },
          ]
        : [{ color: JUDGED, name: 'critic, lowest to highest' }]),
  ])
}

/** Density at x of points blurred by a Gaussian kernel. */
function kernelDensity(points: Float32Array, x: number, bandwidth: number): number {
  let sum = 0
  for (const point of points) sum += Math.exp(-0.5 * ((x - point) / bandwidth) ** 2)
  return sum / (points.length * bandwidth * Math.sqrt(2 * Math.PI))
}

function clear(ctx: Context, { width, height }: Size): void {
  ctx.fillStyle = theme.background
  ctx.fillRect(0, 0, width, height)
}

function legend(ctx: Context, { height }: Size, keys: readonly Key[]): void {
  ctx.font = FONT
  ctx.textBaseline = 'middle'
  ctx.textAlign = 'left'
  const y = height - LEGEND / 2
  let left = 14
  for (const { color, name, dashed } of keys) {
    ctx.strokeStyle = color
    ctx.lineWidth = 5
    ctx.setLineDash(dashed ? [7, 5] : [])
    ctx.beginPath()
    ctx.moveTo(left, y)
    ctx.lineTo(left + 26, y)
    ctx.stroke()
    ctx.setLineDash([])
    ctx.fillStyle = theme.text
    ctx.fillText(name, left + 36, y + 1)
    left += 36 + ctx.measureText(name).width + 34
  }
}
