type Counter = [number, number, number, number]
type Key = [number, number]

/** The two halves of the 64-bit product of two unsigned 32-bit integers. */
function multiply(a: number, b: number): { high: number; low: number } {
  const product = BigInt(a) * BigInt(b)
  return { high: Number(product >> 32n), low: Number(product & 0xffffffffn) }
}

/**
 * Philox-4x32 with ten rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011): four
 * random u32 from a counter of four u32 and a key of two. Each round multiplies two of the words by constants
 * and mixes the high halves with the other two words and the key; between rounds the key grows by two
 * further constants.
 */
export function philox4x32_10(counter: Counter, key: Key): Counter {
  let [c0, c1, c2, c3] = counter.map((c) => c >>> 0)
  let [k0, k1] = key.map((k) => k >>> 0)
  for (let round = 0; round < 10; round++) {
    const a = multiply(0xd2511f53, c0)
    const b = multiply(0xcd9e8d57, c2)
    c0 = (b.high ^ c1 ^ k0) >>> 0
    c1 = b.low
    c2 = (a.high ^ c3 ^ k1) >>> 0
    c3 = a.low
    k0 = (k0 + 0x9e3779b9) >>> 0
    k1 = (k1 + 0xbb67ae85) >>> 0
  }
  return [c0, c1, c2, c3]
}

/** Mean, biased variance, skewness E[z³] and excess kurtosis E[z⁴] - 3, where z = (x - mean) / √variance. */
export function moments(sample: ArrayLike<number>): {
  mean: number
  variance: number
  skew: number
  kurtosis: number
} {
  const n = sample.length
  let mean = 0
  for (let i = 0; i < n; i++) mean += sample[i] / n
  let second = 0
  let third = 0
  let fourth = 0
  for (let i = 0; i < n; i++) {
    const d = sample[i] - mean
    second += d ** 2 / n
    third += d ** 3 / n
    fourth += d ** 4 / n
  }
  return { mean, variance: second, skew: third / second ** 1.5, kurtosis: fourth / second ** 2 - 3 }
}

/**
 * Kolmogorov-Smirnov against the uniform distribution on [0, 1).
 * Check the range apart: a lone number outside it hardly moves the statistic.
 */
export function ksUniform(sample: ArrayLike<number>): { statistic: number; pValue: number } {
  return kolmogorovSmirnov(sample, (x) => Math.min(Math.max(x, 0), 1))
}

/** Kolmogorov-Smirnov against the standard normal distribution. */
export function ksNormal(sample: ArrayLike<number>): { statistic: number; pValue: number } {
  return kolmogorovSmirnov(sample, normalCdf)
}

/** D = the largest gap between the sample's distribution function, a staircase of steps 1/n, and `cdf`. */
function kolmogorovSmirnov(sample: ArrayLike<number>, cdf: (x: number) => number) {
  const sorted = Float64Array.from(sample).sort()
  const n = sorted.length
  let statistic = 0
  for (let i = 0; i < n; i++) {
    const expected = cdf(sorted[i])
    statistic = Math.max(statistic, expected - i / n, (i + 1) / n - expected)
  }
  // Stephens' (1970) correction makes the limit law below good for samples of any size that we use.
  const root = Math.sqrt(n)
  return { statistic, pValue: kolmogorovTail((root + 0.12 + 0.11 / root) * statistic) }
}

/** P(K > t) of Kolmogorov's limit law, by whichever of its two series converges fast at t. */
function kolmogorovTail(t: number): number {
  if (Number.isNaN(t)) return Number.NaN
  if (t <= 0) return 1
  let total = 0
  if (t < 1) {
    // 1 - √(2π)/t Σ e^(-(2k-1)² π² / 8t²)
    for (let k = 1; k <= 10; k++) total += Math.exp(-(((2 * k - 1) * Math.PI) ** 2) / (8 * t * t))
    return 1 - (Math.sqrt(2 * Math.PI) / t) * total
  }
  // 2 Σ (-1)^(k-1) e^(-2 k² t²)
  for (let k = 1; k <= 10; k++) total += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * t * t)
  return total
}

/** Φ(x) = ½ + φ(x) (x + x³/3 + x⁵/(3·5) + x⁷/(3·5·7) + ...); the terms share one sign: none cancel. */
function normalCdf(x: number): number {
  if (x > 8) return 1
  if (x < -8) return 0
  let term = x
  let total = x
  // By 200 terms the largest |x| allowed has converged: each term is x² / (2k + 1) of the one before.
  for (let k = 1; k <= 200; k++) {
    term *= (x * x) / (2 * k + 1)
    total += term
  }
  return 0.5 + (Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI)) * total
}
