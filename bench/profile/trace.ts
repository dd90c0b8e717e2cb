/** A profile in Chrome's trace format, for ui.perfetto.dev and chrome://tracing. Pure. */
import type { Measured, ProfiledStep, Run } from './measured.ts'

/** A slice ('X', complete) or the name of a track ('M', metadata); times in µs. */
export interface TraceEvent {
  ph: 'X' | 'M'
  pid: number
  tid: number
  name: string
  ts?: number
  dur?: number
  args?: Record<string, string | number>
}

const [CPU, GPU] = [1, 2]
const NS_PER_MS = 1e6
const US_PER_MS = 1000

/**
 * How far the GPU's clock is put before JavaScript's, ms: the two have nothing in common, so kernels are put as early as
 * they can be, none before its submit was begun.
 */
export const clockOffset = ({ submits }: ProfiledStep): number =>
  Math.max(...submits.flatMap(({ encoded, runs }) => (runs.length ? [encoded - runs[0][2] / NS_PER_MS] : [])))

/** Runs one after the other: where two overlap, a track shows the later one from where the earlier ends. */
function inTurn(runs: readonly Run[]): Run[] {
  let free = 0
  return runs.map(([launch, phase, begin, end]) => {
    const from = Math.max(begin, free)
    free = Math.max(from, end)
    return [launch, phase, from, free]
  })
}

/** Runs in a row that belong to the same phase. */
export function phaseStretches(runs: readonly Run[]): { phase: number; runs: Run[] }[] {
  const stretches: { phase: number; runs: Run[] }[] = []
  for (const run of runs) {
    const last = stretches.at(-1)
    if (last?.phase === run[1]) last.runs.push(run)
    else stretches.push({ phase: run[1], runs: [run] })
  }
  return stretches
}

export function traceOf({ steps, launches, phases }: Measured): { traceEvents: TraceEvent[] } {
  const origin = steps[0].begin
  const slice = (
    pid: number,
    name: string,
    begin: number,
    end: number,
    args?: TraceEvent['args'],
  ): TraceEvent => ({
    ph: 'X',
    pid,
    tid: 1,
    name,
    ts: US_PER_MS * (begin - origin),
    dur: US_PER_MS * Math.max(0, end - begin),
    ...(args && { args }),
  })

  // What took no time by a page's coarse clock is left out: at the end of a step, a viewer may draw it beside the step.
  const onCpu = (step: ProfiledStep, i: number): TraceEvent[] =>
    [
      slice(CPU, `step ${i + 1}`, step.begin, step.end),
      slice(CPU, 'record', step.begin, step.recorded),
      ...step.submits.flatMap(({ begin, encoded, end, runs }) => [
        slice(CPU, 'encode', begin, encoded, { dispatches: runs.length }),
        slice(CPU, 'submit', encoded, end),
      ]),
      slice(CPU, 'wait for the GPU', step.recorded, step.done),
      slice(CPU, 'readback', step.done, step.end),
    ].filter(({ dur }) => dur)

  const onGpu = (step: ProfiledStep): TraceEvent[] => {
    const offset = clockOffset(step)
    const at = (ns: number): number => offset + ns / NS_PER_MS
    return phaseStretches(inTurn(step.submits.flatMap(({ runs }) => runs))).flatMap((stretch) => [
      slice(GPU, phases[stretch.phase], at(stretch.runs[0][2]), at(stretch.runs[stretch.runs.length - 1][3])),
      ...stretch.runs.map(([launch, , begin, end]) => {
        const { op, kernel, shape, flops, bytes, counted } = launches[launch]
        return slice(GPU, op, at(begin), at(end), { kernel, shape, flops: counted ? flops : '?', bytes })
      }),
    ])
  }

  const name = (pid: number, process: string, track: string): TraceEvent[] => [
    { ph: 'M', pid, tid: 1, name: 'process_name', args: { name: process } },
    { ph: 'M', pid, tid: 1, name: 'thread_name', args: { name: track } },
  ]
  return {
    traceEvents: [
      ...name(CPU, 'CPU', 'JavaScript'),
      ...name(GPU, 'GPU', 'kernels'),
      ...steps.flatMap(onCpu),
      ...steps.flatMap(onGpu),
    ],
  }
}
