import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { frechetDistance } from '../../src/models/evaluation/metrics/frechet.ts'
import { type ImageScores, METRICS, scoreImages } from '../../src/models/evaluation/metrics/index.ts'
import { kernelDistance } from '../../src/models/evaluation/metrics/kernelDistance.ts'
import {
  classifierScore,
  labelsOf,
  scoreModes,
  stackedModeOf,
  stackedModes,
} from '../../src/models/evaluation/metrics/labels.ts'
import { product, squareRoot, symmetricEigen } from '../../src/models/evaluation/metrics/linalg.ts'
import { manifold, nearest } from '../../src/models/evaluation/metrics/neighbours.ts'
import type { Rows } from '../../src/models/evaluation/metrics/rows.ts'

const rows = (...of: number[][]): Rows => ({ values: Float32Array.from(of.flat()), size: of[0].length })

interface Case {
  name: string
  size: number
  real: number[]
  samples: number[]
  probabilities: number[]
  scores: ImageScores
}
const cases: Case[] = JSON.parse(readFileSync('tests/fixtures/metrics.json', 'utf8'))

test.each(cases)("NumPy's scores: $name", ({ size, real, samples, probabilities, scores }) => {
  const rowsOf = (values: number[], width: number): Rows => ({
    values: Float32Array.from(values),
    size: width,
  })
  const made = scoreImages(rowsOf(real, size), {
    features: rowsOf(samples, size),
    probabilities: rowsOf(probabilities, 5),
  })
  for (const name of METRICS) {
    // Roots of eigenvalues that are 0 are as exact as the root of rounding allows.
    const tolerance = name === 'frechet' ? 1e-6 : 1e-9
    expect(Math.abs(made[name] - scores[name]), name).toBeLessThanOrEqual(
      tolerance * Math.abs(scores[name]) + 1e-12,
    )
  }
})

test('Fréchet distance of a line: (m1 - m2)² + (s1 - s2)²', () => {
  // Means 0 and 5; standard deviations √2 and 3 √2.
  expect(frechetDistance(rows([-1], [1]), rows([2], [8]))).toBeCloseTo(25 + (3 - 1) ** 2 * 2, 10)
  expect(frechetDistance(rows([1, 2], [3, 5], [0, 1]), rows([1, 2], [3, 5], [0, 1]))).toBeCloseTo(0, 10)
})

test('kernel distance by hand: d = 1, k = (x y + 1)³', () => {
  // Pairs of a: k(0, 1) = 1; of b: k(1, 2) = 27; across: 1, 1, 8, 27.
  expect(kernelDistance(rows([0], [1]), rows([1], [2]))).toBeCloseTo(1 + 27 - (2 * (1 + 1 + 8 + 27)) / 4, 12)
})

test('precision, recall, density, coverage on a line', () => {
  const real = rows(...[0, 1, 2, 3, 4, 5].map((x) => [x]))
  // All at one place: within every ball of k = 5, whose radii are 5, 4, 3, 3, 4, 5, but of no width themselves.
  const collapsed = rows(...Array.from({ length: 6 }, () => [2.5]))
  expect(manifold(real, collapsed)).toEqual({ precision: 1, recall: 0, density: 6 / 5, coverage: 1 })
  // Balls of k = 3 around 0 to 5 reach 3, 2, 2, 2, 2, 3: to -3 and 8. Those of the samples reach all of the real ones.
  const spread = rows(...[-20, -3, 2, 8, 9, 30].map((x) => [x]))
  const { precision, recall } = manifold(real, spread)
  expect(precision).toBe(3 / 6)
  expect(recall).toBe(1)
  const far = rows(...[100, 101, 102, 103, 104, 105].map((x) => [x]))
  expect(manifold(real, far)).toEqual({ precision: 0, recall: 0, density: 0, coverage: 0 })
  expect(() => manifold(real, rows([1], [2]))).toThrow('expected at least 6 samples, got 2')
  expect(() => manifold(real, rows([1, 2]))).toThrow('rows of 1 values against rows of 2')
})

test('nearest neighbours, the nearest first', () => {
  const real = rows([0, 0], [3, 4], [1, 0], [-5, 0])
  expect(nearest(real, rows([0.9, 0], [3, 3]), 3)).toEqual([
    [2, 0, 1],
    [1, 2, 0],
  ])
  expect(nearest(rows([0], [1]), rows([5]), 9)).toEqual([[1, 0]])
  const many = rows(...Array.from({ length: 10_000 }, (_, i) => [Math.abs(i - 7000)]))
  expect(nearest(many, rows([-1]), 3)).toEqual([[7000, 6999, 7001]])
})

test('score of a classifier: 1 when it is unsure or always says the same, the number of classes at best', () => {
  expect(classifierScore(rows([0.5, 0.5], [0.5, 0.5]))).toBeCloseTo(1, 12)
  expect(classifierScore(rows([1, 0], [1, 0]))).toBeCloseTo(1, 12)
  expect(classifierScore(rows([1, 0, 0], [0, 1, 0], [0, 0, 1]))).toBeCloseTo(3, 12)
  expect([...labelsOf(rows([0.1, 0.7, 0.2], [0.4, 0.2, 0.4]))]).toEqual([1, 0])
})

test('modes: covered, and how far from the data', () => {
  const data = Float64Array.of(0.5, 0.25, 0.25, 0)
  const even = scoreModes(Uint16Array.of(0, 0, 1, 2), data)
  expect(even.modes).toBe(3)
  expect(even.kl).toBeCloseTo(0, 12)
  expect(even.klUniform).toBeCloseTo(0.5 * Math.log(2), 12)
  expect(scoreModes(Uint16Array.of(1, 1, 1), data)).toEqual({
    modes: 1,
    kl: Math.log(4),
    klUniform: Math.log(4),
  })
  expect([...stackedModeOf(Uint8Array.of(1, 2, 3, 0, 0, 9))]).toEqual([123, 9])
  const modes = stackedModes(Uint8Array.of(0, 0, 0, 7))
  expect(modes[700]).toBeCloseTo(0.75 * 0.75 * 0.25, 12)
  expect(modes.reduce((a, b) => a + b)).toBeCloseTo(1, 12)
})

test('eigenvectors and roots of a symmetric matrix', () => {
  const n = 24
  const factor = Float64Array.from({ length: n * n }, (_, i) => Math.sin(i * i + 1))
  const transposed = factor.map((_, i) => factor[(i % n) * n + Math.floor(i / n)])
  const matrix = product(factor, transposed, n)
  const root = squareRoot(matrix, n)
  product(root, root, n).forEach((x, i) => {
    expect(x).toBeCloseTo(matrix[i], 12)
  })
  const { values, vectors } = symmetricEigen(matrix, n)
  for (let c = 0; c < n; c++)
    for (let r = 0; r < n; r++) {
      let y = 0
      for (let k = 0; k < n; k++) y += matrix[r * n + k] * vectors[k * n + c]
      expect(y).toBeCloseTo(values[c] * vectors[r * n + c], 12)
    }
})
