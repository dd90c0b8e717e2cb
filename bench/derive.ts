/** From what the page measured to the result: two runs of the roofs joined, and each row held against them. Pure. */
import type { KernelResult, Roofs, StepResult } from './result.ts'
import type { RoofRun } from './roofs.ts'
import { differ, figures } from './stats.ts'

/** The roofs as measured at the begin and the end of the run. */
export function joinRoofs(first: RoofRun, last: RoofRun): Roofs {
  const roof = (a: number, b: number) => ({ best: Math.max(a, b), runs: [a, b], noisy: differ(a, b) })
  const { accumulators, workgroup, fused } =
    first.multiplyAdd.best > last.multiplyAdd.best ? first.multiplyAdd : last.multiplyAdd
  const { dispatchGpu, dispatchCpu, emptySubmit, readback } = last
  return {
    multiplyAdd: {
      ...roof(first.multiplyAdd.best, last.multiplyAdd.best),
      accumulators,
      workgroup,
      fused,
    },
    bandwidth: first.bandwidth.map((a, i) => {
      const b = last.bandwidth[i]
      return {
        bytes: a.bytes,
        copy: roof(a.copy, b.copy),
        read: roof(a.read, b.read),
        write: roof(a.write, b.write),
      }
    }),
    dispatchGpu,
    dispatchCpu,
    emptySubmit,
    readback,
  }
}

export const withFigures = (row: KernelResult, roofs: Roofs): KernelResult =>
  row.warm ? { ...row, ...figures(row, row.warm.median, roofs) } : row

export function withRates(step: StepResult, roofs: Roofs): StepResult {
  if (!step.ms) return step
  const gflops = step.flops / step.ms.median / 1e6
  return { ...step, gflops, percent: (100 * gflops) / roofs.multiplyAdd.best }
}
