/** The toy game against what is known of it exactly. */
import { expect } from 'vitest'
import { alternating, type Point, simultaneous } from '../../src/models/training/xyGame.ts'
import { gpuTest } from '../harness.ts'

const squaredRadius = ([x, y]: Point): number => x * x + y * y

gpuTest('simultaneous steps multiply the squared radius by 1 + lr², to the bit', async () => {
  // Powers of two: float32 holds every coordinate of these steps, and float64 their squares, without rounding.
  const path = await simultaneous(16, 0.5, [1, 1])
  expect(path).toHaveLength(17)
  path.forEach((point, k) => {
    expect(squaredRadius(point), `step ${k}`).toBe(2 * 1.25 ** k)
  })
})

gpuTest('simultaneous steps spiral outwards at a small learning rate too', async () => {
  const lr = 0.1
  const path = await simultaneous(100, lr)
  expect(path[0]).toEqual([1, 0])
  for (let k = 1; k < path.length; k++) {
    const growth = squaredRadius(path[k]) / squaredRadius(path[k - 1])
    expect(Math.abs(growth - (1 + lr * lr)), `step ${k}`).toBeLessThan(1e-6)
  }
})

gpuTest('alternating steps conserve x² + y² - lr x y, so they neither leave nor arrive', async () => {
  for (const lr of [0.1, 0.5, 1.5]) {
    const path = await alternating(100, lr, [1, 0.5])
    const conserved = ([x, y]: Point): number => x * x + y * y - lr * x * y
    const start = conserved(path[0])
    for (const [k, point] of path.entries()) {
      expect(Math.abs(conserved(point) / start - 1), `lr ${lr}, step ${k}`).toBeLessThan(3e-5)
      // As |x y| <= (x² + y²) / 2, the conserved value bounds the radius from both sides.
      expect(squaredRadius(point)).toBeGreaterThan((start / (1 + lr / 2)) * 0.9999)
      expect(squaredRadius(point)).toBeLessThan((start / (1 - lr / 2)) * 1.0001)
    }
  }
})

gpuTest('x moves first, y from where x has gone', async () => {
  expect(await alternating(1, 0.5, [1, 1])).toEqual([
    [1, 1],
    [0.5, 1.25],
  ])
  expect(await simultaneous(1, 0.5, [1, 1])).toEqual([
    [1, 1],
    [0.5, 1.5],
  ])
})
