/** Looking at what each launch has written: for finding out where numbers go wrong (see ops/finite.ts). */
import type { Bindable } from './bindable.ts'

/** Sees what each launch has written. */
type Watcher = (op: string, outputs: Bindable[]) => void
let watcher: Watcher | undefined

/** Whether launches are watched: then they have to be made, not replayed. */
export const isWatched = (): boolean => watcher !== undefined

/** Runs `fn`; `see` is told of its launches, and may launch kernels itself, unseen. */
export function watchLaunches(see: Watcher, fn: () => void): void {
  watcher = see
  try {
    fn()
  } finally {
    watcher = undefined
  }
}

/** Tells whoever watches of a launch and what it has written. */
export function tellWatcher(op: string, outputs: Bindable[]): void {
  const see = watcher
  watcher = undefined
  see?.(op, outputs)
  watcher = see
}

/** Whose launches are being made. */
let owner: object | undefined
export const launchOwner = (): object | undefined => owner

/**
 * Runs `fn`, which must not be async; whoever measures is told that its launches are `by`'s (`About.owner`). Profiles tell
 * the phases of a training step by it.
 */
export function launchesOf<T>(by: object, fn: () => T): T {
  const before = owner
  owner = by
  try {
    return fn()
  } finally {
    owner = before
  }
}
