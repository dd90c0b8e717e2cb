/** Times work on the device: by GPU timestamps where the adapter has them, else by wall time. */
import type { Gpu } from '../src/engine/gpu/device.ts'
import { type PassRecord, profile } from '../src/engine/profiling/profile.ts'
import type { Quantiles } from './result.ts'
import { differ, quantiles, quantumOf } from './stats.ts'

/** A sample should last this long, and this many steps of the clock; otherwise the work is repeated within it. */
const SAMPLE_MS = 4
const SAMPLE_STEPS = 100
const MOST_REPEATS = 512
/** How long to take samples, about. */
const RUN_MS = 200
const QUICK_MS = 60
const SAMPLES = { least: 3, most: 10 }
/** Above this a clock is coarse: passes are too short for it one by one. */
const COARSE_NS = 1000
const NS_PER_MS = 1e6

export interface Timing {
  /** Milliseconds of one repetition. */
  times: Quantiles
  /** The medians of the two runs. */
  runs: [number, number]
  /** These differ too much. */
  noisy: boolean
}

export class Clock {
  private constructor(
    readonly kind: 'gpu' | 'wall',
    /** Steps that it counts in, ns. */
    readonly quantum: number,
  ) {}

  /** The best that the device has. `touch` records a dispatch: its times show the steps. */
  static async of(g: Gpu, touch: () => void): Promise<Clock> {
    if (!g.device.features.has('timestamp-query')) return new Clock('wall', wallQuantum())
    const many = (): void => {
      for (let i = 0; i < 200; i++) touch()
    }
    const { passes } = await profile(g, many, { each: true })
    return new Clock('gpu', quantumOf(passes.flatMap(({ begin = 0, end = 0 }) => [begin, end])))
  }

  /** Times `work`, which records dispatches on `g`, in two runs. It has run before. */
  async time(g: Gpu, work: () => void): Promise<Timing> {
    const repeats = await this.repeatsOf(g, work)
    const [first, second] = [
      await this.run(g, work, repeats, RUN_MS),
      await this.run(g, work, repeats, RUN_MS),
    ]
    const runs: [number, number] = [quantiles(first).median, quantiles(second).median]
    return { times: quantiles([...first, ...second]), runs, noisy: differ(...runs) }
  }

  /** The same in less time, for what is one of many attempts. */
  async quickly(g: Gpu, work: () => void): Promise<Quantiles> {
    return quantiles(await this.run(g, work, await this.repeatsOf(g, work), QUICK_MS))
  }

  private async repeatsOf(g: Gpu, work: () => void): Promise<number> {
    const once = await this.sample(g, work, 1)
    const wanted = Math.max(SAMPLE_MS, (SAMPLE_STEPS * this.quantum) / NS_PER_MS)
    return Math.max(1, Math.min(MOST_REPEATS, Math.ceil(wanted / once)))
  }

  /** Samples for about `ms`. */
  private async run(g: Gpu, work: () => void, repeats: number, ms: number): Promise<number[]> {
    const samples = [await this.sample(g, work, repeats)]
    const wanted = Math.round(ms / (samples[0] * repeats))
    const count = Math.max(SAMPLES.least, Math.min(SAMPLES.most, wanted))
    while (samples.length < count) samples.push(await this.sample(g, work, repeats))
    return samples
  }

  private async sample(g: Gpu, work: () => void, repeats: number): Promise<number> {
    const all = (): void => {
      for (let i = 0; i < repeats; i++) work()
    }
    if (this.kind === 'gpu') return gpuTime((await profile(g, all)).passes, this.quantum) / repeats
    const start = performance.now()
    all()
    await finished(g)
    return (performance.now() - start) / repeats
  }
}

/** Waits until the device has done everything recorded. Rejects with the first error since the last wait. */
export async function finished(g: Gpu): Promise<void> {
  g.flush()
  await g.device.queue.onSubmittedWorkDone()
  await g.settle()
}

/**
 * Milliseconds of work that went in these passes: the passes alone where the clock is fine, so without what the GPU
 * waits for between them; from the first to the last where it is coarse.
 */
export function gpuTime(passes: readonly PassRecord[], quantum: number): number {
  if (quantum > COARSE_NS) return spanOf(passes)
  return passes.reduce((total, { begin = 0, end = 0 }) => total + end - begin, 0) / NS_PER_MS
}

/** Milliseconds from the first pass to the last. */
export function spanOf(passes: readonly PassRecord[]): number {
  const first = Math.min(...passes.map(({ begin = 0 }) => begin))
  return (Math.max(...passes.map(({ end = 0 }) => end)) - first) / NS_PER_MS
}

/** The smallest step that `performance.now()` takes, ns. */
function wallQuantum(): number {
  let least = Number.POSITIVE_INFINITY
  for (let i = 0, last = performance.now(); i < 50; ) {
    const now = performance.now()
    if (now === last) continue
    least = Math.min(least, now - last)
    last = now
    i++
  }
  return Math.round(least * NS_PER_MS)
}
