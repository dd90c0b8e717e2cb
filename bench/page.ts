/** Runs in headless Chrome for scripts/bench.ts: checks every case against the peer, then times the two in turn. */

import { answer } from '../src/app/commands.ts'
import { adapterName, init, scope, type Tensor, tensor } from '../src/engine/index.ts'
import { type Case, cases } from './cases.ts'

/** An engine's way to run cases. */
export interface Engine {
  name: string
  prepare(c: Case): Promise<Prepared>
}
export interface Prepared {
  /** Runs `count` times and waits for the last result. */
  run(count: number): Promise<Float32Array>
  dispose(): void
}

export interface Quantiles {
  p10: number
  median: number
  p90: number
}
/** Milliseconds: of the first run, compilation included, and of the later ones. */
export interface Timing {
  cold: number
  warm: Quantiles
}
export interface Row {
  name: string
  flops: number
  ours: Timing
  /** `ratio` is theirs to ours, pair by pair. */
  peer?: (Timing & { ratio: Quantiles }) | { error: string }
}

const ours: Engine = {
  name: 'Ganvas',
  async prepare(c) {
    c.setup?.()
    const inputs = c.inputs.map(({ data, shape }) => tensor(data, shape))
    const once = (): Tensor => scope(() => c.ours(inputs))
    return {
      async run(count) {
        for (let i = 1; i < count; i++) once().dispose()
        const y = once()
        const values = await y.data()
        y.dispose()
        return values
      },
      dispose() {
        for (const t of inputs) t.dispose()
      },
    }
  },
}

function quantiles(values: number[]): Quantiles {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (q: number): number => sorted[Math.round(q * (sorted.length - 1))]
  return { p10: at(0.1), median: at(0.5), p90: at(0.9) }
}

async function timed<T>(run: () => Promise<T>): Promise<[number, T]> {
  const start = performance.now()
  const result = await run()
  return [performance.now() - start, result]
}

/** ‖a - b‖ / ‖b‖ */
function relativeError(a: Float32Array, b: Float32Array): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY
  let difference = 0
  let size = 0
  for (let i = 0; i < a.length; i++) {
    difference += (a[i] - b[i]) ** 2
    size += b[i] ** 2
  }
  return Math.sqrt(difference / Math.max(size, 1e-30))
}

/** Loaded only when asked for: the peers are there once they are installed. */
const tfjs = import.meta.glob<{ engine(): Promise<Engine> }>('./peers/*.js')['./peers/tfjs.js']

/** Runs in a row make a span long enough to time, milliseconds. */
const SPAN = 40
const ROUNDS = 7

async function repeatsOf({ run }: Prepared): Promise<number> {
  const [once] = await timed(() => run(1))
  return Math.max(1, Math.min(50, Math.round(SPAN / once)))
}

/** The peer, ready to be timed, once its result is known to be ours. */
async function checkedPeer(c: Case, engine: Engine, expected: Float32Array): Promise<[number, Prepared]> {
  const peer = await engine.prepare(c)
  const [cold, result] = await timed(() => peer.run(1))
  const error = c.tolerance === undefined ? 0 : relativeError(expected, result)
  if (!(error <= (c.tolerance ?? 0)))
    throw new Error(`its result differs from ours by ${error.toExponential(1)}`)
  return [cold, peer]
}

async function measure(c: Case, engine: Engine | undefined): Promise<Row> {
  const a = await ours.prepare(c)
  const [cold, result] = await timed(() => a.run(1))
  let peer: Row['peer']
  let b: [number, Prepared] | undefined
  try {
    b = engine && (await checkedPeer(c, engine, result))
  } catch (error) {
    peer = { error: (error as Error).message }
  }
  const repeats = [await repeatsOf(a), b ? await repeatsOf(b[1]) : 0]
  const times: [number[], number[]] = [[], []]
  for (let round = 0; round < ROUNDS; round++)
    for (const [i, prepared] of [a, b?.[1]].entries())
      if (prepared) times[i].push((await timed(() => prepared.run(repeats[i])))[0] / repeats[i])
  if (b) {
    const ratios = times[1].map((t, i) => t / times[0][i])
    peer = { cold: b[0], warm: quantiles(times[1]), ratio: quantiles(ratios) }
  }
  a.dispose()
  b?.[1].dispose()
  return { name: c.name, flops: c.flops, ours: { cold, warm: quantiles(times[0]) }, peer }
}

const commands = {
  /** Reports a Row for each case whose name has `filter` in it. */
  async bench({
    filter,
    peers,
  }: {
    filter: string
    peers: boolean
  }): Promise<{ adapter: string; peer?: string }> {
    const adapter = adapterName(await init())
    const engine = peers ? await (await tfjs()).engine() : undefined
    for (const c of cases().filter(({ name }) => name.includes(filter)))
      await window.ganvasReport(await measure(c, engine))
    return { adapter, peer: engine?.name }
  },
}
export type BenchCommands = typeof commands

answer(commands, () => {})
