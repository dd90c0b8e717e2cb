import { expect, test } from 'vitest'
import { DataError, seed } from '../../src/engine/index.ts'
import {
  type Images,
  kindOf,
  parseLabels,
  sampleSize,
  spreadOf,
  stack,
  tableOf,
} from '../../src/models/data/data.ts'
import { unstacked } from '../../src/models/evaluation/digits.ts'
import { gpuTest, valuesOf } from '../harness.ts'

/** Image i is grey all over, of brightness 60 i. */
const images: Images = {
  name: 'four greys',
  count: 4,
  size: 8,
  channels: 1,
  bytes: Uint8Array.from({ length: 4 * 64 }, (_, i) => 60 * Math.floor(i / 64)),
}

gpuTest('stacked images have an image of their own in each channel, drawn one by one', async () => {
  seed(3)
  const data = stack(images)
  const kind = kindOf(data)
  expect(kind).toEqual({ size: 8, channels: 3, stacked: true })
  expect(sampleSize(kind)).toEqual({ size: 8, channels: 3 })
  expect(spreadOf(data)).toBe(spreadOf(images))
  const table = tableOf(data)
  const values = await valuesOf(() => table.batch(64))
  table.dispose()
  const digits = Array.from(values, (x) => Math.round(((x + 1) * 255) / 2 / 60))
  const seen = new Set<string>()
  for (let n = 0; n < 64; n++) {
    const sample = digits.slice(n * 64 * 3, (n + 1) * 64 * 3)
    const [r, g, b] = sample
    expect(sample).toEqual(Array.from({ length: 64 }, () => [r, g, b]).flat())
    seen.add(`${r}${g}${b}`)
  }
  expect(seen.size).toBeGreaterThan(25) // of 64 modes; with the same image in every channel it would be 4
})

test('stacked images come apart into their channels', () => {
  expect([...unstacked(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), 2)]).toEqual([
    1, 4, 2, 5, 3, 6, 7, 10, 8, 11, 9, 12,
  ])
})

test('only grey images can be stacked', () => {
  const colour = { ...images, channels: 3, name: 'colours' }
  expect(() => stack(colour)).toThrow('colours: only grey images can be stacked, these have 3 channels')
})

test('labels are read from an IDX file, and nothing else is', () => {
  const file = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9)
  expect([...parseLabels(file, 'x')]).toEqual([7, 8, 9])
  expect(() => parseLabels(file.subarray(0, 10), 'cut')).toThrow('cut: holds 2 labels, its header says 3')
  expect(() => parseLabels(Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 3), 'pictures')).toThrow(DataError)
})
