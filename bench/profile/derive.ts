/** From what the page measured to the figures of profile.json. Pure. */
import type { Quantiles, Roofs } from '../result.ts'
import { figures, quantiles } from '../stats.ts'
import type { Measured, ProfiledStep } from './measured.ts'
import type { Profile, ProfiledKernel } from './result.ts'

type Figures = Pick<Profile, 'cost' | 'step' | 'phases' | 'kernels' | 'memory'>

const NS_PER_MS = 1e6
const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0)

export const runsOf = ({ submits }: ProfiledStep) => submits.flatMap(({ runs }) => runs)

/** `quantum`: what the GPU's clock counts in, ns; a shorter time counts as one of it. */
export function deriveProfile(measured: Measured, roofs: Roofs, quantum: number): Figures {
  const { plain, steps, memory } = measured
  const wall = steps.map(({ begin, end }) => end - begin)
  const least = quantum / NS_PER_MS
  const times = timesByLaunch(measured).map((all) => all.map((ms) => Math.max(ms, least)))
  const cost = { plain: quantiles(plain), profiled: quantiles(wall) }
  return {
    cost: { ...cost, ratio: cost.profiled.median / cost.plain.median },
    step: stepFigures(steps),
    phases: phaseRows(
      measured,
      times.map((ms) => quantiles(ms).median),
    ),
    kernels: kernelRows(measured, times, roofs),
    memory,
  }
}

function stepFigures(steps: readonly ProfiledStep[]): Profile['step'] {
  const over = (f: (step: ProfiledStep) => number): Quantiles => quantiles(steps.map(f))
  const submitted = (f: (submit: ProfiledStep['submits'][number]) => number) =>
    over(({ submits }) => sum(submits.map(f)))
  const busy = (step: ProfiledStep): number =>
    sum(runsOf(step).map(([, , begin, end]) => end - begin)) / NS_PER_MS
  return {
    wall: over(({ begin, end }) => end - begin),
    record: over(({ begin, recorded }) => recorded - begin),
    encode: submitted(({ begin, encoded }) => encoded - begin),
    submit: submitted(({ encoded, end }) => end - encoded),
    gpuBusy: over(busy),
    // Passes may overlap where they need nothing of each other.
    gaps: over((step) => Math.max(0, spanOf(step) - busy(step))),
    readback: over(({ done, end }) => end - done),
    dispatches: sum(steps.map((step) => runsOf(step).length)) / steps.length,
    submits: sum(steps.map(({ submits }) => submits.length)) / steps.length,
  }
}

/** From the first kernel's begin to the last one's end, ms. */
function spanOf(step: ProfiledStep): number {
  const runs = runsOf(step)
  const first = Math.min(...runs.map(([, , begin]) => begin))
  return (Math.max(...runs.map(([, , , end]) => end)) - first) / NS_PER_MS
}

/** ms of every run, by launch. */
function timesByLaunch({ steps, launches }: Measured): number[][] {
  const times: number[][] = launches.map(() => [])
  for (const [launch, , begin, end] of steps.flatMap(runsOf)) times[launch].push((end - begin) / NS_PER_MS)
  return times
}

/** What a step spends in each phase: every launch at its median, as in the rows of kernels. */
function phaseRows(measured: Measured, medians: readonly number[]): Profile['phases'] {
  const { steps, phases } = measured
  const rows = phases.map((name) => ({ name, total: 0, dispatches: 0 }))
  for (const [launch, phase] of steps.flatMap(runsOf)) {
    rows[phase].total += medians[launch] / steps.length
    rows[phase].dispatches += 1 / steps.length
  }
  const all = sum(rows.map(({ total }) => total))
  return rows.map((row) => ({ ...row, share: row.total / all }))
}

/** The most expensive first. */
function kernelRows({ steps, launches }: Measured, times: number[][], roofs: Roofs): ProfiledKernel[] {
  const rows = launches.map((launch, i) => {
    const ms = quantiles(times[i])
    const calls = times[i].length / steps.length
    // Not the sum: what interrupts a machine once in a while is no kernel's doing.
    return { ...launch, calls, total: calls * ms.median, ms, ...figures(launch, ms.median, roofs) }
  })
  const all = sum(rows.map(({ total }) => total))
  return rows.map((row) => ({ ...row, share: row.total / all })).sort((a, b) => b.total - a.total)
}
