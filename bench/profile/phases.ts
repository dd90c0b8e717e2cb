/** Which part of a training step a launch belongs to, told by what the optimisers do: models need not say. Pure. */
import type { Dispatch } from '../../src/engine/gpu/dispatch.ts'

type Launch = Pick<Dispatch, 'kernel' | 'about'>

const OPTIMISER = 'optimiser'
/** What comes after the last update: losses to report, norms of gradients. */
const METRICS = 'metrics'

/**
 * The phase of each launch of a step. What comes before a network's update is for it: "discriminator step"; the updates
 * themselves, and what goes with them (gradients into their places, clipping, averages), are the optimiser's.
 * `owners` are the networks by the numbers of the buffers that only their optimiser writes.
 */
export function phasesOf(launches: readonly Launch[], owners: ReadonlyMap<number, string>): string[] {
  const ownerOf = ({ kernel, about }: Launch): string | undefined =>
    kernel === 'optim' && about
      ? Object.values(about.buffers)
          .map(({ id }) => owners.get(id))
          .find(Boolean)
      : undefined
  const gradients = new Set(
    launches.filter((launch) => ownerOf(launch)).map(({ about }) => about?.buffers.g.id),
  )
  const isOfOptimiser = ({ kernel, about }: Launch): boolean =>
    kernel === 'optim' || (about?.op === 'assign' && gradients.has(about.buffers.y.id))
  const phases: string[] = []
  let ahead = METRICS
  for (const launch of launches.toReversed()) {
    const owner = ownerOf(launch)
    if (owner) ahead = `${owner} step`
    phases.push(isOfOptimiser(launch) ? OPTIMISER : ahead)
  }
  return phases.reverse()
}
