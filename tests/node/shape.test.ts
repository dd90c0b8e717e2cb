import { describe, expect, test } from 'vitest'
import { ShapeError } from '../../src/engine/errors.ts'
import { foldGrid } from '../../src/engine/gpu/kernel.ts'
import { joinDims } from '../../src/engine/ops/pointwise.ts'
import * as S from '../../src/engine/tensor/shape.ts'

test('sizes, strides, text', () => {
  expect([S.sizeOf([2, 3, 4]), S.sizeOf([])]).toEqual([24, 1])
  expect([S.stridesOf([2, 3, 4]), S.stridesOf([])]).toEqual([[12, 4, 1], []])
  expect(S.shapeText([2, 3])).toBe('[2, 3]')
  expect([S.sameShape([1, 2], [1, 2]), S.sameShape([1], [1, 1]), S.sameShape([1], [2])]).toEqual([
    true,
    false,
    false,
  ])
})

test.each([
  [[2, 3], [3], [2, 3]],
  [
    [2, 1],
    [1, 3],
    [2, 3],
  ],
  [[], [4], [4]],
  [
    [5, 1, 2],
    [3, 1],
    [5, 3, 2],
  ],
])('%j and %j broadcast to %j', (a, b, expected) => {
  expect(S.broadcastShapes(a, b, 'op')).toEqual(expected)
  expect(S.broadcastShapes(b, a, 'op')).toEqual(expected)
})
test('what does not broadcast', () => {
  expect(() => S.broadcastShapes([2, 3], [2], 'op')).toThrow(ShapeError)
})

test('axes count from either end, and are sorted', () => {
  expect(S.normalizeAxes([-1, 0], 3, 'op')).toEqual([0, 2])
  expect(S.normalizeAxes(undefined, 2, 'op')).toEqual([0, 1])
  expect(S.normalizeAxes(1, 2, 'op')).toEqual([1])
  for (const axes of [[2], [-3], [0.5], [1, -1]])
    expect(() => S.normalizeAxes(axes, 2, 'op')).toThrow(ShapeError)
  expect(S.reducedShape([2, 3, 4], [1], true)).toEqual([2, 1, 4])
  expect(S.reducedShape([2, 3, 4], [0, 2], false)).toEqual([3])
})

test('windows', () => {
  const window = S.windowOf([3, 2], { stride: [2, 1], padding: [1, 0, 0, 2] }, 'op')
  expect(window).toEqual({ kernel: [3, 2], stride: [2, 1], padding: [1, 0, 0, 2] })
  expect(S.slideSize(7, 5, window, 'op')).toEqual([3, 6])
  expect(S.windowOf([1, 1], { padding: [1, 2] }, 'op').padding).toEqual([1, 1, 2, 2])
  expect(S.windowOf([1, 1], {}, 'op')).toEqual({ kernel: [1, 1], stride: [1, 1], padding: [0, 0, 0, 0] })
})

describe('joinDims', () => {
  test.each([
    [
      'one index serves all',
      [2, 3, 4],
      [
        [2, 3, 4],
        [2, 3, 4],
      ],
      [24],
      [[1], [1]],
    ],
    [
      'a row',
      [2, 3, 4],
      [[2, 3, 4], [4]],
      [6, 4],
      [
        [4, 1],
        [0, 1],
      ],
    ],
    [
      'a column',
      [6, 4],
      [
        [6, 4],
        [6, 1],
      ],
      [6, 4],
      [
        [4, 1],
        [1, 0],
      ],
    ],
    [
      'per sample and channel',
      [2, 3, 3, 4],
      [
        [2, 3, 3, 4],
        [2, 1, 1, 4],
      ],
      [2, 9, 4],
      [
        [36, 4, 1],
        [4, 0, 1],
      ],
    ],
    ['a scalar', [2, 3], [[]], [6], [[0]]],
    ['nothing but ones', [1, 1], [[1, 1]], [1], [[1]]],
  ])('%s', (_, shape, operands, dims, strides) => {
    expect(joinDims(shape, operands)).toEqual({ dims, strides })
  })
})

test('a grid folds over y, covers all, and has an end', () => {
  expect(foldGrid(65_535, 'op', 65_535)).toEqual([65_535, 1])
  for (const groups of [65_536, 1_000_003]) {
    const [x, y] = foldGrid(groups, 'op', 65_535)
    expect(x).toBeLessThanOrEqual(65_535)
    expect(x * y).toBeGreaterThanOrEqual(groups)
    expect(x * y - groups).toBeLessThan(y)
  }
  expect(() => foldGrid(11, 'op', 3)).toThrow(
    /^op: 11 workgroups exceed 3 x 3 \(maxComputeWorkgroupsPerDimension\)/,
  )
})
