/** How a training step of DCGAN grows: what is measured, what the roofs allow, and the chart of both. Pure. */
import type { Work } from '../src/engine/ops/products/counts.ts'
import type { DcganShape } from './dcganFlops.ts'
import { decades, element, label, logAxis } from './profile/svg.ts'
import type { Roofs } from './result.ts'
import { short } from './table.ts'

export interface Series {
  /** What grows. */
  name: string
  /** What stays. */
  fixed: string
  points: readonly { value: number; shape: DcganShape }[]
}

const series = (
  name: string,
  fixed: string,
  values: readonly number[],
  of: (n: number) => DcganShape,
): Series => ({
  name,
  fixed,
  points: values.map((value) => ({ value, shape: of(value) })),
})

export const SERIES: readonly Series[] = [
  series('batch', '28x28, width 32', [8, 16, 32, 64, 128], (batch) => ({
    size: 28,
    channels: 1,
    width: 32,
    batch,
  })),
  series('width', '28x28, batch 16', [16, 32, 64, 128], (width) => ({
    size: 28,
    channels: 1,
    width,
    batch: 16,
  })),
  series('image size', 'width 16, batch 16', [16, 24, 32, 48, 64], (size) => ({
    size,
    channels: 1,
    width: 16,
    batch: 16,
  })),
]

/** ms that a step's launches would take one after the other, each at its roof. */
export function boundOf(launches: readonly Work[], { multiplyAdd, bandwidth, dispatchGpu }: Roofs): number {
  const gbs = Math.max(...bandwidth.map(({ copy }) => copy.best))
  const roof = ({ flops, bytes }: Work): number => Math.max(flops / multiplyAdd.best, bytes / gbs) / 1e6
  return launches.reduce((ms, work) => ms + roof(work) + dispatchGpu.median / 1000, 0)
}

export interface Measured {
  value: number
  /** ms */
  median: number
  bound: number
}

const [WIDTH, HEIGHT] = [340, 300]
const PLOT = { left: 62, right: 326, top: 44, bottom: 252 }
const STYLE = `text { font: 12px system-ui, sans-serif; fill: #555 } .title { font-weight: 600; fill: #222 }
.grid { stroke: #ddd } .step { stroke: #2563a8; fill: none; stroke-width: 2 } .dot { fill: #2563a8 }
.bound { stroke: #b3541e; fill: none; stroke-width: 2; stroke-dasharray: 5 4 }
@media (prefers-color-scheme: dark) { text { fill: #aaa } .title { fill: #eee } .grid { stroke: #444 } }`

/** Charts side by side: ms of a step by what grows, both logarithmic, and beneath it what the roofs allow. */
export function chartOf(found: readonly { series: Series; measured: readonly Measured[] }[]): string {
  const panels = found.map(({ series: { name, fixed }, measured }, i) =>
    element('g', { transform: `translate(${i * WIDTH} 0)` }, panel(name, fixed, measured)),
  )
  return element(
    'svg',
    { xmlns: 'http://www.w3.org/2000/svg', viewBox: `0 0 ${WIDTH * found.length} ${HEIGHT}`, role: 'img' },
    `<title>Time of a DCGAN step by batch, width and image size</title><style>${STYLE}</style>${panels.join('')}`,
  )
}

function panel(name: string, fixed: string, measured: readonly Measured[]): string {
  const times = measured.flatMap(({ median, bound }) => [median, bound])
  const values = measured.map(({ value }) => value)
  const x = logAxis([Math.min(...values), Math.max(...values)], [PLOT.left + 8, PLOT.right - 8])
  const y = logAxis([Math.min(...times) / 1.5, Math.max(...times) * 1.5], [PLOT.bottom, PLOT.top])
  const path = (of: (m: Measured) => number): string =>
    measured.map((m, i) => `${i ? 'L' : 'M'}${x.at(m.value).toFixed(1)} ${y.at(of(m)).toFixed(1)}`).join(' ')
  const last = measured[measured.length - 1]
  return [
    label(PLOT.left, 18, `Step by ${name}`, { class: 'title' }),
    label(PLOT.left, 34, fixed),
    ...decades(y).map((t) =>
      [
        element('line', { class: 'grid', x1: PLOT.left, x2: PLOT.right, y1: y.at(t), y2: y.at(t) }),
        label(PLOT.left - 6, y.at(t) + 4, `${short(t)} ms`, { 'text-anchor': 'end' }),
      ].join(''),
    ),
    ...values.map((v) => label(x.at(v), PLOT.bottom + 18, String(v), { 'text-anchor': 'middle' })),
    element('path', { class: 'step', d: path(({ median }) => median) }),
    element('path', { class: 'bound', d: path(({ bound }) => bound) }),
    ...measured.map((m) =>
      element('circle', { class: 'dot', cx: x.at(m.value), cy: y.at(m.median), r: 3.5 }),
    ),
    label(PLOT.right, y.at(last.median) - 8, 'measured', { 'text-anchor': 'end' }),
    label(PLOT.right, PLOT.bottom - 8, 'at the roofs', { 'text-anchor': 'end' }),
  ].join('')
}
