/** Useful work of a training step of src/models/families/dcgan.ts, from its sizes. */
import { convWork, matmulWork } from '../src/engine/ops/products/counts.ts'

export interface DcganShape {
  size: number
  channels: number
  width: number
  batch: number
}

/** Products and convs of a training step of src/models/families/dcgan.ts; norms, activations and optimisers are left out. */
export function dcganStepFlops({ size, channels, width, batch }: DcganShape): number {
  let [at, cin, cout] = [size, channels, width]
  const convs: number[] = []
  for (; at > 7 && at % 2 === 0; at /= 2) {
    convs.push(convWork({ n: batch, size: at, cin, cout, kernel: 4, stride: 2, padding: 1 }).flops)
    ;[cin, cout] = [cout, 2 * cout]
  }
  const features = at * at * cin
  const both = convs.reduce((a, b) => a + b, 0)
  const D = both + matmulWork(batch, features, 1).flops
  const project = matmulWork(batch, LATENT, features).flops
  const G = both + project
  // Updating D, on real and on generated images: forward, weight gradients, data gradients (none for the images).
  const updateD = 2 * (3 * D - convs[0])
  // Updating G: D forward and its data gradients down to the images; G forward, once, and its gradients (none for z).
  return updateD + 2 * D + 3 * G - project
}

const LATENT = 100
