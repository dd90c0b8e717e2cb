/** Which part of a training step a launch belongs to, told by the marks that optimisers and averages put on theirs. Pure. */
import type { Dispatch } from '../../src/engine/gpu/dispatch.ts'

/** Updates, and what goes with them: gradients copied to their places, clipping, averages. */
const OPTIMISER = 'optimiser'
/** What comes after the last update: losses to report, norms of gradients. */
const METRICS = 'metrics'

/**
 * The phase of each launch of a step, in order. `names` are the model's optimisers with their names. What comes before
 * an update and is nobody's is for that update: "discriminator step".
 */
export function phasesOf(
  launches: readonly Pick<Dispatch, 'about'>[],
  names: ReadonlyMap<object, string>,
): string[] {
  const phases: string[] = []
  let ahead = METRICS
  for (const { about } of launches.toReversed()) {
    const owner = about?.owner
    const name = owner && names.get(owner)
    if (name !== undefined) ahead = `${name} step`
    phases.push(owner ? OPTIMISER : ahead)
  }
  return phases.reverse()
}
