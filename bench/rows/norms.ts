/** Normalisations, forward and backward, and StyleGAN's layer around one. */

import {
  adain,
  batchNorm,
  grad,
  layerNorm,
  pixelNorm,
  styleLayer,
  type Tensor,
} from '../../src/engine/index.ts'
import {
  both,
  normBackwardWork,
  normWork,
  PIXEL_NORM,
  pointwiseWork,
  STYLE_LAYER,
} from '../../src/engine/ops/products/counts.ts'
import { sizeOf } from '../../src/engine/tensor/shape.ts'
import * as R from '../../tests/ref/index.ts'
import { values } from '../inputs.ts'
import { plain, type Row, type Session } from '../row.ts'

/**
 * The gradients of `f` in the inputs `wanted`, from dy, the row's last input; f itself runs once, before. What its tape
 * keeps goes with the device.
 */
const backward =
  (f: (...inputs: Tensor[]) => Tensor, wanted: readonly number[]) =>
  (inputs: Tensor[]): Session => {
    const leaves = inputs.slice(0, -1)
    for (const i of wanted) leaves[i].requiresGrad = true
    const y = f(...leaves)
    const gradOutput = inputs[inputs.length - 1]
    return {
      run: () =>
        grad(
          y,
          wanted.map((i) => leaves[i]),
          { gradOutput },
        ),
      dispose: () => y.dispose(),
    }
  }

/** A norm's rows: forward, backward, and the two at once as peers do them. */
function normRows(
  op: string,
  x: number[],
  affine: number[],
  forward: (x: Tensor, scale: Tensor, shift: Tensor) => Tensor,
  twins: {
    forward: (x: R.Ref, scale: R.Ref, shift: R.Ref) => R.Ref
    backward: (x: R.Ref, scale: R.Ref, dy: R.Ref) => R.Ref[]
  },
): Row[] {
  const inputs = [values(x, 10), values(affine, 11, [0.5, 1.5]), values(affine, 12)]
  const forwardWork = normWork(x, affine)
  const backwardWork = normBackwardWork(x, affine, sizeOf(affine)) // as many statistics as scales
  const wanted = [0, 1, 2]
  const gradients = {
    shape: x.join('x'),
    inputs: [...inputs, values(x, 13)],
    reference: ([a, s, , dy]: R.Ref[]) => twins.backward(a, s, dy),
    tolerance: 1e-4, // as the ops' tests allow gradients
  }
  return [
    {
      op,
      shape: x.join('x'),
      work: forwardWork,
      inputs,
      begin: plain((a, s, b) => forward(a, s, b)),
      reference: ([a, s, b]) => [twins.forward(a, s, b)],
      peer: { op },
    },
    {
      ...gradients,
      op: `${op} backward`,
      work: backwardWork,
      begin: backward((a, s, b) => forward(a, s, b), wanted),
    },
    {
      ...gradients,
      op: `${op} both`,
      work: both(forwardWork, backwardWork),
      begin: ([a, s, b, dy]) => {
        const leaves = [a, s, b]
        for (const leaf of leaves) leaf.requiresGrad = true
        return { run: () => grad(forward(a, s, b), leaves, { gradOutput: dy }) }
      },
      peer: { op: `${op} both` },
    },
  ]
}

const batchRows = (x: number[]): Row[] =>
  normRows('batchNorm', x, x.slice(-1), batchNorm, { forward: R.batchNorm, backward: R.batchNormBackward })

const adainRows = (x: number[]): Row[] =>
  normRows('adain', x, [x[0], x[3]], adain, { forward: R.adain, backward: R.adainBackward })

function styleRows(x: number[]): Row[] {
  const [n, h, w, c] = x
  const parts = [[n, h, w, 1], [c], [c], [n, 2 * c]]
  const inputs = [values(x, 20), ...parts.map((shape, i) => values(shape, 21 + i, [0.2, 1.2]))]
  const shape = x.join('x')
  const kept = [5 * n * c] // what the forward kernel keeps of each plane
  return [
    {
      op: 'styleLayer',
      shape,
      work: pointwiseWork(x, [x, ...parts], STYLE_LAYER.forward),
      inputs,
      begin: plain((...all) => styleLayer(...(all as Parameters<typeof styleLayer>))),
      reference: ([a, ...rest]) => [R.styleLayer(a, rest[0], rest[1], rest[2], rest[3])],
    },
    {
      op: 'styleLayer backward',
      shape,
      work: pointwiseWork(x, [x, x, parts[0], kept, [c], [c], parts[3]], STYLE_LAYER.backward),
      inputs: [...inputs, values(x, 26)],
      begin: backward((...all) => styleLayer(...(all as Parameters<typeof styleLayer>)), [0, 2, 3, 4]),
      reference: ([a, ...rest]) => R.styleLayerBackward(a, rest[0], rest[1], rest[2], rest[3], rest[4]),
      tolerance: 1e-4,
    },
  ]
}

const single = (
  op: string,
  x: number[],
  rest: Pick<Row, 'inputs' | 'work' | 'begin' | 'reference'>,
): Row => ({
  op,
  shape: x.join('x'),
  ...rest,
})

export function norms(): Row[] {
  const image = [16, 14, 14, 64] // WGAN-GP's critic, width 64
  const style = image.slice(1)
  const wide = [16, 32, 32, 64]
  return [
    ...batchRows([32, 14, 14, 32]), // DCGAN at 28x28, width 32, batch 32
    ...batchRows([32, 7, 7, 64]),
    single('layerNorm', image, {
      inputs: [values(image, 14), values(style, 15, [0.5, 1.5]), values(style, 16)],
      work: normWork(image, style),
      begin: plain((x, g, b) => layerNorm(x, g, b)),
      reference: ([x, g, b]) => [R.layerNorm(x, g, b)],
    }),
    // StyleGAN-lite at 32x32, width 64, batch 16
    ...adainRows(wide),
    ...styleRows(wide),
    single('pixelNorm', [16, 128], {
      inputs: [values([16, 128], 17)],
      work: pointwiseWork([16, 128], [[16, 128]], PIXEL_NORM.forward),
      begin: plain((x) => pixelNorm(x)),
      reference: ([x]) => [R.pixelNorm(x)],
    }),
  ]
}
