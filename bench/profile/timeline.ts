/** One step as it went by: what JavaScript did, the phases, and every kernel. Pure. */
import { kindOf } from '../kinds.ts'
import { short } from '../table.ts'
import type { Measured, ProfiledStep } from './measured.ts'
import { element, label } from './svg.ts'
import { nameOf } from './table.ts'
import { clockOffset, phaseStretches } from './trace.ts'

const WIDTH = 1080
const LEFT = 92
const ROW = { height: 30, gap: 8 }
const ROWS = ['JavaScript', 'submits', 'phases', 'kernels']
const AXIS = 26

interface Slice {
  row: number
  name: string
  className: string
  begin: number
  end: number
  tip: string
  /** Written in it where there is room. */
  isNamed: boolean
}

/** The step whose time is the median. */
export function usualStep(steps: readonly ProfiledStep[]): ProfiledStep {
  const sorted = [...steps].sort((a, b) => a.end - a.begin - (b.end - b.begin))
  return sorted[(sorted.length - 1) >> 1]
}

/** `kernelOf` gives the row of a launch in the list of kernels. */
export function timelineOf(measured: Measured, kernelOf: (launch: number) => number): string {
  const step = usualStep(measured.steps)
  const length = step.end - step.begin
  const x = (ms: number): number => LEFT + ((WIDTH - LEFT - 8) * (ms - step.begin)) / length
  const y = (row: number): number => row * (ROW.height + ROW.gap)
  const rect = ({ row, begin, end, className, tip, name, isNamed }: Slice, more = {}): string => {
    const width = Math.max(0.4, x(end) - x(begin))
    const bar = element('rect', {
      class: `slice ${className}`,
      x: x(begin),
      y: y(row),
      width,
      height: ROW.height,
      'data-tip': tip,
      ...more,
    })
    const fits = isNamed && width > 7 * name.length + 8
    return fits ? bar + label(x(begin) + 6, y(row) + 19, name, { class: 'slicename' }) : bar
  }
  const bottom = y(ROWS.length)
  const inside = [
    ...ROWS.map((name, row) => label(LEFT - 10, y(row) + 19, name, { class: 'axis', 'text-anchor': 'end' })),
    ...ticks(length).map(
      (ms) =>
        element('line', {
          class: 'grid',
          x1: x(step.begin + ms),
          x2: x(step.begin + ms),
          y1: 0,
          y2: bottom,
        }) +
        label(x(step.begin + ms), bottom + 14, `${Number(ms.toPrecision(3))} ms`, {
          class: 'tick',
          'text-anchor': 'middle',
        }),
    ),
    ...cpuSlices(step).map((slice) => rect(slice)),
    ...gpuSlices(step, measured).map(({ launch, ...slice }) =>
      rect(slice, launch === undefined ? {} : { 'data-kernel': kernelOf(launch) }),
    ),
  ]
  return element(
    'svg',
    { id: 'timeline', viewBox: `0 0 ${WIDTH} ${bottom + AXIS}`, role: 'img' },
    inside.join(''),
  )
}

/** About eight round numbers from 0. */
function ticks(length: number): number[] {
  const rough = length / 8
  const power = 10 ** Math.floor(Math.log10(rough))
  const by = [1, 2, 5, 10].map((m) => m * power).find((m) => m >= rough) ?? rough
  return Array.from({ length: Math.floor(length / by) + 1 }, (_, i) => i * by)
}

function cpuSlices(step: ProfiledStep): Slice[] {
  const slice = (row: number, name: string, begin: number, end: number, className: string): Slice => ({
    row,
    name,
    className,
    begin,
    end,
    tip: `${name}\n${short(end - begin)} ms`,
    isNamed: true,
  })
  return [
    slice(0, 'record', step.begin, step.recorded, 'cpu'),
    slice(0, 'wait for the GPU', step.recorded, step.done, 'idle'),
    slice(0, 'readback', step.done, step.end, 'cpu'),
    ...step.submits.flatMap(({ begin, encoded, end, runs }) => [
      slice(1, `encode ${runs.length} dispatches`, begin, encoded, 'cpu'),
      slice(1, 'submit', encoded, end, 'idle'),
    ]),
  ]
}

function gpuSlices(step: ProfiledStep, { phases, launches }: Measured): (Slice & { launch?: number })[] {
  const offset = clockOffset(step)
  const at = (ns: number): number => offset + ns / 1e6
  const stretches = phaseStretches(step.submits.flatMap(({ runs }) => runs))
  return stretches.flatMap(({ phase, runs }) => {
    const [begin, end] = [at(runs[0][2]), at(runs[runs.length - 1][3])]
    const name = phases[phase]
    return [
      {
        row: 2,
        name,
        className: `phase${phase % 4}`,
        begin,
        end,
        tip: `${name}\n${short(end - begin)} ms, ${runs.length} dispatches`,
        isNamed: true,
      },
      ...runs.map(([launch, , from, to]) => ({
        row: 3,
        launch,
        name: nameOf(launches[launch]),
        className: kindOf(launches[launch].kernel),
        begin: at(from),
        end: at(to),
        tip: `${nameOf(launches[launch])}\n${launches[launch].shape}\n${short((to - from) / 1e6)} ms`,
        isNamed: false,
      })),
    ]
  })
}
