/** Learning rates that change. */

/**
 * `lr`, falling evenly to a hundredth of itself over `decaySteps` (0: never) updates, and staying there: not quite to 0, so
 * that training can go on.
 */
export const falling =
  (lr: number, decaySteps: number) =>
  (updates: number): number =>
    decaySteps ? lr * Math.max(0.01, 1 - updates / decaySteps) : lr
