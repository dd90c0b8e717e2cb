/**
 * `?debug=N`, or DEBUG=N of a command. 1: when a step is recorded, and what the engine holds. 2: the kernels of one step,
 * too, a line each. 5: steps are verified, too, the first replay and then every tenth (see verifyCaptures), which makes
 * them slower.
 */
import { kernelLines, kernelRows, memory, type ProfileResult, verifyCaptures } from '../engine/index.ts'
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

/**
 * A line about the memory that the engine holds after `step` steps; none below level 1. Where JavaScript may ask for it
 * (`--expose-gc`, as npm run test:memory has it), garbage is collected first: what then grows is really kept.
 */
export function memoryLines(debug: number, step: number): string[] {
  if (debug < 1) return []
  const { gc } = globalThis as { gc?(): void }
  gc?.()
  const { liveBytes, pooledBytes } = memory()
  return [`After step ${step}: ${liveBytes} bytes in use by tensors, ${pooledBytes} kept for reuse.`]
}

function tableOf({ passes }: ProfileResult): string {
  if (passes[0]?.begin === undefined) return 'No kernels are timed: this adapter has no GPU timestamps.'
  return ['The kernels of one step:', ...kernelLines(kernelRows(passes))].join('\n')
}
