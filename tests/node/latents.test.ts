import { expect, test } from 'vitest'
import { joined, lerp, meanOf, rowsOf, slerp } from '../../src/models/evaluation/latents.ts'

test('lerp is the line, slerp the arc', () => {
  const [a, b] = [
    [2, 0],
    [0, 2],
  ]
  expect([...lerp(a, b, 0.25)]).toEqual([1.5, 0.5])
  expect([...slerp(a, b, 0)]).toEqual([2, 0])
  const middle = slerp(a, b, 1 / 3)
  expect(middle[0]).toBeCloseTo(2 * Math.cos(Math.PI / 6), 6)
  expect(middle[1]).toBeCloseTo(2 * Math.sin(Math.PI / 6), 6)
  expect(slerp(a, b, 1)[0]).toBeCloseTo(0, 6)
})

test('between lengths that differ, and where there is no arc', () => {
  expect(Math.hypot(...slerp([3, 0], [0, 1], 0.5))).toBeCloseTo(Math.hypot(3 * Math.SQRT1_2, Math.SQRT1_2), 6)
  expect([...slerp([1, 2], [1, 2], 0.3)]).toEqual([...lerp([1, 2], [1, 2], 0.3)])
  expect([...slerp([1, 0], [-1, 0], 0.5)]).toEqual([0, 0])
})

test('latents to rows and back, and their mean', () => {
  const rows = rowsOf(Float32Array.of(1, 2, 3, 4, 5, 6), 2)
  expect(rows.map((row) => [...row])).toEqual([
    [1, 2],
    [3, 4],
    [5, 6],
  ])
  expect([...joined(rows)]).toEqual([1, 2, 3, 4, 5, 6])
  expect([...meanOf(rows)]).toEqual([3, 4])
})
