/** Every kernel of `src/shaders` by its kind. Pure. */

/** Each kind has a colour of its own in profile/report.css. */
export const KINDS: Readonly<Record<string, readonly string[]>> = {
  products: ['matmul', 'conv2d', 'conv2d_transpose', 'conv2d_weight'],
  norms: [
    ...['norm_stats', 'norm_apply', 'norm_sums', 'norm_backward', 'pixel_norm'],
    ...['spectral_norm', 'spectral_norm_backward', 'style_layer', 'style_layer_backward'],
  ],
  pointwise: ['pointwise'],
  reductions: ['reduce'],
  optimiser: ['optim'],
  moves: [
    ...['blur', 'bytes', 'col2im', 'concat', 'differs', 'finite_check', 'pad', 'pool2d', 'quad_probe'],
    ...['random', 'reflect_pad', 'rows', 'strided', 'translate', 'upsample'],
  ],
}
/** Of kernels that are not ours. */
const OTHER = 'other'
export const kinds: readonly string[] = [...Object.keys(KINDS), OTHER]

/** The kind of a kernel. */
export const kindOf = (kernel: string): string =>
  Object.keys(KINDS).find((kind) => KINDS[kind].includes(kernel)) ?? OTHER
