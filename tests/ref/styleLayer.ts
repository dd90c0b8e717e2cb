import { slice } from './movement.ts'
import { adain } from './norm.ts'
import { add, leakyRelu, mul } from './pointwise.ts'
import type { Ref } from './ref.ts'

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
