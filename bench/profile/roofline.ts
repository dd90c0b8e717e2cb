/** The roofline chart: every kernel a dot under the measured roofs, as large as its share. Pure. */
import { kindOf } from '../kinds.ts'
import type { Roofs } from '../result.ts'
import { short } from '../table.ts'
import type { Profile, ProfiledKernel } from './result.ts'
import { decades, element, type LogAxis, label, logAxis } from './svg.ts'
import { tipOf } from './table.ts'

const SIZE = { width: 1080, height: 560 }
const PLOT = { left: 64, right: 1060, top: 24, bottom: 506 }
/** Dots with labels. */
const LABELS = 10
/** Rarer than this, or this far below the roof, a kernel does not stretch the axes: it is drawn at their edge. */
const NOTABLE = { share: 0.005, rate: 1 / 5000 }

interface Axes {
  x: LogAxis
  y: LogAxis
}

interface Dot {
  cx: number
  cy: number
  r: number
}

export function rooflineOf({ kernels, roofs }: Pick<Profile, 'kernels' | 'roofs'>): string {
  const axes = axesFor(kernels, roofs)
  const dots = kernels.map((kernel) => dotOf(kernel, axes))
  const circles = kernels.map((kernel, i) =>
    element('circle', {
      class: `dot ${kindOf(kernel.kernel)}`,
      ...dots[i],
      'data-kernel': i,
      'data-tip': tipOf(kernel),
    }),
  )
  const inside = [grid(axes), roofLines(axes, roofs), ...circles, ...labels(kernels, dots)]
  return element(
    'svg',
    { id: 'roofline', viewBox: `0 0 ${SIZE.width} ${SIZE.height}`, role: 'img' },
    inside.join(''),
  )
}

const bandwidthOf = ({ copy, read, write }: Roofs['bandwidth'][number]): number =>
  Math.max(copy.best, read.best, write.best)

function axesFor(kernels: readonly ProfiledKernel[], { multiplyAdd, bandwidth }: Roofs): Axes {
  const notable = kernels.filter(({ share, flops }) => share > NOTABLE.share && flops > 0)
  const ridge = multiplyAdd.best / Math.min(...bandwidth.map(bandwidthOf))
  const intensities = notable.map(({ intensity }) => intensity)
  const rates = notable.map(({ gflops }) => gflops)
  const peak = multiplyAdd.best
  const lowest = Math.max(NOTABLE.rate * peak, 0.5 * Math.min(peak / 100, ...rates))
  return {
    x: logAxis([1 / 16, 3 * Math.max(ridge, ...intensities)], [PLOT.left, PLOT.right]),
    y: logAxis([lowest, 2 * peak], [PLOT.bottom, PLOT.top]),
  }
}

/** What does fewer FLOPs per byte than the axis has is drawn at its edge, as far below the roof as it is. */
function dotOf({ intensity, gflops, gbs, share }: ProfiledKernel, { x, y }: Axes): Dot {
  const rate = intensity < x.min ? gbs * x.min : gflops
  return { cx: x.at(intensity), cy: y.at(rate), r: 3 + 32 * Math.sqrt(share) }
}

function grid({ x, y }: Axes): string {
  const { left, right, top, bottom } = PLOT
  const line = (x1: number, y1: number, x2: number, y2: number) =>
    element('line', { class: 'grid', x1, y1, x2, y2 })
  const text = (value: number): string => String(Number(value.toPrecision(1)))
  return [
    ...decades(x).map(
      (t) =>
        line(x.at(t), top, x.at(t), bottom) +
        label(x.at(t), bottom + 18, text(t), { class: 'tick', 'text-anchor': 'middle' }),
    ),
    ...decades(y).map(
      (t) =>
        line(left, y.at(t), right, y.at(t)) +
        label(left - 8, y.at(t) + 4, text(t), { class: 'tick', 'text-anchor': 'end' }),
    ),
    label((left + right) / 2, SIZE.height - 14, 'useful FLOPs per byte', {
      class: 'axis',
      'text-anchor': 'middle',
    }),
    label(left, 14, 'GFLOP/s', { class: 'axis', 'text-anchor': 'middle' }),
  ].join('')
}

/** The roof over arithmetic, and one over memory for each size of buffer that was measured. */
function roofLines({ x, y }: Axes, { multiplyAdd, bandwidth }: Roofs): string {
  const peak = multiplyAdd.best
  const line = (x1: number, y1: number, x2: number, y2: number) =>
    element('line', { class: 'roof', x1: x.at(x1), y1: y.at(y1), x2: x.at(x2), y2: y.at(y2) })
  const rates = bandwidth.map(bandwidthOf)
  const fastest = Math.max(...rates)
  const memory = rates.map((rate) => {
    const from = Math.max(x.min, y.min / rate)
    return line(from, from * rate, peak / rate, peak)
  })
  const name = bandwidth.map((size, i) => `${size.bytes / 2 ** 20} MiB ${short(rates[i])}`).join(', ')
  return [
    line(peak / fastest, peak, x.max, peak),
    ...memory,
    label(x.at(x.max) - 6, y.at(peak) - 8, `multiply-add ${short(peak)} GFLOP/s`, {
      class: 'roofname',
      'text-anchor': 'end',
    }),
    label(x.at(peak / fastest) - 8, y.at(peak) - 8, `memory, GB/s: ${name}`, {
      class: 'roofname',
      'text-anchor': 'end',
    }),
  ].join('')
}

interface Box {
  x: number
  y: number
  width: number
  height: number
}

const overlap = (a: Box, b: Box): boolean =>
  a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height

const isInside = ({ x, y, width, height }: Box): boolean =>
  x > PLOT.left && x + width < PLOT.right && y > PLOT.top && y + height < PLOT.bottom

/** Names of the largest dots, each at the first of its sides where it covers no name and no other large dot. */
function labels(kernels: readonly ProfiledKernel[], dots: readonly Dot[]): string[] {
  const large = dots.slice(0, LABELS)
  const taken: Box[] = large.map(({ cx, cy, r }) => ({ x: cx - r, y: cy - r, width: 2 * r, height: 2 * r }))
  return large.flatMap(({ cx, cy, r }, i) => {
    const text = `${kernels[i].op} ${(100 * kernels[i].share).toFixed(0)}%`
    const [width, height] = [7 * text.length, 15]
    const middle = cy - height / 2
    // Each by its begin, middle or end at x: the width is a guess.
    const places = [
      { x: cx + r + 4, y: middle, by: 0 },
      { x: cx - r - 4, y: middle, by: 1 },
      ...[cy - r - 3 - height, cy + r + 3].flatMap((y) => [0.5, 1, 0].map((by) => ({ x: cx, y, by }))),
    ].map((place) => ({ ...place, box: { x: place.x - place.by * width, y: place.y, width, height } }))
    const place = places.find(({ box }) => isInside(box) && !taken.some((other) => overlap(box, other)))
    if (!place) return []
    taken.push(place.box)
    const anchor = ['start', 'middle', 'end'][2 * place.by]
    return [label(place.x, place.y + 11, text, { class: 'dotname', 'text-anchor': anchor })]
  })
}
