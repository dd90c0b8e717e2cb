/** NaN and infinities through resampling, tables and copies. */
import { describe, expect } from 'vitest'
import * as G from '../../src/engine/index.ts'
import { tensor } from '../../src/engine/index.ts'
import { evaluate, gpuTest, valuesOf } from '../harness.ts'
import { INF, MAX, NAN, nansOf, normals, places, withOne } from './one.ts'

describe('images', () => {
  const image = (value: number) => withOne([1, 6, 6, 4], value, (2 * 6 + 3) * 4) // pixel (2, 3), channel 0
  const around = (size: number, [y, x]: [number, number], [below, above]: [number, number]): number[] =>
    places(size * size * 4, (i) => {
      const [dy, dx] = [Math.floor(i / 4 / size) - y, (Math.floor(i / 4) % size) - x]
      return i % 4 === 0 && Math.min(dy, dx) >= below && Math.max(dy, dx) <= above
    })
  gpuTest('blur2d reaches its neighbours; an infinity stays one, at the border, too', async () => {
    expect(await nansOf(() => G.blur2d(image(NAN)))).toEqual(around(6, [2, 3], [-1, 1]))
    const y = await valuesOf(() => G.blur2d(withOne([1, 3, 3, 4], INF, 0, 32)))
    expect(y.findIndex(Number.isNaN)).toBe(-1)
    expect(places(36, (i) => y[i] === INF)).toEqual(places(36, (i) => i % 4 === 0 && ![8, 24].includes(i)))
  })
  gpuTest('upsample2d, and its gradient', async () => {
    expect(await nansOf(() => G.upsample2d(image(NAN), { scale: 2 }))).toEqual(around(12, [4, 6], [0, 1]))
    const bilinear = { scale: 2, mode: 'bilinear' } as const
    expect(await nansOf(() => G.upsample2d(image(NAN), bilinear))).toEqual(around(12, [4, 6], [-1, 2]))
    for (const value of [NAN, INF]) {
      const dx = await valuesOf(() => {
        const x = normals(1, 6, 6, 4)
        const gradOutput = withOne([1, 12, 12, 4], value, (5 * 12 + 7) * 4) // between pixels 2 and 3, 3 and 4
        return G.grad(G.upsample2d(x, bilinear), [x], { gradOutput })[0]
      })
      expect(places(144, (i) => !Number.isFinite(dx[i]))).toEqual(around(6, [2, 3], [0, 1]))
      expect(places(144, (i) => Object.is(dx[i], value))).toHaveLength(4)
    }
  })
  gpuTest('pools', async () => {
    const pool = { kernel: 3, stride: 1, padding: 1 }
    for (const op of [G.maxPool2d, G.avgPool2d])
      expect(await nansOf(() => op(image(NAN), pool)), op.name).toEqual(around(6, [2, 3], [-1, 1]))
    const [y, dx] = await evaluate(() => {
      const x = tensor([-INF, -INF, 1, NAN, 2, NAN, INF, -INF], [1, 2, 4, 1], { requiresGrad: true })
      const y = G.maxPool2d(x, { kernel: 2 })
      return [y, ...G.grad(y, [x])]
    })
    expect([...y.data]).toEqual([NAN, NAN])
    expect([...dx.data]).toEqual([0, 0, 0, 1, 0, 1, 0, 0])
    const lowest = await evaluate(() => [G.maxPool2d(G.full([1, 2, 2, 4], -INF), { kernel: 2 })])
    expect([...lowest[0].data]).toEqual([-INF, -INF, -INF, -INF])
  })
  gpuTest('translate moves what is there; a shift of NaN gives NaN', async () => {
    const y = await valuesOf(() =>
      G.translate(
        tensor([1, NAN, INF, 4, 5, 6], [3, 1, 2, 1]),
        tensor([
          [0, 1],
          [0, 0],
          [0, NAN],
        ]),
      ),
    )
    expect([...y]).toEqual([NAN, 0, INF, 4, NAN, NAN])
  })
})

describe('rows and copies', () => {
  gpuTest('gather, oneHot, gatherBytes: values as they are, NaN for an index of NaN', async () => {
    const [rows, hot, bytes, added] = await evaluate(() => {
      const x = tensor([1, NAN, INF, -INF], [2, 2])
      const index = tensor([1, NAN, 0, INF, -INF])
      const table = G.byteTable(Uint8Array.of(7, 8), [1])
      const taken = [
        G.gather(x, index),
        G.oneHot(index, { depth: 2 }),
        G.gatherBytes(table, tensor([1, NAN])),
      ]
      table.storage.dispose()
      return [...taken, G.scatterAdd(tensor([1, 2, NAN, 4, 5]), index, [3])]
    })
    expect([...rows.data]).toEqual([INF, -INF, NAN, NAN, 1, NAN, 0, 0, 0, 0])
    expect([...hot.data]).toEqual([0, 1, NAN, NAN, 1, 0, 0, 0, 0, 0])
    expect([...bytes.data]).toEqual([8, NAN])
    expect([...added.data]).toEqual([NAN, 1, 0])
  })
  gpuTest('moved values keep their bits', async () => {
    const special = [NAN, INF, -INF, 2 ** -149, -0, MAX, 1, 2]
    const x = () => tensor(special, [2, 4])
    for (const op of [
      () => G.permute(x(), [1, 0]),
      () => G.reshape(G.permute(G.reshape(x(), [2, 1, 4]), [1, 0, 2]), [8]),
      () => G.slice(x(), { end: [2, 4] }),
      () => G.concat([x(), x()], { axis: 1 }),
      () => G.concat([tensor(special), tensor([0])]),
      () =>
        G.pad(x(), {
          padding: [
            [0, 1],
            [1, 0],
          ],
        }),
      () =>
        G.pad(x(), {
          padding: [
            [0, 0],
            [3, 0],
          ],
          mode: 'reflect',
        }),
    ]) {
      const y = [...(await valuesOf(op))]
      for (const value of special) expect(y.some((z) => Object.is(z, value))).toBe(true)
    }
  })
})
