/** Looking ahead: the updates of D that G sees are those that D would take, and gradients flow through them. */
import { describe, expect } from 'vitest'
import * as G from '../../../src/engine/index.ts'
import { grad, nn, optim, scope, type Tensor, tensor } from '../../../src/engine/index.ts'
import type { Settings } from '../../../src/models/training/stabilisers/names.ts'
import { Trainer } from '../../../src/models/training/trainer.ts'
import { evaluate, expectClose, gpuTest } from '../../harness.ts'

const START = [0.5, -1.25, 2]
/** Σ (p - c)⁴ / 4 + p₀ p₁ p₂: its gradient depends on all of them, and its second one on where they are. */
const loss = ([p]: readonly Tensor[], c: Tensor): Tensor => {
  const [a, b, d] = [0, 1, 2].map((i) => G.slice(p, { start: [i], end: [i + 1] }))
  return G.add(G.mul(G.sum(G.square(G.square(G.sub(p, c)))), 0.25), G.sum(G.mul(a, G.mul(b, d))))
}
const C = [0.25, 0.5, -0.75]

const RULES: [string, (params: Tensor[]) => optim.SGD | optim.RMSprop | optim.Adam][] = [
  ['SGD', (p) => new optim.SGD(p, { lr: 0.02, momentum: 0.5 })],
  ['RMSprop', (p) => new optim.RMSprop(p, { lr: 0.05, alpha: 0.9 })],
  ['Adam', (p) => new optim.Adam(p, { lr: (steps) => 0.1 / (1 + steps), betas: [0.5, 0.9] })],
]

describe.each(RULES)('lookahead of %s', (_, make) => {
  /** A parameter after two updates, so that the state is no longer zero. */
  const withOptimizer = async (
    body: (p: Tensor, optimizer: ReturnType<typeof make>) => Promise<void>,
  ): Promise<void> => {
    const p = tensor(START, [3], { requiresGrad: true })
    const optimizer = make([p])
    for (let step = 0; step < 2; step++) scope(() => optimizer.step(grad(loss([p], tensor(C)), [p])))
    await body(p, optimizer)
    optimizer.dispose()
    p.dispose()
  }

  gpuTest('is where the next updates lead, and changes nothing', () =>
    withOptimizer(async (p, optimizer) => {
      const before = await p.data()
      const [ahead] = await evaluate(() => optimizer.lookahead((params) => loss(params, tensor(C)), 3))
      expect(await p.data()).toEqual(before)
      expect(optimizer.t).toBe(2)
      for (let step = 0; step < 3; step++) scope(() => optimizer.step(grad(loss([p], tensor(C)), [p])))
      expectClose(ahead.data, await p.data(), 1e-5)
      expect([...ahead.data]).not.toEqual([...before])
    }),
  )

  gpuTest('has the gradient of its difference quotient', () =>
    withOptimizer(async (_, optimizer) => {
      const weights = [1, -2, 0.5]
      const landed = (c: Tensor): Tensor =>
        G.sum(G.mul(optimizer.lookahead((params) => loss(params, c), 3)[0], tensor(weights)))
      const [dc] = await evaluate(() => {
        const c = tensor(C, [3], { requiresGrad: true })
        return grad(landed(c), [c])
      })
      const h = 2e-2
      for (const [i, derivative] of dc.data.entries()) {
        const at = (by: number): Tensor => landed(tensor(C.map((v, k) => (k === i ? v + by : v))))
        const [up, down] = await evaluate(() => [at(h), at(-h)])
        const quotient = (up.data[0] - down.data[0]) / (2 * h)
        // float32, and the third derivative times h²
        expect(Math.abs(derivative - quotient), `${derivative} for ${quotient}`).toBeLessThan(
          0.02 * Math.hypot(...dc.data) + 1e-3,
        )
      }
    }),
  )
})

describe('unrolled gan', () => {
  /** G's first gradient and D after the step, of equal models on equal numbers. */
  const firstStep = async (aids: Settings) => {
    const trainer = new Trainer({
      model: 'gan',
      options: { width: 8, latent: 2 },
      aids,
      fields: { x: { kind: 'points', dims: 2, unit: 1, toy: 'ring' } },
      batch: 8,
      seed: 4,
    })
    const { model } = trainer
    const real = scope(() => G.randn([8, 2]))
    const z = scope(() => G.randn([8, 2]))
    let taken: Promise<Float32Array[]> | undefined
    const { generator } = model.optimizers
    const step = generator.step.bind(generator)
    generator.step = (grads) => {
      taken = Promise.all(grads.map((g) => g.data()))
      step(grads)
    }
    const use = (t: Tensor) => () => G.add(t, 0)
    // D's own step and what it looks ahead to draw from the trainer's source: always the same samples here.
    Object.assign(trainer, { source: { draw: () => ({ x: use(real)() }) } })
    scope(() => void model.step({ ...trainer.context(), normal: use(z) }))
    const grads = (await taken)?.flatMap((g) => [...g]) ?? []
    const D = await Promise.all(nn.parameters(model.networks.discriminator).map((t) => t.data()))
    trainer.dispose()
    for (const t of [real, z]) t.dispose()
    return { grads, D: D.flatMap((values) => [...values]) }
  }

  gpuTest('D is what it is without; G gets another gradient, the further the other', async () => {
    const plain = await firstStep({})
    const [one, three] = [await firstStep({ unroll: 1 }), await firstStep({ unroll: 3 })]
    const difference = (a: { grads: number[] }): number =>
      Math.hypot(...a.grads.map((g, i) => g - plain.grads[i])) / Math.hypot(...plain.grads)
    for (const other of [one, three]) {
      expect(other.D).toEqual(plain.D)
      expect(other.grads.every(Number.isFinite)).toBe(true)
    }
    expect(difference(one)).toBeGreaterThan(1e-3)
    expect(difference(three)).toBeGreaterThan(difference(one))
  })

  gpuTest('looks through a penalty, too', async () => {
    const [penalised, both] = [await firstStep({ r1: 1 }), await firstStep({ r1: 1, unroll: 2 })]
    expect(both.D).toEqual(penalised.D)
    expect(both.grads.every(Number.isFinite)).toBe(true)
    expect(both.grads).not.toEqual(penalised.grads)
  })
})
