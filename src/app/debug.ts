/** `?debug=2`, or DEBUG=2 of a command: the kernels of one step, a line each. */
import { kernelLines, kernelRows, type ProfileResult } from '../engine/index.ts'
import type { TrainEvents } from '../models/train.ts'

/** The event of the training loop for this level; none below 2. */
export const onProfile = (debug: number, say: (text: string) => void): TrainEvents['onProfile'] =>
  debug >= 2 ? (profile) => say(tableOf(profile)) : undefined

function tableOf({ passes }: ProfileResult): string {
  if (passes[0]?.begin === undefined) return 'No kernels are timed: this adapter has no GPU timestamps.'
  return ['The kernels of one step:', ...kernelLines(kernelRows(passes))].join('\n')
}
