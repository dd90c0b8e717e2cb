/** Useful work of a launch, from what it was asked to do. Pure. */

import type { About, Dispatch } from '../gpu/dispatch.ts'
import type { Defines } from '../gpu/wgsl.ts'
import {
  type Axis,
  BLUR,
  convFlops,
  gatherWork,
  NORM,
  optimizerWork,
  PIXEL_NORM,
  type Rule,
  SPECTRAL_NORM,
  STYLE_LAYER,
  type Work,
} from '../ops/products/counts.ts'
import { sizeOf } from '../tensor/shape.ts'

/** Of a define such as '12u'. */
const number = (defines: Defines, name: string): number => Number.parseInt(String(defines[name] ?? 0), 10)
const size = ({ buffers }: About, name: string): number => sizeOf(buffers[name].shape)

type Formula = (launch: About) => number

const perValue =
  (flops: number, of = 'x'): Formula =>
  (launch) =>
    flops * size(launch, of)

/** Of a conv from H x W to HO x WO, or back. */
function axes(d: Defines, kernelHeight: number): Axis[] {
  const n = (name: string): number => number(d, name)
  return [
    { size: n('H'), outputs: n('HO'), kernel: kernelHeight, stride: n('SH'), padding: n('PT') },
    { size: n('W'), outputs: n('WO'), kernel: n('KW'), stride: n('SW'), padding: n('PL') },
  ]
}

const bias = (launch: About): number => (launch.defines.HAS_BIAS ? size(launch, 'y') : 0)

/** FLOPs by kernel; one that is not here only moves values. */
const FLOPS: Record<string, Formula> = {
  matmul: ({ defines: d }) =>
    2 * ['M', 'N', 'KC', 'Z'].map((name) => number(d, name)).reduce((a, b) => a * b),
  conv2d(launch) {
    const { defines: d, buffers } = launch
    const height = number(d, 'TAPS') / number(d, 'KW')
    return convFlops(buffers.a.shape[0], axes(d, height), number(d, 'KC'), number(d, 'N')) + bias(launch)
  },
  conv2d_transpose(launch) {
    // The conv that it transposes goes from its output to its input.
    const { buffers, defines } = launch
    const d = { ...defines, H: defines.HO, W: defines.WO, HO: defines.H, WO: defines.W }
    const [KH, KW] = buffers.b.shape
    const flops = convFlops(buffers.a.shape[0], axes({ ...d, KW }, KH), number(d, 'KC'), number(d, 'N'))
    return flops + bias(launch)
  },
  /** Also the product of a transposed matrix: a conv of one tap. */
  conv2d_weight(launch) {
    const { defines: d } = launch
    const images = number(d, 'LINES') / number(d, 'HO')
    const height = number(d, 'M') / number(d, 'KW') / number(d, 'C')
    const batches = size(launch, 'y') / number(d, 'M') / number(d, 'N') / number(d, 'SLICES')
    return batches * convFlops(images, axes(d, height), number(d, 'C'), number(d, 'N'))
  },
  pointwise: (launch) => operationsIn(String(launch.defines.EXPR)) * size(launch, 'y'),
  reduce: (launch) => {
    const results = size(launch, 'y')
    return size(launch, 'x') - results + (launch.params.scale === 1 ? 0 : results)
  },
  norm_stats: (launch) => (launch.defines.MERGE ? 0 : NORM.stats * size(launch, 'x')),
  norm_apply: (launch) => (NORM.apply + (launch.defines.SLOPE ? 1 : 0)) * size(launch, 'x'),
  norm_sums: (launch) => (NORM.sums + (launch.defines.WEIGHTED ? 1 : 0)) * size(launch, 'x'),
  norm_backward: perValue(NORM.backward),
  pixel_norm: (launch) =>
    (launch.defines.BACKWARD ? PIXEL_NORM.backward : PIXEL_NORM.forward) * size(launch, 'x'),
  spectral_norm: perValue(SPECTRAL_NORM.forward, 'y'),
  spectral_norm_backward: perValue(SPECTRAL_NORM.backward, 'y'),
  style_layer: perValue(STYLE_LAYER.forward),
  style_layer_backward: perValue(STYLE_LAYER.backward),
  // Three linear interpolations of 3 for each value of the larger image.
  upsample: (launch) =>
    launch.defines.BILINEAR ? 9 * Math.max(size(launch, 'x'), size(launch, 'y')) : adjointSum(launch),
  blur: perValue(BLUR),
  pool2d({ defines: d, buffers }) {
    const values = Math.min(sizeOf(buffers.x.shape), sizeOf(buffers.y.shape))
    const taps = number(d, 'KH') * number(d, 'KW')
    return values * (d.AVERAGE ? taps : d.MAX ? taps - 1 : 0)
  },
  rows: (launch) => (launch.defines.SCATTER ? size(launch, 'x') : 0),
}

/** Where several values of dy fall on one: an addition each. */
const adjointSum = (launch: About): number =>
  launch.defines.ADJOINT ? size(launch, 'x') - size(launch, 'y') : 0

/** Operators, comparisons and functions in an expression of pointwise.wgsl; to choose or to convert is free. */
export function operationsIn(expression: string): number {
  const found = expression.match(/\w+\(|[-+*/<>]|==|!=/g) ?? []
  return found.filter((token) => !['T(', 'select('].includes(token)).length
}

/** Where what is bound is not what is read and written once: update rules, and tables of which a few rows are taken. */
const WORK: Record<string, (launch: About) => Work> = {
  optim(launch) {
    const parameters = size(launch, 'p')
    if (launch.defines.CLIP) return { flops: 2 * parameters, bytes: 8 * parameters }
    const rule = (['SGD', 'RMSprop', 'Adam', 'EMA'] as Rule[]).find(
      (name) => launch.defines[name.toUpperCase()],
    )
    return optimizerWork(rule ?? 'SGD', parameters)
  },
  bytes: (launch) => taken(launch, { bytes: 1, flops: 2 }),
  rows: (launch) => (launch.op === 'gather' ? taken(launch, {}) : bound('rows', launch)),
}

function taken(launch: About, per: { bytes?: number; flops?: number }): Work {
  const count = size(launch, 'indices')
  return gatherWork(count, [size(launch, 'y') / count], per)
}

function bound(kernel: string, about: About): Work {
  const values = Object.keys(about.buffers).reduce((total, name) => total + size(about, name), 0)
  return { flops: about.flops ?? FLOPS[kernel]?.(about) ?? 0, bytes: 4 * values }
}

/** Nothing of a launch that nobody watched or recorded. */
export function workOf({ kernel, about }: Pick<Dispatch, 'kernel' | 'about'>): Work {
  if (!about) return { flops: 0, bytes: 0 }
  return WORK[kernel]?.(about) ?? bound(kernel, about)
}

/** What is read, and what is written: "32x14x14x16, 4x4x16x32 → 32x7x7x32". */
export function shapesOf({ about }: Pick<Dispatch, 'about'>): string {
  const texts = (written: boolean): string =>
    Object.values(about?.buffers ?? {})
      .flatMap(({ shape, writes }) => (writes === written ? [shape.join('x') || '1'] : []))
      .join(', ')
  return [texts(false), texts(true)].filter(Boolean).join(' → ')
}
