/**
 * Running a function with something else in the place of a network's own: averaged or made weights, another mode. The
 * one way to do so: what was there comes back whatever happens, and recorded steps know what they were recorded with.
 */
import { refusePromise } from './tensor.ts'

/** What stands in now, the innermost last. */
const active: { op: string; key: string | undefined; isWeights: boolean }[] = []
/** Layers in evaluation mode, by number. */
const evaluating = new Set<number>()
const numbers = new WeakMap<object, number>()
let layers = 0

/**
 * Runs `fn` after `put`, which puts the others in place and gives a function that brings back what was there. `fn` must
 * not be async: whatever runs while it waits would find the others, too. `key` names the others where they are the same
 * ones every time, so that a step recorded among them can be replayed among them, and only there; `isWeights` is false
 * where no parameters are among them.
 * Throws TypeError naming `op` when `fn` is async; what was there is back by then.
 */
export function standIn<T>(
  op: string,
  put: () => () => void,
  fn: () => T,
  { key, isWeights = true }: { key?: string; isWeights?: boolean } = {},
): T {
  const back = put()
  active.push({ op, key, isWeights })
  try {
    return refusePromise(fn(), op)
  } finally {
    active.pop()
    back()
  }
}

/** Notes that a layer's mode was set, for steps that are recorded. */
export function noteMode(layer: object, training: boolean): void {
  const number = numbers.get(layer) ?? layers++
  numbers.set(layer, number)
  if (training) evaluating.delete(number)
  else evaluating.add(number)
}

/**
 * Names everything that stands in now; a step recorded under one name is not replayed under another.
 * Throws an Error where something does that is never the same again.
 */
export function standInsNow(): string {
  for (const { op, key } of active)
    if (key === undefined)
      throw new Error(
        `capture: a captured step cannot be taken inside ${op}, whose tensors are others every time: call ${op} in the step`,
      )
  const names = active.flatMap(({ key }) => key || [])
  return [...names, ...[...evaluating].sort((a, b) => a - b)].join(' ')
}

/** Throws an Error where weights stand in for others: a parameter that is moved then would not find its way back. */
export function refuseAmongStandIns(op: string): void {
  const other = active.find(({ isWeights }) => isWeights)
  if (other) throw new Error(`${op}: cannot be made inside ${other.op}: make it before`)
}
