/** The timed search for the fastest variants of the kernels that some work launches. */

import { LimitError, ShaderError } from '../errors.ts'
import { type Gpu, gpu } from '../gpu/device.ts'
import {
  type Choice,
  type Found,
  listen,
  setTuned,
  tuned,
  USUAL,
  withVariant,
} from '../ops/products/tuned.ts'
import { profile } from '../profiling/profile.ts'
import { refusePromise, scope } from '../tensor/tensor.ts'

export interface TuneProgress {
  /** Problems that are known by now, and in all. */
  done: number
  total: number
  /** The one that comes next. */
  problem?: string
}

export interface TuneOptions {
  /** The search ends after this long; what it has not come to stays as it was. 60 if left out. */
  seconds?: number
  /** Search again for what is known already. */
  force?: boolean
  onProgress?(progress: TuneProgress): void
  /** Asked between samples: whether to end the search. */
  isInterrupted?(): boolean
}

export interface TuneResult {
  /** What was found in this search, by problem, the most expensive first. */
  found: Record<string, Found>
  /** Problems that were known before. */
  known: number
  /** Problems that there was no time for. */
  left: number
}

/** A sample should last this long: a launch alone may be shorter than what the clock can tell. */
const SAMPLE_MS = 4
const MOST_REPEATS = 256
const ROUNDS = 5
/** A variant this many times as slow as the best in the first round is not timed again. */
const HOPELESS = 1.5
/** What a variant must take off the usual one's time to be more than noise, and in how many of the rounds it must lead. */
const GAIN = 0.05
const LEADS = 4

interface Asked extends Choice {
  calls: number
}

/** A variant, and what it took in each round, ms. */
export interface Rival {
  name: string
  times: number[]
}

type Launch = (variant: string) => void

/**
 * Runs `body`, which must not be async, and times the variants of every kernel that it launches, each on tensors of its
 * own; what is faster than the usual one is used from then on. What `body` makes is freed; a training step in it is
 * taken like any other. One that was recorded before asks for nothing and keeps its variants: `body` is to run a new one.
 * Rejects with DeviceLostError when the device is lost, and with what `body` throws.
 */
export async function tune(
  body: () => unknown,
  { seconds = 60, force = false, onProgress, isInterrupted = () => false }: TuneOptions = {},
): Promise<TuneResult> {
  const g = gpu()
  const asked = choicesOf(body)
  await done(g)
  const end = performance.now() + seconds * 1000
  const isOver = (): boolean => isInterrupted() || performance.now() >= end
  const before = tuned().found
  const wanted = asked.filter(({ problem }) => force || !before[problem])
  const known = asked.length - wanted.length
  const found: Record<string, Found> = {}
  const report = (problem?: string): void =>
    onProgress?.({ done: known + Object.keys(found).length, total: asked.length, problem })
  for (const choice of await longestFirst(g, wanted, isOver)) {
    if (isOver()) break
    report(choice.problem)
    const best = await onItsOwn(choice, (launch) => fastest(g, choice, launch, isOver))
    if (!best) break
    found[choice.problem] = best
    setTuned({ ...tuned(), found: { ...before, ...found } })
  }
  report()
  return { found, known, left: wanted.length - Object.keys(found).length }
}

/** What `body` asks for, with how often. */
function choicesOf(body: () => unknown): Asked[] {
  const asked = new Map<string, Asked>()
  const hear = (choice: Choice): void => {
    const known = asked.get(choice.problem)
    if (known) known.calls++
    else asked.set(choice.problem, { ...choice, calls: 1 })
  }
  listen(hear, () =>
    scope(() => {
      refusePromise(body(), 'tune')
    }),
  )
  return [...asked.values()].filter(({ variants }) => variants.length > 1)
}

/** By what they take in all with the usual variants; in the order of asking, should there be no time to look. */
async function longestFirst(g: Gpu, asked: Asked[], isOver: () => boolean): Promise<Asked[]> {
  const timed: { choice: Asked; ms: number }[] = []
  for (const choice of asked) {
    const once = isOver() ? 0 : await onItsOwn(choice, (launch) => usualTime(g, launch))
    timed.push({ choice, ms: once * choice.calls })
  }
  return timed.sort((a, b) => b.ms - a.ms).map(({ choice }) => choice)
}

/** The second launch: the first may compile. */
async function usualTime(g: Gpu, launch: Launch): Promise<number> {
  await sample(g, () => launch(USUAL), 1)
  return (await sample(g, () => launch(USUAL), 1)).ms
}

/** Runs `body` with the problem on tensors of its own. */
async function onItsOwn<T>(choice: Choice, body: (launch: Launch) => Promise<T>): Promise<T> {
  const { operands, launch } = scope(() => choice.again())
  try {
    return await body((variant) => withVariant(variant, () => scope(launch)))
  } finally {
    for (const t of Object.values(operands)) t.dispose()
  }
}

/** Times the variants in turn; undefined when there is no time left to. */
async function fastest(
  g: Gpu,
  { variants, usual: usualOf }: Choice,
  launch: Launch,
  isOver: () => boolean,
): Promise<Found | undefined> {
  const usual = usualOf()
  const { kernels: own } = await sample(g, () => launch(usual), 1)
  const repeats = await repeatsFor(g, () => launch(usual))
  const kernels = new Set([own])
  let rivals: Rival[] = [{ name: usual, times: [] }]
  for (const name of variants) {
    if (isOver()) return undefined
    // Where two come to the same, one is timed.
    const compiled = name !== usual && (await tryOut(g, () => launch(name)))
    if (!compiled || kernels.has(compiled)) continue
    kernels.add(compiled)
    rivals.push({ name, times: [] })
  }
  for (let round = 0; round < ROUNDS; round++) {
    for (const { name, times } of rivals) {
      if (isOver()) return undefined
      times.push((await sample(g, () => launch(name), repeats)).ms)
    }
    const best = Math.min(...rivals.map(({ times }) => median(times)))
    rivals = rivals.filter(({ name, times }) => name === usual || median(times) <= HOPELESS * best)
  }
  return winner(rivals)
}

/** Launches that last as long as a sample should. */
async function repeatsFor(g: Gpu, launch: () => void): Promise<number> {
  for (let repeats = 1; ; repeats *= 4) {
    const { ms } = await sample(g, launch, repeats)
    if (ms * repeats * 4 > SAMPLE_MS || repeats >= MOST_REPEATS)
      return Math.max(repeats, Math.min(MOST_REPEATS, Math.ceil(SAMPLE_MS / ms)))
  }
}

/** The fastest of the rivals, of which the first is the usual one, if it is that by more than the noise. */
export function winner([usual, ...others]: Rival[]): Found {
  const own = median(usual.times)
  const better = others
    .map(({ name, times }) => ({
      name,
      ratio: median(times) / own,
      leads: times.filter((ms, round) => ms < usual.times[round]).length,
    }))
    .filter(({ ratio, leads }) => ratio < 1 - GAIN && leads >= LEADS)
    .sort((a, b) => a.ratio - b.ratio)[0]
  return { variant: better?.name ?? usual.name, usual: usual.name, ratio: better?.ratio ?? 1 }
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]

/** What a variant launches; undefined where the adapter cannot run it after all. */
async function tryOut(g: Gpu, launch: () => void): Promise<string | undefined> {
  try {
    return (await sample(g, launch, 1)).kernels
  } catch (error) {
    if (error instanceof ShaderError || error instanceof LimitError) return undefined
    throw error
  }
}

interface Sample {
  /** Of one launch. */
  ms: number
  /** What was launched: the same text for the same kernels on the same grids. */
  kernels: string
}

/** By the GPU's clock where it has one, else from the submit until it is done. */
async function sample(g: Gpu, launch: () => void, repeats: number): Promise<Sample> {
  await done(g)
  const start = performance.now()
  const { passes } = await profile(g, async () => {
    for (let i = 0; i < repeats; i++) launch()
    await done(g)
  })
  const wall = performance.now() - start
  const stamped = passes.reduce((sum, { begin = 0, end = 0 }) => sum + (end - begin) / 1e6, 0)
  const hasStamps = passes[0]?.begin !== undefined
  const kernels = passes.flatMap(({ dispatches }) =>
    dispatches.map(({ pipeline, grid }) => `${pipeline.label} on ${grid}`),
  )
  // A clock may be too coarse for a launch: no sample takes no time.
  return { ms: Math.max(hasStamps ? stamped : wall, 1e-3) / repeats, kernels: kernels.join('; ') }
}

/** Waits until the device has done what it was asked for. Rejects with the first error in it. */
async function done(g: Gpu): Promise<void> {
  g.flush()
  await g.device.queue.onSubmittedWorkDone()
  if (g.lost) throw g.lost
  await g.settle()
}
