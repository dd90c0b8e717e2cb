/** Spectral normalisation: Miyato et al. 2018, "Spectral normalization for generative adversarial networks" (arXiv:1802.05957). */

import { gpu } from '../../gpu/device.ts'
import { type Launch, run } from '../../gpu/kernel.ts'
import { noGrad, record, together, vjpOf } from '../../tensor/autograd.ts'
import { check, type Shape, sameShape, shapeText } from '../../tensor/shape.ts'
import { empty, scope, Tensor } from '../../tensor/tensor.ts'
import { endToEnd } from '../flat.ts'
import { typeOf } from '../lanes.ts'
import { place, reshape, slice } from '../movement.ts'
import { div, mul, sub, zeros } from '../pointwise.ts'
import { sum } from '../reduce.ts'

const OP = 'spectralNorm'
/** Invocations that share a layer on a GPU; on a software adapter each has one alone, so few to a workgroup. */
const LANES = 256
const SERIAL_WORKGROUP = 4

/** A weight as a matrix, and where its parts lie (see lib/spectral.wgsl), in floats. */
interface Place {
  w: number
  y: number
  rows: number
  columns: number
  u: number
  kept: number
  padded: number
}

export interface SpectralNormOptions {
  /** The least norm that is divided by, PyTorch's. */
  eps?: number
}

/**
 * The `weights`, each divided by an estimate of its largest singular value σ, seen as a matrix [K, C] with the last
 * axis for columns: W [kh, kw, cin, cout] of a conv, [in, out] of a dense layer (of a transposed conv these are cin, where
 * PyTorch has cout). `u`, a vector [C] for each weight, takes
 * one step of the power iteration first and is overwritten; all of them must lie in one buffer (see powerVectors). All in
 * one dispatch. As in PyTorch's spectral_norm, σ = vᵀ W u has a gradient by W, while u and v are constants.
 * Throws ShapeError when a weight has fewer than two axes or its u another length.
 */
export function spectralNorm(
  weights: readonly Tensor[],
  u: readonly Tensor[],
  { eps = 1e-12 }: SpectralNormOptions = {},
): Tensor[] {
  checkInputs(weights, u)
  const { outputs, kept, places } = scope(() => noGrad(() => launchForward(weights, u, eps)))
  record(OP, weights, outputs, (...dys) =>
    together(weights.length, () => spectralNormBackward(weights, outputs, dys, kept, places)),
  )
  return outputs
}

/** Vectors u for spectralNorm, in one buffer, from `start`, which gives values of a shape. */
export function powerVectors(weights: readonly Tensor[], start: (shape: Shape) => Tensor): Tensor[] {
  const columns = weights.map(columnsOf)
  const { offsets, size } = endToEnd(columns)
  return scope(() =>
    views(
      start([size]),
      columns.map((c) => [c]),
      offsets,
    ),
  )
}

const columnsOf = ({ shape }: Tensor): number => shape[shape.length - 1]

function launchForward(weights: readonly Tensor[], u: readonly Tensor[], eps: number) {
  const shapes = weights.map(({ shape }) => shape)
  const laid = endToEnd(weights.map(({ size }) => size))
  const [w, from] = inOneBuffer(weights)
  let keptSize = 0
  const places = weights.map((weight, i): Place => {
    const columns = columnsOf(weight)
    const rows = weight.size / columns
    const kept = keptSize
    keptSize += rows + columns + 1
    const padded = (laid.offsets[i + 1] ?? laid.size) - laid.offsets[i]
    return { w: from[i], y: laid.offsets[i], rows, columns, u: u[i].byteOffset / 4, kept, padded }
  })
  const kept = empty([keptSize], OP)
  const y = empty([laid.size], OP)
  const end = Math.max(...places.map((place) => place.u + place.columns))
  const allU = new Tensor([end], u[0].storageOf(OP))
  launch('spectral_norm', places, { w, u: allU, y, kept }, { EPS: eps.toExponential() })
  return { outputs: views(y, shapes, laid.offsets), kept, places }
}

/** dW of all weights; differentiated again as the gradient of the composition. */
function spectralNormBackward(
  weights: readonly Tensor[],
  outputs: readonly Tensor[],
  dys: readonly Tensor[],
  kept: Tensor,
  places: readonly Place[],
): Tensor[] {
  const shapes = weights.map(({ shape }) => shape)
  const offsets = places.map((place) => place.y)
  const size = places.reduce((total, { padded }) => total + padded, 0)
  const gradients = scope(() =>
    noGrad(() => {
      const dy = gathered(dys, offsets, size)
      const y = new Tensor([size], outputs[0].storageOf(OP))
      const dw = empty([size], OP)
      launch('spectral_norm_backward', places, { y, dy, kept, dw })
      return views(dw, shapes, offsets)
    }),
  )
  const inputs = [...weights, ...dys]
  record(`${OP}Backward`, inputs, gradients, (...cotangents) => {
    const composed = (...leaves: Tensor[]): Tensor[] =>
      places.map((place, i) => composedBackward(leaves[i], leaves[weights.length + i], kept, place))
    return together(inputs.length, () => vjpOf(composed, inputs, cotangents))
  })
  return gradients
}

function composedBackward(w: Tensor, dy: Tensor, kept: Tensor, { kept: at, rows, columns }: Place): Tensor {
  const v = slice(kept, { start: [at], end: [at + rows] })
  const u = slice(kept, { start: [at + rows], end: [at + rows + columns] })
  const outer = reshape(mul(reshape(v, [rows, 1]), u), w.shape) // v uᵀ
  const sigma = sum(mul(w, outer))
  const inner = sum(mul(dy, div(w, sigma)))
  return div(sub(dy, mul(outer, inner)), sigma)
}

function launch(
  kernel: string,
  places: readonly Place[],
  buffers: Launch['buffers'],
  defines: Launch['defines'] = {},
): void {
  const serial = gpu().isSoftware
  const layers = places.map(
    ({ w, y, rows, columns, u, kept, padded }) =>
      `Layer(${[w, y, rows, columns, u, kept, padded].map((n) => `${n}u`).join(', ')})`,
  )
  run(kernel, {
    op: OP,
    defines: {
      ...typeOf(1),
      LAYERS: layers.join(', '),
      COUNT: `${places.length}u`,
      LANES: serial ? '1u' : `${LANES}u`,
      SPLIT: !serial,
      ...defines,
    },
    buffers,
    threads: serial ? places.length : places.length * LANES,
    workgroup: serial ? SERIAL_WORKGROUP : LANES,
  })
}

/** Where an optimiser keeps them is one buffer already; else they are copied to one. With each one's place, in floats. */
function inOneBuffer(tensors: readonly Tensor[]): [Tensor, number[]] {
  const storage = tensors[0].storageOf(OP)
  if (tensors.every((t) => t.storageOf(OP) === storage)) {
    const end = Math.max(...tensors.map((t) => t.byteOffset / 4 + t.size))
    return [new Tensor([end], storage), tensors.map((t) => t.byteOffset / 4)]
  }
  const { offsets, size } = endToEnd(tensors.map((t) => t.size))
  return [gathered(tensors, offsets, size), offsets]
}

/** Copies `tensors` to one buffer, zeros between them. */
function gathered(tensors: readonly Tensor[], offsets: readonly number[], size: number): Tensor {
  const whole = zeros([size])
  const pieces = tensors.map((x, i) => ({ x, block: x.size, start: offsets[i] }))
  place(OP, whole, pieces, size)
  return whole
}

/** Tensors that share the buffer of `whole`. */
const views = (whole: Tensor, shapes: readonly Shape[], offsets: readonly number[]): Tensor[] =>
  shapes.map((shape, i) => new Tensor(shape, whole.storageOf(OP), whole.byteOffset + 4 * offsets[i]))

function checkInputs(weights: readonly Tensor[], u: readonly Tensor[]): void {
  check(weights.length > 0, OP, () => 'expected at least one weight')
  check(u.length === weights.length, OP, () => `${u.length} vectors u for ${weights.length} weights`)
  weights.forEach(({ shape }, i) => {
    check(shape.length >= 2, OP, () => `weight ${i} has shape ${shapeText(shape)}, expected [..., K, C]`)
    const expected = [shape[shape.length - 1]]
    check(
      sameShape(u[i].shape, expected),
      OP,
      () =>
        `expected u ${i} ${shapeText(expected)} for a weight ${shapeText(shape)}, got ${shapeText(u[i].shape)}`,
    )
  })
  check(
    u.every((t) => t.storageOf(OP) === u[0].storageOf(OP)),
    OP,
    () => 'the vectors u must lie in one buffer, as powerVectors makes them',
  )
}
