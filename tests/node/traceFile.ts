// Chrome's trace format as its viewers need it: https://perfetto.dev/docs/getting-started/other-formats
import { expect } from 'vitest'
import type { TraceEvent } from '../../bench/profile/trace.ts'

/** Slices of one track, each within the one around it, or the test fails. */
export interface TraceSlice {
  name: string
  begin: number
  end: number
  args: TraceEvent['args']
  inside: TraceSlice[]
}

/** The tracks of a trace file by "process/thread"; fails the test where a viewer would refuse it or draw it wrong. */
export function readTrace(file: string): Map<string, TraceSlice[]> {
  const { traceEvents } = JSON.parse(file) as { traceEvents: TraceEvent[] }
  const names = new Map<string, string>()
  const tracks = new Map<string, TraceEvent[]>()
  for (const event of traceEvents) {
    const { ph, pid, tid, name, args } = event
    expect([Number.isInteger(pid), Number.isInteger(tid), name !== '']).toEqual([true, true, true])
    const at = `${pid}/${tid}`
    if (ph === 'M') {
      expect(['process_name', 'thread_name']).toContain(name)
      names.set(at, [names.get(at), args?.name].filter(Boolean).join('/'))
    } else {
      expect(ph).toBe('X')
      tracks.set(at, [...(tracks.get(at) ?? []), event])
    }
  }
  return new Map([...tracks].map(([at, events]) => [names.get(at) ?? '', nested(events)]))
}

/** The kernels of a trace, wherever their slices lie: one too short for the GPU's clock may end up beside its phase. */
export function kernelsOf(tracks: ReadonlyMap<string, readonly TraceSlice[]>): TraceSlice[] {
  const within = (slices: readonly TraceSlice[]): TraceSlice[] =>
    slices.flatMap((slice) => [...(slice.args?.kernel ? [slice] : []), ...within(slice.inside)])
  return within(tracks.get('GPU/kernels') ?? [])
}

/** Rounding of µs. */
const LITTLE = 1e-3

function nested(events: readonly TraceEvent[]): TraceSlice[] {
  const slices = events.map(({ name, ts = Number.NaN, dur = Number.NaN, args }): TraceSlice => {
    expect(ts, name).toBeGreaterThanOrEqual(0)
    expect(dur, name).toBeGreaterThanOrEqual(0)
    return { name, begin: ts, end: ts + dur, args, inside: [] }
  })
  slices.sort((a, b) => a.begin - b.begin || b.end - a.end)
  const roots: TraceSlice[] = []
  const open: TraceSlice[] = []
  for (const slice of slices) {
    while (open.length && open[open.length - 1].end <= slice.begin + LITTLE) open.pop()
    const around = open.at(-1)
    if (around)
      expect(slice.end, `${slice.name} ends within ${around.name}`).toBeLessThanOrEqual(around.end + LITTLE)
    ;(around?.inside ?? roots).push(slice)
    open.push(slice)
  }
  return roots
}
