/** The same work by us and by a peer, in turn, in one page on one adapter. Outputs are compared before anything is timed. */
import type { Gpu } from '../src/engine/gpu/device.ts'
import { scope, tensor } from '../src/engine/index.ts'
import { relativeError } from '../tests/ref/index.ts'
import type { Values } from './inputs.ts'
import type { PeerResult } from './result.ts'
import type { PeerWork, Row } from './row.ts'
import { quantiles } from './stats.ts'
import { type StepCase, StepSession } from './steps.ts'

/** Another engine. */
export interface Peer {
  /** Name and version. */
  name: string
  /** Whether it has the function that PeerWork calls by this name. */
  has(op: string): boolean
  prepare(work: PeerWork, inputs: Values[]): Promise<Prepared>
}

export interface Prepared {
  /** Runs `count` times; the results of the last run, waited for. */
  run(count: number): Promise<Float32Array[]>
  dispose(): void
}

export function preparedRow(row: Row): Prepared {
  const inputs = row.inputs.map(({ data, shape }) => tensor(data, shape))
  const session = row.begin(inputs)
  const once = () => scope(() => session.run())
  return {
    async run(count) {
      for (let i = 1; i < count; i++) for (const t of once()) t.dispose()
      const results = once()
      const values = await Promise.all(results.map((t) => t.data()))
      for (const t of results) t.dispose()
      return values
    },
    dispose() {
      session.dispose?.()
      for (const t of inputs) t.dispose()
    },
  }
}

export function preparedStep(c: StepCase): Prepared {
  const session = new StepSession(c)
  return {
    async run(count) {
      for (let i = 1; i < count; i++) session.step().catch(() => {}) // the last one tells
      return Array.from(await session.step(), (loss) => Float32Array.of(loss))
    },
    dispose() {},
  }
}

/**
 * Relative errors allowed, as norms. Kernels differ by rounding: both are float32, added in other orders. The losses of
 * a first step, with other random numbers, are only known to be about 2 log 2 and log 2: wider networks begin with wider
 * opinions, at width 64 with twice as much or nearly nothing.
 */
export const TOLERANCES = { kernel: 1e-4, step: 1.5 }
/** A span of runs in a row that is long enough to time by wall, ms. */
const SPAN_MS = 40
const MOST_REPEATS = 50
/** Pairs that are timed; fewer where one takes long. */
const ROUNDS = { most: 7, least: 3 }
const LONG_MS = 5000
/** A peer that takes longer for one call has failed. */
const LIMIT_MS = 180_000

/** After an error the page should be left: what the peer holds is not freed, and it may be broken. */
export async function compare(
  g: Gpu,
  peer: Peer,
  work: PeerWork,
  inputs: Values[],
  prepareOurs: () => Prepared,
  tolerance: number,
): Promise<PeerResult> {
  let ours: Prepared | undefined
  try {
    const start = performance.now()
    ours = prepareOurs()
    const expected = await ours.run(1)
    const begin = performance.now()
    const oursCold = begin - start
    const theirs = await within(peer.prepare(work, inputs), LIMIT_MS)
    const [, results] = await timed(theirs, 1)
    const cold = performance.now() - begin
    checkOutputs(results, expected, tolerance)
    const dispatches = await dispatchesOf(() => timed(theirs, 1))
    const repeats = [await repeatsOf(ours), await repeatsOf(theirs)]
    const rounds = cold > LONG_MS ? ROUNDS.least : ROUNDS.most
    const times: number[][] = [[], []]
    for (let round = 0; round < rounds; round++)
      for (const [i, engine] of [ours, theirs].entries())
        times[i].push((await timed(engine, repeats[i]))[0] / repeats[i])
    theirs.dispose()
    const ratio = quantiles(times[1].map((t, i) => t / times[0][i]))
    const [warm, warmOurs] = [quantiles(times[1]), quantiles(times[0])]
    return { engine: peer.name, cold, oursCold, dispatches, warm, ours: warmOurs, ratio }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    const lost = g.lost ? 'the GPU device was lost while it ran: ' : ''
    return { engine: peer.name, error: lost + message }
  } finally {
    if (!g.lost) ours?.dispose()
  }
}

function checkOutputs(results: Float32Array[], expected: Float32Array[], tolerance: number): void {
  const errors = expected.map((y, i) => relativeError(results[i] ?? [], y))
  const error = Math.max(...errors)
  if (!(error <= tolerance)) throw new Error(`its result differs from ours by ${error.toExponential(1)}`)
}

async function timed(engine: Prepared, count: number): Promise<[number, Float32Array[]]> {
  const start = performance.now()
  const results = await within(engine.run(count), LIMIT_MS)
  return [performance.now() - start, results]
}

/** Whoever makes them. */
async function dispatchesOf(body: () => Promise<unknown>): Promise<number> {
  const { prototype } = GPUComputePassEncoder
  const { dispatchWorkgroups } = prototype
  let count = 0
  prototype.dispatchWorkgroups = function (...groups) {
    count++
    return dispatchWorkgroups.apply(this, groups)
  }
  try {
    await body()
    return count
  } finally {
    prototype.dispatchWorkgroups = dispatchWorkgroups
  }
}

async function repeatsOf(engine: Prepared): Promise<number> {
  const [once] = await timed(engine, 1)
  return Math.max(1, Math.min(MOST_REPEATS, Math.round(SPAN_MS / once)))
}

/** Rejects when `promise` takes too long: a lost device may leave a peer waiting for ever. */
function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout>
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1000} s`)), ms)
  })
  return Promise.race([promise, late]).finally(() => clearTimeout(timer))
}
