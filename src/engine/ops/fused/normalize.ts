/**
 * The fused kernels behind batchNorm, instanceNorm, layerNorm and adain: x seen as [A, R, I], normalised over R, then
 * scaled and shifted. Backward is fused too, and is an op with a gradient of its own, made of ops.
 */

import { gpu } from '../../gpu/device.ts'
import { run } from '../../gpu/kernel.ts'
import type { Defines } from '../../gpu/wgsl.ts'
import { noGrad, record, together, vjpOf } from '../../tensor/autograd.ts'
import { check } from '../../tensor/shape.ts'
import { empty, scope, type Tensor, view } from '../../tensor/tensor.ts'
import { type Lanes, lanesFor, slopeDefines, typeOf } from '../lanes.ts'
import { reshape } from '../movement.ts'
import { add, div, leakyReluGrad, mul, mulAdd, sqrt, sub } from '../pointwise.ts'
import { mean, sum, variance } from '../reduce.ts'

export interface NormLayout {
  op: string
  A: number
  R: number
  I: number
  /** Which of (a, r, i) gamma and beta depend on. */
  gammaBy: 'channel' | 'sample' | 'element'
  eps: number
  /** Of a leaky ReLU of the result, if it is to have one (0 for a ReLU); not where gammaBy is 'element'. */
  slope?: number
}

/** Running statistics [I], moved by `momentum` towards each batch's. */
export interface RunningStats {
  mean: Tensor
  variance: Tensor
  momentum: number
}

/** Values that one invocation takes in a row, of sums. */
const STRIP = 64
/** The same where each gives a value: a CPU gains by reading less again, a GPU by many invocations. */
const MAP_STRIP = { software: 32, hardware: 4 }

const GAMMA_INDEX = { channel: 'i', sample: 'a * I + i', element: 'r' }
/** Shape of gamma in the [A, R, I] view. */
const gammaShape = ({ A, R, I, gammaBy }: NormLayout): number[] =>
  ({ channel: [1, 1, I], sample: [A, 1, I], element: [1, R, 1] })[gammaBy]

/** Throws ShapeError unless eps can be added to a variance. */
export function checkEps(op: string, eps: number): void {
  check(Number.isFinite(eps) && eps >= 0, op, () => `eps must be a finite number of at least 0, got ${eps}`)
}

function commonDefines(
  { op, R, I, gammaBy, eps, slope }: NormLayout,
  gamma: Tensor | undefined,
): { lanes: Lanes; defines: Defines } {
  const lanes = lanesFor(I)
  checkEps(op, eps)
  // EPS needs a float literal
  const EPS = eps.toExponential()
  return {
    lanes,
    defines: {
      ...typeOf(lanes),
      R: `${R}u`,
      I: `${I / lanes}u`,
      GAMMA_INDEX: GAMMA_INDEX[gammaBy],
      HAS_GAMMA: gamma !== undefined,
      BY_ELEMENT: gamma !== undefined && gammaBy === 'element',
      ...(gamma && slopeDefines(slope)),
      EPS,
    },
  }
}

/** Slices of R, so that an invocation takes at most a strip. */
function slicing(R: number, strip = STRIP): { S: number; defines: Defines } {
  const S = Math.ceil(R / strip)
  return { S, defines: { S: `${S}u`, STEPS: `${Math.ceil(R / S)}u` } }
}
const mapSlicing = (R: number): ReturnType<typeof slicing> =>
  slicing(R, MAP_STRIP[gpu().isSoftware ? 'software' : 'hardware'])

/** Means and biased variances of the groups, [2, A * I]; moves running ones. No gradient flows. */
export function normStats(x: Tensor, layout: NormLayout, running?: RunningStats): Tensor {
  const { A, R, I, op } = layout
  const { lanes, defines } = commonDefines(layout, undefined)
  const { S, defines: sliced } = slicing(R)
  const groups = (A * I) / lanes
  const launch = (source: Tensor, slices: number, more: Defines, moved?: RunningStats): Tensor => {
    const stats = empty([2, A * slices * I], op)
    const threads = groups * slices
    run('norm_stats', {
      op,
      defines: {
        ...defines,
        ...sliced,
        GROUPS: `${groups}u`,
        ...more,
        RUNNING: moved !== undefined,
      },
      buffers: {
        x: source,
        stats,
        ...(moved && { runningMean: moved.mean, runningVariance: moved.variance }),
      },
      params: { n: threads, momentum: moved?.momentum ?? 0, unbias: R / Math.max(1, R - 1) },
      threads,
    })
    return stats
  }
  if (S === 1) return launch(x, 1, { WHOLE: true }, running)
  return scope(() => launch(launch(x, S, {}), 1, { MERGE: true }, running))
}

/** gamma x̂ + beta with the given statistics; records the fused backward when they are x's own. */
export function normalize(
  x: Tensor,
  stats: Tensor,
  layout: NormLayout,
  gamma?: Tensor,
  beta?: Tensor,
): Tensor {
  const { lanes, defines } = commonDefines(layout, gamma)
  const y = empty(x.shape, layout.op)
  const groups = (layout.A * layout.I) / lanes
  const { S, defines: sliced } = mapSlicing(layout.R)
  const threads = groups * S
  run('norm_apply', {
    op: layout.op,
    defines: { ...defines, ...sliced, GROUPS: `${groups}u` },
    buffers: { x, stats, y, ...(gamma && { gamma }), ...(beta && { beta }) },
    params: { n: threads },
    threads,
  })
  return record(layout.op, gamma && beta ? [x, gamma, beta] : [x], y, (dy) =>
    together(3, () => normBackward(x, stats, dy, layout, gamma, beta)),
  )
}

/** [dx, dgamma, dbeta], the last two only with a gamma; differentiable in x, gamma and dy. */
function normBackward(
  x: Tensor,
  stats: Tensor,
  dy: Tensor,
  layout: NormLayout,
  gamma?: Tensor,
  beta?: Tensor,
): Tensor[] {
  const outputs = scope(() => noGrad(() => fusedBackward(x, stats, dy, layout, gamma, beta)))
  const inputs = gamma ? [x, dy, gamma] : [x, dy]
  record(`${layout.op}Backward`, inputs, outputs, (...cotangents) =>
    together(inputs.length, () =>
      vjpOf((...leaves) => composedBackward(leaves, layout, beta), inputs, cotangents),
    ),
  )
  return outputs
}

function fusedBackward(
  x: Tensor,
  stats: Tensor,
  dy: Tensor,
  layout: NormLayout,
  gamma?: Tensor,
  beta?: Tensor,
): Tensor[] {
  const { A, R, I, op, gammaBy } = layout
  const { lanes, defines } = commonDefines(layout, gamma)
  const byElement = gammaBy === 'element'
  const activated = layout.slope === undefined ? undefined : { gamma, beta }
  const [total, totalX] = normSums(x, stats, dy, layout, byElement ? { gamma } : activated)
  const dx = empty(x.shape, op)
  const groups = (A * I) / lanes
  const { S, defines: sliced } = mapSlicing(R)
  const threads = groups * S
  run('norm_backward', {
    op,
    defines: {
      ...defines,
      ...sliced,
      GROUPS: `${groups}u`,
      GAMMA_OUTSIDE: gamma !== undefined && !byElement,
    },
    buffers: { x, stats, dy, total, totalX, dx, ...(gamma && { gamma }), ...(activated && beta && { beta }) },
    params: { n: threads },
    threads,
  })
  if (!gamma) return [dx]
  // Σ dy x̂ and Σ dy are gamma's and beta's gradients; samples add up where they share a gamma.
  const [dbeta, dgamma] = byElement
    ? normSums(x, stats, dy, { ...layout, A: 1, R: A, I: R }, {}, true)
    : gammaBy === 'channel' && A > 1
      ? [total, totalX].map((t) => sum(t, { axes: 0 }))
      : [total, totalX]
  return [dx, view(dgamma, gamma.shape), view(dbeta, gamma.shape)]
}

/** Σ g and Σ g x̂ per group, [A, I] each. `byRow`: the statistics belong to r, not to the group. */
function normSums(
  x: Tensor,
  stats: Tensor,
  dy: Tensor,
  layout: NormLayout,
  /** gamma alone weighs dy; with a beta it tells what the activation let through. */
  { gamma, beta }: { gamma?: Tensor; beta?: Tensor } = {},
  byRow = false,
): Tensor[] {
  const { A, R, I, op } = layout
  const { lanes, defines } = commonDefines(layout, beta && gamma)
  const { S, defines: sliced } = slicing(R)
  const statLanes = byRow ? 1 : lanes
  const [total, totalX] = [empty([A, S, I], op), empty([A, S, I], op)]
  const threads = total.size / lanes
  run('norm_sums', {
    op,
    defines: {
      ...defines,
      ...sliced,
      STATS_BY_ROW: byRow,
      STAT_T: typeOf(statLanes).T,
      STATS: `${stats.size / 2 / statLanes}u`,
      WEIGHTED: gamma !== undefined && !beta,
    },
    buffers: { x, stats, dy, total, totalX, ...(gamma && { gamma }), ...(beta && { beta }) },
    params: { n: threads },
    threads,
  })
  return [total, totalX].map((t) => (S === 1 ? view(t, [A, I]) : sum(t, { axes: 1 })))
}

/** The same gradients as a composition of ops: what the fused kernels compute, for the derivatives after the first. */
function composedBackward([x, dy, gamma]: Tensor[], layout: NormLayout, beta?: Tensor): Tensor[] {
  const { A, R, I, eps, slope } = layout
  const wide = [A, R, I]
  const over = { axes: 1, keepDims: true }
  const v = reshape(x, wide)
  const deviation = sqrt(add(variance(v, over), eps))
  const xHat = div(sub(v, mean(v, over)), deviation)
  const weight = gamma && reshape(gamma, gammaShape(layout))
  const whole = reshape(dy, wide)
  // The activation is flat around its argument but for the kink, so no gradient flows to that.
  const g =
    slope === undefined || !weight || !beta
      ? whole
      : leakyReluGrad(
          whole,
          noGrad(() => mulAdd(xHat, weight, reshape(beta, gammaShape(layout)))),
          slope,
        )
  const gw = weight ? mul(g, weight) : g
  const inner = sub(sub(gw, mean(gw, over)), mul(xHat, mean(mul(gw, xHat), over)))
  const dx = reshape(div(inner, deviation), x.shape)
  if (!gamma || !weight) return [dx]
  const axes = weight.shape.flatMap((d, i) => (d === 1 && wide[i] !== 1 ? [i] : []))
  const toGamma = (t: Tensor): Tensor => reshape(sum(t, { axes, keepDims: true }), gamma.shape)
  return [dx, toGamma(mul(g, xHat)), toGamma(g)]
}
