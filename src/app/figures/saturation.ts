/** What is left of G's gradient as D grows confident: by D's answer alone, and while a D is trained. */
import { type LossName, losses } from '../../models/training/losses.ts'
import { gradientNorms, logitGradients } from '../../models/training/saturation.ts'
import { type Context, lightTheme } from '../draw.ts'
import { axes, type Box, curve, evenTicks, legend, powerTicks, type Style, text } from '../plot.ts'
import type { Figure } from './figure.ts'

const STEPS = 1000
const EVERY = 10 // D steps between measurements

const BY_ANSWER = { left: 72, top: 172, width: 450, height: 306 }
const BY_STEP = { left: 618, top: 172, width: 450, height: 306 }

const STYLES = {
  minimax: { name: 'minimax (saturating), log(1 − D(G(z)))', color: lightTheme.series[0] },
  nonSaturating: { name: 'non-saturating, −log D(G(z))', color: lightTheme.series[1] },
  leastSquares: { name: 'least squares, ½ (a − 1)²', color: lightTheme.series[2] },
} satisfies Partial<Record<LossName, Style & { name: string }>>

export const saturation: Figure = {
  about: "the generator's gradient under several losses as the discriminator grows confident",
  size: { width: 1104, height: 540 },
  async draw(ctx) {
    text(
      ctx,
      'Why G is not trained by the minimax loss: its gradient vanishes as D grows confident',
      [24, 26],
      {
        kind: 'title',
      },
    )
    const how =
      'Left: by the logit a that D gives one sample. Right: by the weights θ of a small G that stays as it is while a D is trained on 2-D data.'
    text(ctx, how, [24, 50], { kind: 'quiet' })
    await byAnswer(ctx)
    await byStep(ctx)
  },
}

function heading(ctx: Context, { left, top }: Box, words: string): void {
  text(ctx, words, [left, top - 84], { kind: 'panel' })
}

/** The derivative by D's logit a, against D(G(z)) = σ(a) from sure of "real" to sure of "generated". */
async function byAnswer(ctx: Context): Promise<void> {
  heading(ctx, BY_ANSWER, 'Gradient at the answer of D')
  const logit = (p: number): number => Math.log(p / (1 - p))
  const [from, to] = [logit(0.95), logit(3e-5)]
  const on = axes(
    ctx,
    BY_ANSWER,
    {
      from,
      to,
      ticks: [0.9, 0.5, 0.1, 0.01, 0.001, 0.0001].map((p) => ({ at: logit(p), text: String(p) })),
      name: 'D(G(z)) = σ(a), D more confident →',
    },
    { from: 1e-5, to: 30, log: true, ticks: powerTicks(-5, 1), name: '| ∂ loss of G / ∂a |' },
  )
  const logits = Array.from({ length: 400 }, (_, i) => from + ((to - from) * i) / 399)
  for (const [name, style] of Object.entries(STYLES)) {
    const slopes = await logitGradients(losses[name as LossName], logits)
    curve(
      ctx,
      on,
      slopes.map((slope, i) => [logits[i], slope]),
      style,
    )
  }
  text(ctx, 'a = 1, its target', [on.x(1), on.y(1.6e-3)], { kind: 'quiet', align: 'center' })
  legend(ctx, [BY_ANSWER.left, BY_ANSWER.top - 60], Object.values(STYLES))
}

/** The norm of the gradient by all of G's weights, against the steps that D alone has had. */
async function byStep(ctx: Context): Promise<void> {
  heading(ctx, BY_STEP, 'Gradient while D alone is trained')
  const on = axes(
    ctx,
    BY_STEP,
    { from: 0, to: STEPS, ticks: evenTicks(0, STEPS, 200), name: 'training steps of D' },
    { from: 1e-5, to: 30, log: true, ticks: powerTicks(-5, 1), name: '‖ ∂ loss of G / ∂θ ‖' },
  )
  const rows = await gradientNorms(STEPS, EVERY)
  const onFake = { name: 'mean of D(G(z))', color: lightTheme.quiet, width: 1.5, dash: [4, 4] }
  curve(
    ctx,
    on,
    rows.map((row) => [row.step, row.onFake]),
    onFake,
  )
  for (const name of ['minimax', 'nonSaturating'] as const)
    curve(
      ctx,
      on,
      rows.map((row) => [row.step, row[name]]),
      STYLES[name],
    )
  legend(ctx, [BY_STEP.left, BY_STEP.top - 60], [STYLES.minimax, STYLES.nonSaturating, onFake])
}
