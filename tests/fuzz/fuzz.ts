/** Tries targets in turn, and says what went wrong with which input. */
import { FILES, type Target } from './files.ts'
import { faultOf } from './judge.ts'
import { Random } from './random.ts'
import { runs } from './runs.ts'
import { isWaiting } from './waiting.ts'
import { WORDS } from './words.ts'

export interface Fault {
  target: string
  /** Repeats the case: `npm run test:fuzz -- --seed … --target … --case …`. */
  seed: number
  number: number
  fault: string
  input: string
}

/** All that is tried in this process; some of it writes below `folder`. */
export const targetsIn = (folder: string): Target[] => [...FILES, ...runs(folder), ...WORDS]

/** One case: the same for the same seed, target and number. */
export function tryCase(target: Target, seed: number, number: number): Fault | undefined {
  const { name, make } = target
  const tried = make(new Random(`${seed}/${name}/${number}`))
  const fault = faultOf(tried)
  if (fault === undefined || isWaiting(name, fault)) return undefined
  return { target: name, seed, number, fault, input: tried.input }
}

export interface Limits {
  seed: number
  seconds: number
  /** The number of the first case of each target. */
  from?: number
  /** Told before a case is tried: should it never end, this is what was last. */
  onCase?(target: string, number: number): void
  onFault?(fault: Fault): void
}

/** Tries the targets in turn until the time is over. */
export function fuzz(
  targets: readonly Target[],
  { seed, seconds, from = 0, onCase, onFault }: Limits,
): { cases: number; faults: Fault[] } {
  const end = performance.now() + 1000 * seconds
  const faults: Fault[] = []
  for (let cases = 0; ; cases++) {
    if (performance.now() > end) return { cases, faults }
    const target = targets[cases % targets.length]
    const number = from + Math.floor(cases / targets.length)
    onCase?.(target.name, number)
    const fault = tryCase(target, seed, number)
    if (!fault) continue
    faults.push(fault)
    onFault?.(fault)
  }
}
