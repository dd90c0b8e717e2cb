import { concat, slice } from './movement.ts'
import { adain, adainBackward } from './norm.ts'
import { add, greater, leakyRelu, mul, sub } from './pointwise.ts'
import { sum } from './reduce.ts'
import { full, type Ref } from './ref.ts'

/** adain(leakyRelu(x + noiseScale noise + bias), scale, shift), style [N, 2 C] being the scales, then the shifts. */
export function styleLayer(
  x: Ref,
  noise: Ref,
  noiseScale: Ref,
  bias: Ref,
  style: Ref,
  { slope = 0.2, eps = 1e-5 }: { slope?: number; eps?: number } = {},
): Ref {
  const [N, , , C] = x.shape
  const v = leakyRelu(add(add(x, mul(noise, noiseScale)), bias), { slope })
  return adain(
    v,
    slice(style, { start: [0, 0], end: [N, C] }),
    slice(style, { start: [0, C], end: [N, 2 * C] }),
    { eps },
  )
}

/** Gradients of styleLayer in x, noiseScale, bias and style. */
export function styleLayerBackward(
  x: Ref,
  noise: Ref,
  noiseScale: Ref,
  bias: Ref,
  style: Ref,
  dy: Ref,
  { slope = 0.2, eps = 1e-5 }: { slope?: number; eps?: number } = {},
): Ref[] {
  const [N, , , C] = x.shape
  const u = add(add(x, mul(noise, noiseScale)), bias)
  const scale = slice(style, { start: [0, 0], end: [N, C] })
  const [dv, dscale, dshift] = adainBackward(leakyRelu(u, { slope }), scale, dy, { eps })
  const positive = greater(u, 0)
  const du = mul(dv, add(positive, mul(sub(full(positive.shape, 1), positive), slope)))
  const axes = [0, 1, 2]
  return [du, sum(mul(du, noise), { axes }), sum(du, { axes }), concat([dscale, dshift], { axis: 1 })]
}
