/** What launches move on in JavaScript: an optimiser's count of steps, a stream of random numbers. */

/** Objects, each with the field that is moved on. */
export type Counters = ReadonlyMap<object, string>

let heard: Map<object, string> | undefined

/** To be called where a launch is made that moves `owner[field]` on, now and whenever it is replayed. */
export function movesOn<T extends object>(owner: T, field: keyof T & string): void {
  heard?.set(owner, field)
}

/** Whether a step is being recorded: what it does in JavaScript alone will be missing when it is replayed. */
export const isRecorded = (): boolean => heard !== undefined

/** Runs `fn`; with the counters that its launches move on. */
export function countersOf<T>(fn: () => T): { result: T; counters: Counters } {
  const outer = heard
  const counters = new Map<object, string>()
  heard = counters
  try {
    return { result: fn(), counters }
  } finally {
    heard = outer
  }
}

const fieldsOf = (owner: object): Record<string, unknown> => owner as Record<string, unknown>

/** Where the counters are, in their order. They are numbers, or plain objects that are never changed. */
export const readCounters = (counters: Counters): unknown[] =>
  [...counters].map(([owner, field]) => fieldsOf(owner)[field])

export function writeCounters(counters: Counters, values: readonly unknown[]): void {
  for (const [i, [owner, field]] of [...counters].entries()) fieldsOf(owner)[field] = values[i]
}
