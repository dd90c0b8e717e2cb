/** Numbers from samples, and of what their rates are compared with. Pure. */
import type { Work } from '../src/engine/ops/products/counts.ts'
import type { Quantiles, Roofs } from './result.ts'

export function quantiles(samples: readonly number[]): Quantiles {
  const sorted = [...samples].sort((a, b) => a - b)
  const at = (q: number): number => sorted[Math.round(q * (sorted.length - 1))]
  return { p10: at(0.1), median: at(0.5), p90: at(0.9) }
}

/** Two measurements of one thing that differ by more than this are noise. */
const NOISE = 0.15
export const differ = (a: number, b: number): boolean => Math.abs(a - b) > NOISE * Math.min(a, b)

/** The greatest common divisor of the steps between time stamps, ns: what the clock counts in. */
export function quantumOf(stamps: readonly number[]): number {
  const gcd = (a: number, b: number): number => {
    while (b) [a, b] = [b, a % b]
    return a
  }
  return stamps.slice(1).reduce((q, t, i) => gcd(q, Math.abs(t - stamps[i])), 0)
}

export interface Figures {
  gflops: number
  gbs: number
  /** FLOPs per compulsory byte. */
  intensity: number
  /** Of the least time that the roofs allow. */
  percent: number
  bound: 'compute' | 'memory'
}

/** The highest rate, GB/s, at which as many bytes were copied, read or written as this; past the largest, as the largest. */
export function bandwidthFor({ bandwidth }: Pick<Roofs, 'bandwidth'>, bytes: number): number {
  const sizes = [...bandwidth].sort((a, b) => a.bytes - b.bytes)
  const { copy, read, write } = sizes.find((size) => 2 * size.bytes >= bytes) ?? sizes[sizes.length - 1]
  return Math.max(copy.best, read.best, write.best)
}

/** What `ms` for this work means under the roofs. */
export function figures({ flops, bytes }: Work, ms: number, roofs: Roofs): Figures {
  const compute = flops / roofs.multiplyAdd.best / 1e6
  const memory = bytes / bandwidthFor(roofs, bytes) / 1e6
  return {
    gflops: flops / ms / 1e6,
    gbs: bytes / ms / 1e6,
    intensity: flops / bytes,
    percent: (100 * Math.max(compute, memory)) / ms,
    bound: compute >= memory ? 'compute' : 'memory',
  }
}
