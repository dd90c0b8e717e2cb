/** Every loss against its formula in float64, by value and by gradient, and what sets the losses apart. */
import { describe, expect } from 'vitest'
import { grad, type Tensor, tensor } from '../../src/engine/index.ts'
import { losses as choices, type LossName, wasserstein } from '../../src/models/training/losses.ts'
import { evaluate, gpuTest } from '../harness.ts'

const softplus = (a: number): number => Math.max(a, 0) + Math.log1p(Math.exp(-Math.abs(a)))
const sigmoid = (a: number): number => 1 / (1 + Math.exp(-a))
const step = (a: number): number => (a > 0 ? 1 : 0)

const losses = { ...choices, wasserstein }
type Name = keyof typeof losses

/** A function of one logit, and its derivative. */
type Formula = readonly [value: (a: number) => number, derivative: (a: number) => number]
interface Formulas {
  /** D's loss is the sum of these two. */
  real: Formula
  fake: Formula
  generator: Formula
}

const logistic: Pick<Formulas, 'real' | 'fake'> = {
  real: [(a) => softplus(-a), (a) => -sigmoid(-a)],
  fake: [softplus, sigmoid],
}
const FORMULAS: Record<Name, Formulas> = {
  minimax: { ...logistic, generator: [(a) => -softplus(a), (a) => -sigmoid(a)] },
  nonSaturating: { ...logistic, generator: logistic.real },
  flipped: { ...logistic, generator: logistic.real },
  leastSquares: {
    real: [(a) => (a - 1) ** 2 / 2, (a) => a - 1],
    fake: [(a) => a ** 2 / 2, (a) => a],
    generator: [(a) => (a - 1) ** 2 / 2, (a) => a - 1],
  },
  hinge: {
    real: [(a) => Math.max(0, 1 - a), (a) => -step(1 - a)],
    fake: [(a) => Math.max(0, 1 + a), (a) => step(1 + a)],
    generator: [(a) => -a, () => -1],
  },
  wasserstein: { real: [(a) => -a, () => -1], fake: [(a) => a, () => 1], generator: [(a) => -a, () => -1] },
}

const LOGITS = [-50, -20, -3, -0.5, 0, 0.25, 2, 20, 50]
const N = LOGITS.length

/** Float32: a softplus or a difference of numbers around `a` is off by up to a few units of their last place. */
const expectNear = (actual: number, expected: number, what: string, a = expected): void =>
  expect(Math.abs(actual - expected), what).toBeLessThan(1e-6 * Math.max(1, Math.abs(a)))

/** D's and G's losses and their gradients by the logits: those on real samples `real`, on generated ones `fake`. */
async function measure(name: Name, real: readonly number[], fake: readonly number[]) {
  const { discriminator, generator } = losses[name]
  const [d, g, ...grads] = await evaluate(() => {
    const column = (values: readonly number[]): Tensor =>
      tensor(values, [values.length, 1], { requiresGrad: true })
    const [x, y] = [column(real), column(fake)]
    const [lossD, lossG] = [discriminator(x, y), generator(y)]
    return [lossD, lossG, ...grad(lossD, [x, y]), ...grad(lossG, [y])]
  })
  expect([d.shape, g.shape]).toEqual([[], []])
  const [dReal, dFake, gFake] = grads.map(({ data }) => [...data])
  return { lossD: d.data[0], lossG: g.data[0], dReal, dFake, gFake }
}

describe.each(Object.keys(losses) as Name[])('%s', (name) => {
  const { real, fake, generator } = FORMULAS[name]

  gpuTest('each logit alone gives the value of the formula', async () => {
    for (const a of LOGITS)
      for (const b of [-50, 0.25, 50]) {
        const { lossD, lossG } = await measure(name, [a], [b])
        expectNear(lossD, real[0](a) + fake[0](b), `D at ${a}, ${b}`, Math.max(real[0](a), fake[0](b)))
        expectNear(lossG, generator[0](b), `G at ${b}`, Math.max(Math.abs(b), generator[0](b)))
      }
  })

  gpuTest('a batch gives the mean, and gradients by the formula', async () => {
    const reversed = LOGITS.toReversed()
    const { lossD, lossG, dReal, dFake, gFake } = await measure(name, LOGITS, reversed)
    const mean = ([f]: Formula) => LOGITS.reduce((sum, a) => sum + f(a), 0) / N
    expectNear(lossD, mean(real) + mean(fake), 'D')
    expectNear(lossG, mean(generator), 'G', Math.max(mean(generator), mean(fake)))
    LOGITS.forEach((a, i) => {
      expectNear(dReal[i] * N, real[1](a), `D by the real logit ${a}`)
      expectNear(dFake[i] * N, fake[1](reversed[i]), `D by the generated logit ${reversed[i]}`)
      expectNear(gFake[i] * N, generator[1](reversed[i]), `G by the logit ${reversed[i]}`)
    })
  })

  gpuTest('D raises its logit on real samples and lowers it on generated ones, which G raises', async () => {
    const { dReal, dFake, gFake } = await measure(name, [0.25], [0.25])
    expect([dReal[0], -dFake[0], gFake[0]].map(Math.sign)).toEqual([-1, -1, -1])
  })
})

gpuTest('flipped is the non-saturating loss, said otherwise', async () => {
  const [a, b] = [await measure('flipped', LOGITS, LOGITS), await measure('nonSaturating', LOGITS, LOGITS)]
  expect(a.lossD).toBe(b.lossD)
  expectNear(a.lossG, b.lossG, 'G', 50)
  a.gFake.forEach((value, i) => {
    expectNear(value, b.gFake[i], `G by the logit ${LOGITS[i]}`)
  })
})

gpuTest(
  'a confident D leaves G no gradient under minimax, and all of it under the non-saturating loss',
  async () => {
    const confident = [-20]
    const { gFake: saturated } = await measure('minimax', [20], confident)
    const { gFake: alive } = await measure('nonSaturating', [20], confident)
    expect(Math.abs(saturated[0])).toBeLessThan(1e-8)
    expect(alive[0]).toBeLessThan(-0.999)
    // and at an undecided D both push alike
    const { gFake: even } = await measure('minimax', [0], [0])
    expect(even[0]).toBe(-0.5)
  },
)

describe('D(x), an opinion from 0 to 1', () => {
  const OPINIONS: Record<LossName, number[]> = {
    minimax: [-2, 0, 1].map(sigmoid),
    nonSaturating: [-2, 0, 1].map(sigmoid),
    flipped: [-2, 0, 1].map(sigmoid),
    leastSquares: [0, 0, 1], // the labels
    hinge: [0, 0.5, 1], // from one margin to the other
  }
  for (const [name, expected] of Object.entries(OPINIONS))
    gpuTest(name, async () => {
      const [{ data }] = await evaluate(() => [choices[name as LossName].opinion(tensor([-2, 0, 1]))])
      expected.forEach((value, i) => {
        expectNear(data[i], value, `of ${[-2, 0, 1][i]}`)
      })
    })
})
