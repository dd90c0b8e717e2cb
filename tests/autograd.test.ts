import { describe, expect } from 'vitest'
import * as G from '../src/engine/index.ts'
import { memory, scope, type Tensor, tensor } from '../src/engine/index.ts'
import { record } from '../src/engine/tensor/autograd.ts'
import { view } from '../src/engine/tensor/tensor.ts'
import { evaluate, gpuTest } from './harness.ts'

const leaf = (...values: number[]): Tensor => tensor(values, [values.length], { requiresGrad: true })
const numbers = async (fn: () => readonly Tensor[]) => (await evaluate(fn)).map(({ data }) => [...data])

describe('grad', () => {
  gpuTest('sums an output of any shape, or weighs it by gradOutput', async () => {
    const result = await numbers(() => {
      const x = leaf(1, 2)
      const y = G.square(x)
      return [...G.grad(y, [x]), ...G.grad(y, [x], { gradOutput: tensor([10, 100]) })]
    })
    expect(result).toEqual([
      [2, 4],
      [20, 400],
    ])
  })

  gpuTest('adds up the paths, and keeps the order of the inputs', async () => {
    const result = await numbers(() => {
      const [a, b] = [leaf(2), leaf(3)]
      const y = G.add(G.mul(a, b), G.mul(a, a))
      return G.grad(y, [b, a, b])
    })
    expect(result).toEqual([[2], [7], [2]])
  })

  gpuTest('gives zeros for what the output does not depend on', async () => {
    expect(
      await numbers(() => {
        const [a, b] = [leaf(2), leaf(3, 4)]
        return G.grad(G.square(a), [a, b])
      }),
    ).toEqual([[4], [0, 0]])
  })

  gpuTest('by an intermediate, and by the output itself', async () => {
    const result = await numbers(() => {
      const x = leaf(2)
      const mid = G.square(x)
      const y = G.square(mid)
      return G.grad(y, [mid, x, y])
    })
    expect(result).toEqual([[8], [32], [1]])
  })

  gpuTest('gives each input a tensor of its own', () => {
    scope(() => {
      const [a, b] = [leaf(1), leaf(2)]
      const gradOutput = tensor([1])
      const y = G.add(a, b)
      const [da, db, dy] = G.grad(y, [a, b, y], { gradOutput })
      da.dispose()
      expect([db.disposed, dy.disposed, gradOutput.disposed]).toEqual([false, false, false])
    })
  })

  gpuTest('passes through noGrad as through a constant', async () => {
    const result = await numbers(() => {
      const x = leaf(3)
      const constant = G.noGrad(() => G.square(x))
      expect(constant.node).toBe(undefined)
      return G.grad(G.mul(x, constant), [x])
    })
    expect(result).toEqual([[9]])
  })

  gpuTest('noGrad ends with its function, also by an error', () => {
    scope(() => {
      const stop = () =>
        G.noGrad(() => {
          throw new Error('stop')
        })
      expect(stop).toThrow('stop')
      expect(G.square(leaf(1)).node).toBeDefined()
    })
  })

  for (const [name, power] of [
    ['pow', (x: Tensor) => G.pow(x, 4)],
    ['square', (x: Tensor) => G.square(G.square(x))],
    ['mul', (x: Tensor) => G.mul(G.mul(x, x), G.mul(x, x))],
  ] as const)
    gpuTest(`x⁴ to the fifth derivative, by ${name}`, async () => {
      const derivatives = await numbers(() => {
        const x = leaf(1.5)
        const all = [power(x)]
        for (let order = 1; order <= 5; order++)
          all.push(...G.grad(all[order - 1], [x], { createGraph: true }))
        return all
      })
      const expected = [1.5 ** 4, 4 * 1.5 ** 3, 12 * 1.5 ** 2, 24 * 1.5, 24, 0]
      derivatives.forEach(([d], i) => {
        expect(d).toBeCloseTo(expected[i], 4)
      })
    })

  gpuTest('without createGraph the result is a constant, and only it stays', () => {
    scope(() => {
      const x = leaf(2)
      const y = G.square(G.square(x))
      const before = memory().liveBuffers
      const [g] = G.grad(y, [x])
      expect(memory().liveBuffers - before).toBe(1)
      expect(g.node).toBe(undefined)
    })
  })

  gpuTest('undoes broadcasting to size 1, and to missing dimensions', async () => {
    const shapes = scope(() => {
      const xs = [[], [3], [2, 1], [1, 1, 3]].map((s) => G.ones(s, { requiresGrad: true }))
      const y = xs.reduce((a, b) => G.mul(a, b))
      return G.grad(y, xs).map((g) => g.shape)
    })
    expect(shapes).toEqual([[], [3], [2, 1], [1, 1, 3]])
  })

  gpuTest('a chain of 5,000 ops', async () => {
    const result = await numbers(() => {
      const x = leaf(1, 2)
      let y: Tensor = x
      for (let i = 0; i < 5000; i++) y = i % 2 ? G.mul(y, 2) : G.mul(y, 0.5)
      return G.grad(y, [x])
    })
    expect(result).toEqual([[1, 1]])
  })

  gpuTest('computes no gradient that nobody asked for', () => {
    scope(() => {
      const [a, b, c] = [leaf(1), leaf(2), leaf(3)]
      const calls: string[] = []
      const spy = (name: string, inputs: Tensor[]): Tensor =>
        record(name, inputs, view(inputs[0], [1]), (dy) =>
          inputs.map((_, i) => () => {
            calls.push(`${name}${i}`)
            return G.mul(dy, 1)
          }),
        )
      const y = spy('top', [spy('left', [a, b]), spy('right', [b, c])])
      G.grad(y, [a])
      expect(calls).toEqual(['top0', 'left0'])
      calls.length = 0
      G.grad(y, [b])
      expect(calls.sort()).toEqual(['left1', 'right0', 'top0', 'top1'])
    })
  })
})

describe('scope', () => {
  const live = () => memory().liveBuffers

  gpuTest('keeps what is returned, in arrays, objects and maps', () => {
    const before = live()
    const { list, map } = scope(() => {
      const x = G.ones([3])
      G.exp(x)
      return { list: [x], map: new Map([['y', G.neg(x)]]), other: 'text' }
    })
    expect(live() - before).toBe(2)
    for (const t of [...list, ...map.values()]) t.dispose()
  })

  gpuTest('nested: the inner result belongs to the outer scope', () => {
    const before = live()
    scope(() => {
      const x = scope(() => G.add(G.ones([3]), 1))
      expect([x.disposed, live() - before]).toEqual([false, 1])
    })
    expect(live()).toBe(before)
  })

  gpuTest('a view keeps the buffer when the viewed goes', async () => {
    const [y] = await evaluate(() => [scope(() => G.reshape(G.tensor([1, 2, 3, 4]), [2, 2]))])
    expect([...y.data]).toEqual([1, 2, 3, 4])
  })

  gpuTest('frees everything when the function throws', () => {
    const before = live()
    const fail = () =>
      scope(() => {
        G.exp(G.ones([3]))
        throw new Error('stop')
      })
    expect(fail).toThrow('stop')
    expect(live()).toBe(before)
  })

  gpuTest('refuses an async function', () => {
    const before = live()
    expect(() => scope(async () => G.ones([3]))).toThrow(/must not be async/)
    expect(live()).toBe(before)
  })

  gpuTest('disposing twice is harmless, also of views', () => {
    const before = live()
    const x = G.ones([3])
    const y = G.reshape(x, [3, 1])
    x.dispose()
    x.dispose()
    expect(live() - before).toBe(1)
    y.dispose()
    y.dispose()
    expect(live()).toBe(before)
  })
})
