/** Toy distributions: their densities, the points drawn of them, and the scores of points. */
import { describe, expect, test } from 'vitest'
import { seed } from '../../src/engine/index.ts'
import { PointStore } from '../../src/models/data/source.ts'
import {
  cellProbabilities,
  density,
  lattice,
  type Toy,
  type ToyName,
  toyOf,
  toys,
} from '../../src/models/data/toys.ts'
import { scorePoints } from '../../src/models/evaluation/toyMetrics.ts'
import { gpuTest } from '../harness.ts'

const names = Object.keys(toys) as ToyName[]

async function drawn(name: ToyName, count: number): Promise<Float32Array> {
  seed(5)
  const store = new PointStore(toyOf(name))
  const points = store.fresh(count)
  const values = await points.data()
  points.dispose()
  store.dispose()
  return values
}

describe.each(names)('%s', (name) => {
  const toy: Toy = toys[name]

  test('the density of a cell, summed finely, is its probability', () => {
    // An even number of cells, so that a cell of this lattice holds whole ones of the fine one.
    const cells = toy.dims === 1 ? 16 : 10
    const fine = cells * (toy.dims === 1 ? 64 : 40)
    const size = (2 * toy.extent) / fine
    const exact = cellProbabilities(toy, cells)
    const summed = new Float64Array(exact.length)
    const columns = fine / cells
    const few = toy.centres.length > 25 ? { ...toy, centres: toy.centres.slice(0, 12) } : toy
    const expected = few === toy ? exact : cellProbabilities(few, cells)
    lattice(few, fine).forEach((point, i) => {
      const [row, column] = [Math.floor(i / fine), i % fine]
      const at = (toy.dims === 1 ? 0 : Math.floor(row / columns) * cells) + Math.floor(column / columns)
      summed[at] += density(few, point) * size ** toy.dims
    })
    summed.forEach((value, i) => {
      expect(Math.abs(value - expected[i])).toBeLessThan(2e-4)
    })
    const inside = exact.reduce((a, b) => a + b)
    expect(inside).toBeGreaterThan(0.99)
    expect(inside).toBeLessThan(1 + 1e-6)
  })

  gpuTest('points that are drawn score as real ones do', async () => {
    const { modes, quality, kl, js } = scorePoints(toy, await drawn(name, 20_000))
    expect(modes).toBe(toy.hasModes ? toy.centres.length : undefined)
    // Within 3 standard deviations lie 99.7% of a Gaussian on a line, 98.9% of one in the plane.
    const expected = toy.dims === 1 ? 0.9973 : 0.98889
    if (toy.hasModes) expect(Math.abs(quality - expected)).toBeLessThan(0.006)
    expect(kl).toBeLessThan(0.06)
    expect(js).toBeLessThan(0.02)
  })

  gpuTest('the other distributions score worse', async () => {
    const own = scorePoints(toy, await drawn(name, 20_000))
    for (const other of names) {
      if (other === name || toys[other].dims !== toy.dims) continue
      const score = scorePoints(toy, await drawn(other, 20_000))
      expect(score.js, other).toBeGreaterThan(own.js + 0.1)
      expect(score.kl, other).toBeGreaterThan(own.kl + 0.1)
      expect(score.quality, other).toBeLessThan(own.quality)
    }
  })
})

test('modes count when a sample of high quality is nearest to them', () => {
  const toy = toys.grid
  const at = (points: number[][]) => scorePoints(toy, Float32Array.from(points.flat()))
  expect(at([[0, 0]])).toMatchObject({ modes: 1, quality: 1 })
  expect(
    at([
      [0.1, 0],
      [2, 0.14],
      [1, 1],
      [99, 0],
    ]),
  ).toMatchObject({ modes: 2, quality: 0.5 })
  expect(at([[Number.NaN, 0]])).toMatchObject({ modes: 0, quality: 0 })
  // Modes and quality are those of the first 2,500.
  const more = Array.from({ length: 2600 }, (_, i) => (i < 2500 ? [0, 0] : [2, 2]))
  expect(at(more)).toMatchObject({ modes: 1, quality: 1 })
})

test('divergences have their textbook values', () => {
  // All samples outside of every cell: disjoint from the data, so JS is log 2.
  const outside = scorePoints(
    toys.ring,
    Float32Array.from({ length: 200 }, () => 50),
  )
  expect(outside.js).toBeCloseTo(Math.log(2), 3)
  // Half of the modes, evenly: KL is log 2.
  const half = Float32Array.from({ length: 100_000 }, (_, i) => {
    const [u, v] = [(i * 0.754877666) % 1 || 0.5, (i * 0.569840291) % 1]
    return -1.5 + 0.4 * Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v)
  })
  expect(scorePoints(toys.bimodal, half).kl).toBeCloseTo(Math.log(2), 1)
})

test('an unknown name is refused with those there are', () => {
  expect(() => toyOf('torus')).toThrow(/no points 'torus'; there are normal, bimodal, ring, grid, spiral/)
})
