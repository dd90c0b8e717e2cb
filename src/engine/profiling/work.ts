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

/** Of a define such as '12u'. Throws an Error where the kernel has no such define: its count would come to nothing. */
function number(defines: Defines, name: string): number {
  const value = Number.parseInt(String(defines[name]), 10)
  if (Number.isNaN(value))
    throw new Error(`work: expected a number as define '${name}', got ${defines[name]}`)
  return value
}
/** Throws an Error where the kernel binds no such buffer. */
function size({ op, buffers }: About, name: string): number {
  const bound = buffers[name]
  if (!bound) throw new Error(`work: ${op} binds no '${name}', only ${Object.keys(buffers).join(', ')}`)
  return sizeOf(bound.shape)
}

/** FLOPs of a launch. */
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

/** Of kernels that only move values, or work on integers. */
const none: Formula = () => 0

/** FLOPs by kernel. A new kernel of `src/shaders` needs a line here or in WORK. */
const FLOPS: Readonly<Record<string, Formula>> = {
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
  reflect_pad: (launch) => adjointSum(launch),
  // The taps that it adds up are counted with the product before it.
  col2im: bias,
  pool2d({ defines: d, buffers }) {
    const values = Math.min(sizeOf(buffers.x.shape), sizeOf(buffers.y.shape))
    const taps = number(d, 'KH') * number(d, 'KW')
    return values * (d.AVERAGE ? taps : d.MAX ? taps - 1 : 0)
  },
  rows: (launch) => (launch.defines.SCATTER ? size(launch, 'x') : 0),
  concat: none,
  pad: none,
  strided: none,
  translate: none,
  random: none,
  differs: none,
  finite_check: none,
  quad_probe: none,
}

/** Where several values of dy fall on one: an addition each. */
const adjointSum = (launch: About): number =>
  launch.defines.ADJOINT ? size(launch, 'x') - size(launch, 'y') : 0

/** Operators, comparisons and functions in an expression of pointwise.wgsl; to choose or to convert is free. */
export function operationsIn(expression: string): number {
  const found = expression.match(/\w+\(|[-+*/<>]|==|!=/g) ?? []
  return found.filter((token) => !['T(', 'select('].includes(token)).length
}

const RULES: readonly Rule[] = ['SGD', 'RMSprop', 'Adam', 'EMA']

/**
 * Where what is bound is not what is read and written once: update rules, and tables of which a few rows are taken.
 * Undefined for a form of the kernel that is as others are, or that nobody has counted yet.
 */
const WORK: Readonly<Record<string, (launch: About) => Work | undefined>> = {
  optim(launch) {
    const parameters = size(launch, 'p')
    if (launch.defines.CLIP) return { flops: 2 * parameters, bytes: 8 * parameters }
    const rule = RULES.find((name) => launch.defines[name.toUpperCase()])
    return rule && optimizerWork(rule, parameters)
  },
  bytes: (launch) => taken(launch, { bytes: 1, flops: 2 }),
  rows: (launch) => (launch.defines.SCATTER || launch.defines.ONE_HOT ? undefined : taken(launch, {})),
}

function taken(launch: About, per: { bytes?: number; flops?: number }): Work {
  const count = size(launch, 'indices')
  return gatherWork(count, [size(launch, 'y') / count], per)
}

/** The kernels of `src/shaders` that there is a formula for. */
export const countedKernels: readonly string[] = [...Object.keys(FLOPS), ...Object.keys(WORK)]

export interface LaunchWork extends Work {
  /**
   * Whether the FLOPs are known. Those of a kernel without a formula stand as 0, and tables mark them: give `run` its
   * `flops`, or write a formula above.
   */
  counted: boolean
}

/** Useful work of a launch; not counted where nobody watched or recorded it. */
export function workOf({ kernel, about }: Pick<Dispatch, 'kernel' | 'about'>): LaunchWork {
  if (!about) return { flops: 0, bytes: 0, counted: false }
  const work = Object.hasOwn(WORK, kernel) ? WORK[kernel](about) : undefined
  if (work) return { ...work, counted: true }
  const values = Object.keys(about.buffers).reduce((total, name) => total + size(about, name), 0)
  const formula = Object.hasOwn(FLOPS, kernel) ? FLOPS[kernel] : undefined
  const flops = about.flops ?? formula?.(about)
  return { flops: flops ?? 0, bytes: 4 * values, counted: flops !== undefined }
}

/** For whoever reads a table: which of these kernels' FLOPs are not known. Nothing where all are. */
export function uncountedLines(launches: readonly { kernel: string; counted: boolean }[]): string[] {
  const names = new Set(launches.flatMap(({ kernel, counted }) => (counted ? [] : [kernel])))
  return names.size
    ? [
        `?        no formula in src/engine/profiling/work.ts counts the FLOPs of ${[...names].join(', ')}: they stand as 0`,
      ]
    : []
}

/** What is read, and what is written: "32x14x14x16, 4x4x16x32 → 32x7x7x32". */
export function shapesOf({ about }: Pick<Dispatch, 'about'>): string {
  const texts = (written: boolean): string =>
    Object.values(about?.buffers ?? {})
      .flatMap(({ shape, writes }) => (writes === written ? [shape.join('x') || '1'] : []))
      .join(', ')
  return [texts(false), texts(true)].filter(Boolean).join(' → ')
}
