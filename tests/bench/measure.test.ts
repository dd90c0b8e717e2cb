// The instruments: a wrong kernel gets no time, a right one does; peers that fail are told, not timed.
import { afterAll, describe, expect, test } from 'vitest'
import { Clock } from '../../bench/clock.ts'
import { compare, type Peer, preparedRow } from '../../bench/compare.ts'
import { values } from '../../bench/inputs.ts'
import { measureRow, variantsOf } from '../../bench/measure.ts'
import { plain, type Row } from '../../bench/row.ts'
import { rows } from '../../bench/rows/index.ts'
import { differ } from '../../bench/stats.ts'
import { add, gpu, init, matmul, mul, scope, square, tensor } from '../../src/engine/index.ts'
import { pointwiseWork } from '../../src/engine/ops/products/counts.ts'
import { gpuTest } from '../harness.ts'
import { withoutPoison } from '../poison.ts'
import * as R from '../ref/index.ts'

const touch = () => void scope(() => square(tensor([1])))
const clock = await Clock.of(gpu(), touch)

const SHAPE = [64, 33]
const right: Row = {
  op: 'add',
  shape: '64x33',
  work: pointwiseWork(SHAPE, [SHAPE, SHAPE], 1),
  inputs: [values(SHAPE, 1), values(SHAPE, 2)],
  begin: plain((a, b) => add(a, b)),
  reference: ([a, b]) => [R.add(a, b)],
  peer: { op: 'add' },
}

describe('rows', () => {
  gpuTest('a right kernel gets a time', async () => {
    const [row, ...others] = await measureRow(gpu(), clock, right)
    expect(others).toEqual([]) // pointwise kernels have no variants
    expect(row).toMatchObject({ status: 'ok', variant: 'only', isDefault: true, dispatches: 1, flops: 2112 })
    expect(row.relativeError).toBeLessThan(1e-6)
    expect(row.cold).toBeGreaterThan(0)
    expect(row.warm?.p10).toBeGreaterThan(0)
    expect(row.warm?.p90).toBeGreaterThanOrEqual(row.warm?.median ?? Number.NaN)
    expect(typeof row.noisy).toBe('boolean')
  })

  gpuTest('a wrong kernel gets none', async () => {
    const wrong: Row = { ...right, begin: plain((a, b) => add(a, mul(b, 1.001))) }
    const [row] = await measureRow(gpu(), clock, wrong)
    expect(row.status).toBe('wrong')
    expect(row.error).toMatch(/^differs from its CPU twin by \d.\de-4, more than 0.00002$/)
    expect([row.cold, row.warm, row.noisy]).toEqual([undefined, undefined, undefined])
  })

  gpuTest('one wrong value of thousands is enough', async () => {
    const off = R.add(R.ref(right.inputs[0].data, SHAPE), R.ref(right.inputs[1].data, SHAPE))
    off.data[777] += 0.01
    const [row] = await measureRow(gpu(), clock, { ...right, reference: () => [off] })
    expect(row.status).toBe('wrong')
  })

  gpuTest('NaN is wrong', async () => {
    const [row] = await measureRow(gpu(), clock, { ...right, begin: plain((a) => mul(a, Number.NaN)) })
    expect(row.status).toBe('wrong')
  })

  gpuTest('a result of another size is wrong', async () => {
    const [row] = await measureRow(gpu(), clock, { ...right, reference: ([a]) => [R.sum(a)] })
    expect(row.status).toBe('wrong')
  })

  gpuTest('a kernel that cannot run has failed, with its message', async () => {
    const [row] = await measureRow(gpu(), clock, { ...right, begin: plain((a, b) => matmul(a, b)) })
    expect(row.status).toBe('failed')
    expect(row.error).toContain('inner sizes 33 and 64 differ')
    expect(row.warm).toBeUndefined()
  })

  gpuTest('products are measured in every variant that differs, the default first', async () => {
    const a = [33, 16]
    const product: Row = {
      ...right,
      inputs: [values(a, 1), values([16, 12], 2)],
      begin: plain((x, y) => matmul(x, y)),
      reference: ([x, y]) => [R.matmul(x, y)],
    }
    const before = { hasQuads: gpu().hasQuads, isSoftware: gpu().isSoftware }
    const found = await measureRow(gpu(), clock, product)
    expect(found.map(({ status }) => status)).toEqual(found.map(() => 'ok'))
    expect(found[0].isDefault).toBe(true)
    expect(found.slice(1).some(({ isDefault }) => isDefault)).toBe(false)
    expect({ hasQuads: gpu().hasQuads, isSoftware: gpu().isSoftware }).toEqual(before)
  })
})

test('variants are those that the adapter can run', () => {
  const names = (hasQuads: boolean, isSoftware: boolean) =>
    variantsOf({ hasQuads, isSoftware }).map(({ name }) => name)
  expect(names(true, true)).toEqual(['quads', 'tall', 'rows'])
  expect(names(false, true)).toEqual(['tall', 'rows'])
  expect(names(false, false)).toEqual(['rows', 'tall'])
})

test('row names are unique: they are keys', () => {
  const names = rows().map(({ op, shape }) => `${op} ${shape}`)
  expect(new Set(names).size).toBe(names.length)
})

gpuTest('a time is marked as noisy exactly when its two runs differ', async () => {
  const x = tensor(values([1000], 3).data)
  const { times, runs, noisy } = await clock.time(gpu(), () => square(x).dispose())
  expect(times.median).toBeGreaterThan(0)
  expect(noisy).toBe(differ(...runs))
  x.dispose()
})

describe('peers', () => {
  // A device that was destroyed must not be the next file's.
  afterAll(() => init())

  /** A peer whose result is that of `f` on the inputs' values. */
  const peer = (f: (a: Float32Array, b: Float32Array) => Float32Array | Promise<Float32Array>): Peer => ({
    name: 'Other 1',
    has: () => true,
    prepare: async (_work, [a, b]) => ({ run: async () => [await f(a.data, b.data)], dispose() {} }),
  })
  const against = async (other: Peer) => {
    const g = await init()
    return compare(g, other, { op: 'add' }, right.inputs, () => preparedRow(right), 1e-4)
  }
  const sum = (a: Float32Array, b: Float32Array) => a.map((x, i) => x + b[i])

  gpuTest('one that agrees is timed in turn', async () => {
    const { error, ratio, warm, ours, cold, oursCold, dispatches } = await against(peer(sum))
    expect(error).toBeUndefined()
    expect(cold).toBeGreaterThanOrEqual(0)
    expect(oursCold).toBeGreaterThan(0)
    expect(dispatches).toBe(0)
    expect(warm?.median).toBeGreaterThanOrEqual(0)
    expect(ours?.median).toBeGreaterThan(0)
    expect(ratio?.p90).toBeGreaterThanOrEqual(ratio?.p10 ?? Number.NaN)
  })

  gpuTest('its dispatches are counted, of one run', async () => {
    const onGpu = peer(async (a, b) => {
      const [x, y] = [tensor(a), tensor(b)]
      const [z, unused] = scope(() => [add(x, y), square(square(x))])
      const values = await z.data()
      for (const t of [x, y, z, unused]) t.dispose()
      return values
    })
    expect((await withoutPoison(gpu(), () => against(onGpu))).dispatches).toBe(3)
  })

  gpuTest('one that differs is not', async () => {
    const outcome = await against(peer((a) => a))
    expect(outcome).toEqual({
      engine: 'Other 1',
      error: expect.stringMatching(/^its result differs from ours by /),
    })
  })

  gpuTest('one that throws is told with its message', async () => {
    const outcome = await against(peer(() => Promise.reject(new Error('out of luck'))))
    expect(outcome).toEqual({ engine: 'Other 1', error: 'out of luck' })
  })

  test('one that takes the device with it is told, too', async () => {
    const killer = peer(async () => {
      const g = gpu()
      g.device.destroy()
      await g.device.lost
      throw new Error('gone')
    })
    expect((await against(killer)).error).toBe('the GPU device was lost while it ran: gone')
  })
})
