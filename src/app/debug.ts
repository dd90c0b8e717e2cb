/**
 * `?debug=N`, or DEBUG=N of a command. 1: when a step is recorded. 2: the kernels of one step, too, a line each. 5: steps
 * are verified, too, the first replay and then every tenth (see verifyCaptures), which makes them slower.
 */
import { kernelLines, kernelRows, type ProfileResult, verifyCaptures } from '../engine/index.ts'
import type { TrainEvents } from '../models/training/train.ts'

const VERIFY_EVERY = 10

/** Says to the engine what this level asks of it. To be called before training. */
export const applyDebug = (debug: number): void => verifyCaptures(debug >= 5 ? VERIFY_EVERY : 0)

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
