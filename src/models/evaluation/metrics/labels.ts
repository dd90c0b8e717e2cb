/** Metrics by a classifier's opinion: the score of sure and varied samples, and modes of labels. Pure. */
import { countOf, type Rows } from './rows.ts'

/**
 * exp E KL(p(y|x) || p(y)) of probabilities [N, classes]: from 1 to the number of classes (Salimans et al. 2016,
 * arXiv:1606.03498, section 4), of all samples at once.
 */
export function classifierScore(probabilities: Rows): number {
  const { values, size } = probabilities
  const count = countOf(probabilities)
  const marginal = new Float64Array(size)
  for (let i = 0; i < values.length; i++) marginal[i % size] += values[i] / count
  let divergence = 0
  for (let i = 0; i < values.length; i++)
    if (values[i] > 0) divergence += (values[i] * Math.log(values[i] / marginal[i % size])) / count
  return Math.exp(divergence)
}

/** The most probable class of each row. */
export function labelsOf({ values, size }: Rows): Uint8Array {
  const labels = new Uint8Array(values.length / size)
  for (let n = 0; n < labels.length; n++)
    for (let c = 1; c < size; c++) if (values[n * size + c] > values[n * size + labels[n]]) labels[n] = c
  return labels
}

export interface ModeScores {
  /** Modes with at least one sample. */
  modes: number
  /** KL(samples || data) in nats, over modes. */
  kl: number
  /** KL(samples || all modes alike). */
  klUniform: number
}

/**
 * How many modes samples cover, and how evenly: `modes` has a whole number for each sample, `data` the probability of each
 * mode. As for the 1,000 modes of Metz et al. 2016 (arXiv:1611.02163).
 */
export function scoreModes(modes: Uint16Array, data: Float64Array): ModeScores {
  const shares = new Float64Array(data.length)
  for (const mode of modes) shares[mode] += 1 / modes.length
  const divergence = (probability: (mode: number) => number): number =>
    shares.reduce((sum, q, mode) => (q > 0 ? sum + q * Math.log(q / probability(mode)) : sum), 0)
  return {
    modes: shares.reduce((count, share) => count + Number(share > 0), 0),
    kl: divergence((mode) => data[mode]),
    klUniform: divergence(() => 1 / data.length),
  }
}

/** Probabilities of the modes abc = 100 a + 10 b + c of three digits drawn one by one, of the digits' labels. */
export function stackedModes(labels: Uint8Array): Float64Array {
  const digits = new Float64Array(10)
  for (const label of labels) digits[label] += 1 / labels.length
  return Float64Array.from(
    { length: 1000 },
    (_, mode) => digits[Math.floor(mode / 100)] * digits[Math.floor(mode / 10) % 10] * digits[mode % 10],
  )
}

/** The modes of labels [3 N], three to a sample. */
export const stackedModeOf = (labels: Uint8Array): Uint16Array =>
  Uint16Array.from(
    { length: labels.length / 3 },
    (_, n) => 100 * labels[3 * n] + 10 * labels[3 * n + 1] + labels[3 * n + 2],
  )
