import { expect } from 'vitest'
import * as G from '../../src/engine/index.ts'
import { evaluate, gpuTest } from '../harness.ts'

gpuTest('rows of bytes become scaled floats', async () => {
  const [y] = await evaluate(() => {
    const bytes = Uint8Array.from({ length: 5 * 3 }, (_, i) => 17 * i)
    const table = G.byteTable(bytes, [3, 1])
    return [G.gatherBytes(table, G.tensor([4, 0, 4]), { scale: 2 / 255, shift: -1 })]
  })
  expect(y.shape).toEqual([3, 3, 1])
  const row = (r: number) => [0, 1, 2].map((c) => (2 / 255) * 17 * (3 * r + c) - 1)
  ;[4, 0, 4].flatMap(row).forEach((v, i) => {
    expect(y.data[i]).toBeCloseTo(v, 6)
  })
})

gpuTest('bytes that are no whole number of rows', () => {
  expect(() => G.byteTable(new Uint8Array(7), [2])).toThrow(/^byteTable: 7 bytes are not rows of \[2\]/)
})
