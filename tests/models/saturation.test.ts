/** G's gradient as D grows confident: against closed forms, and in a run that is as short as it gets. */
import { expect } from 'vitest'
import { type LossName, losses } from '../../src/models/training/losses.ts'
import { gradientNorms, logitGradients } from '../../src/models/training/saturation.ts'
import { expectClose, gpuTest } from '../harness.ts'

const sigmoid = (a: number): number => 1 / (1 + Math.exp(-a))
const LOGITS = [-10, -7, -3, -0.5, 0, 1.25, 3]

const FORMULAS: Partial<Record<LossName, (a: number) => number>> = {
  minimax: sigmoid,
  nonSaturating: (a) => sigmoid(-a),
  leastSquares: (a) => Math.abs(a - 1),
}

gpuTest('the gradient by the logit is that of the formula, at every logit', async () => {
  for (const [name, formula] of Object.entries(FORMULAS)) {
    const slopes = await logitGradients(losses[name as LossName], LOGITS)
    slopes.forEach((slope, i) => {
      expectClose([slope], [formula(LOGITS[i])], 1e-5, `${name} at ${LOGITS[i]}`)
    })
  }
})

gpuTest(
  'as D learns, the minimax gradient of G fades and the other does not; same seed, same numbers',
  async () => {
    const runs = [await gradientNorms(160, 80, 3), await gradientNorms(160, 80, 3)]
    expect(runs[0]).toEqual(runs[1])
    const [before, , after] = runs[0]
    expect(runs[0].map(({ step }) => step)).toEqual([0, 80, 160])
    expect(after.onFake).toBeLessThan(before.onFake / 2)
    expect(after.minimax / after.nonSaturating).toBeLessThan(before.minimax / before.nonSaturating / 2)
    expect(after.nonSaturating).toBeGreaterThan(before.nonSaturating)
  },
)
