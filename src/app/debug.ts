/** `?debug=N`, or DEBUG=N of a command. 1: when a step is recorded. 2: the kernels of one step, too, a line each. */
import { kernelLines, kernelRows, type ProfileResult } from '../engine/index.ts'
import type { TrainEvents } from '../models/training/train.ts'

/** The event of the training loop for this level; none below 2. */
export const onProfile = (debug: number, say: (text: string) => void): TrainEvents['onProfile'] =>
  debug >= 2 ? (profile) => say(tableOf(profile)) : undefined

/** The event of the training loop for this level; none below 1. */
export const onRecord = (debug: number, say: (text: string) => void): TrainEvents['onRecord'] =>
  debug >= 1
    ? (course, launches) =>
        say(
          `Recorded a step${course && ` of the course '${course}'`}: ${launches} launches, replayed from now on.`,
        )
    : undefined

function tableOf({ passes }: ProfileResult): string {
  if (passes[0]?.begin === undefined) return 'No kernels are timed: this adapter has no GPU timestamps.'
  return ['The kernels of one step:', ...kernelLines(kernelRows(passes))].join('\n')
}
