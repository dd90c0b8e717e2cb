/** The game V(x, y) = x y played by gradient steps: neither way of taking them arrives at the equilibrium. */
import { alternating, type Point, simultaneous } from '../../models/training/xyGame.ts'
import { type Context, lightTheme } from '../draw.ts'
import { type Axes, arrow, axes, type Box, curve, dot, evenTicks, legend, text } from '../plot.ts'
import type { Figure } from './figure.ts'

const LR = 0.1
const STEPS = 200
const REACH = 3 // of the planes' axes

const PLANE = { top: 128, width: 312, height: 312 }
const DISTANCE = { top: 128, left: 836, width: 312, height: 312 }

export const game: Figure = {
  about: 'the toy game V(x, y) = x y: gradient descent against ascent circles or spirals, and never arrives',
  size: { width: 1176, height: 502 },
  async draw(ctx) {
    const paths = { simultaneous: await simultaneous(STEPS, LR), alternating: await alternating(STEPS, LR) }
    text(ctx, 'Two players that never settle: V(x, y) = x y', [24, 26], { kind: 'title' })
    const how = `x descends V, y ascends it: ${STEPS} gradient steps with learning rate η = ${LR} from (1, 0). Grey arrows: (−∂V/∂x, ∂V/∂y).`
    text(ctx, how, [24, 50], { kind: 'quiet' })

    plane(ctx, { left: 62, ...PLANE }, paths.simultaneous, lightTheme.series[0], [
      'Simultaneous: spirals outwards',
      'x² + y² grows by the factor 1 + η² every step',
    ])
    plane(ctx, { left: 448, ...PLANE }, paths.alternating, lightTheme.series[1], [
      'Alternating: goes round in circles',
      'x² + y² − η x y stays the same',
    ])
    distances(ctx, paths)
  },
}

function heading(ctx: Context, { left, top }: Box, [title, below]: readonly [string, string]): void {
  text(ctx, title, [left, top - 50], { kind: 'panel' })
  text(ctx, below, [left, top - 31], { kind: 'quiet' })
}

/** One way to play: the path over the field of the players' gradients. */
function plane(
  ctx: Context,
  box: Box,
  path: readonly Point[],
  color: string,
  words: readonly [string, string],
): void {
  heading(ctx, box, words)
  const ticks = evenTicks(-REACH, REACH, 1)
  const range = { from: -REACH, to: REACH, ticks }
  const on = axes(ctx, box, { ...range, name: 'x' }, { ...range, name: 'y' })
  field(ctx, on)
  curve(ctx, on, path, { color, width: 1 })
  for (const point of path) dot(ctx, on, point, 1.7, color, false)
  dot(ctx, on, path[path.length - 1], 5, color)
  dot(ctx, on, path[0], 5, lightTheme.text)
  text(ctx, 'start', [on.x(0.84), on.y(0)], { align: 'right' })
  cross(ctx, [on.x(0), on.y(0)])
  text(ctx, 'equilibrium', [on.x(0), on.y(-0.35)], { align: 'center' })
}

/** Where the players' gradients pull: (-∂V/∂x, ∂V/∂y) = (-y, x). */
function field(ctx: Context, on: Axes): void {
  const unit = on.x(1) - on.x(0)
  for (let x = -REACH + 0.5; x < REACH; x++)
    for (let y = -REACH + 0.5; y < REACH; y++) {
      if (Math.hypot(x, y) < 1) continue // the words stand there
      const [dx, dy] = [-y * unit * 0.11, -x * unit * 0.11] // the canvas counts y downwards
      arrow(ctx, [on.x(x) - dx / 2, on.y(y) - dy / 2], [dx, dy], '#cfcfdb')
    }
}

function cross(ctx: Context, [x, y]: Point): void {
  ctx.strokeStyle = lightTheme.text
  ctx.lineWidth = 2
  ctx.beginPath()
  for (const d of [5, -5]) {
    ctx.moveTo(x - 5, y - d)
    ctx.lineTo(x + 5, y + d)
  }
  ctx.stroke()
}

function distances(ctx: Context, paths: Record<'simultaneous' | 'alternating', readonly Point[]>): void {
  const on = axes(
    ctx,
    DISTANCE,
    { from: 0, to: STEPS, ticks: evenTicks(0, STEPS, 50), name: 'step' },
    { from: 0, to: REACH, ticks: evenTicks(0, REACH, 1), name: 'distance' },
  )
  heading(ctx, DISTANCE, ['Distance from the equilibrium', ''])
  const styles = Object.keys(paths).map((name, i) => ({ name, color: lightTheme.series[i] }))
  Object.values(paths).forEach((path, i) => {
    const points = path.map(([x, y], step) => [step, Math.hypot(x, y)] as const)
    curve(ctx, on, points, styles[i])
  })
  legend(ctx, [DISTANCE.left, DISTANCE.top - 31], styles)
}
