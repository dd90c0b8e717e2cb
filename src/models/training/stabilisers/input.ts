/** What D is shown: samples with noise that fades, or several of them at once. */
import { add, full, mul, permute, randn, reshape, type Tensor } from '../../../engine/index.ts'
import { isImage, type SampleField } from '../../data/fields.ts'
import { type Settings, stabilisers } from './names.ts'

/** The unit of samples as networks see them: images lie in [-1, 1], points about as far in their unit. */
const unitOf = (field: SampleField): number => (isImage(field) ? 1 : field.unit)

/**
 * Instance noise: x + σ(t) ε, ε ~ N(0, I), with σ falling evenly from `noise` to 0 over `noise-steps` steps; real and
 * generated samples alike. Sønderby et al. 2016, section 3.2 (arXiv:1610.04490); Arjovsky & Bottou 2017
 * (arXiv:1701.04862). `steps` are those taken so far, asked at every replay.
 */
export function noisy(x: Tensor, field: SampleField, settings: Settings, steps: () => number): Tensor {
  const { noise = 0, 'noise-steps': over = stabilisers['noise-steps'].value } = settings
  if (!noise) return x
  const sigma = full([], () => noise * unitOf(field) * Math.max(0, 1 - steps() / over))
  return add(x, mul(randn(x.shape), sigma))
}

/** Packs of `m` samples, as D takes them: images on top of each other's channels, points end to end. */
export function packedField<F extends SampleField>(field: F, { pack: m = 1 }: Settings): F {
  return isImage(field) ? { ...field, channels: field.channels * m } : { ...field, dims: field.dims * m }
}

/**
 * Samples [N, ...] -> packs [N / m, ...] of neighbours. Lin et al. 2017, section 2 (PacGAN, arXiv:1712.04086): D tells
 * whether m samples are all real or all generated, and so sees how much they vary.
 */
export function packed(x: Tensor, { pack: m = 1 }: Settings): Tensor {
  if (m === 1) return x
  const [N, ...size] = x.shape
  if (size.length === 1) return reshape(x, [N / m, m * size[0]])
  const [H, W, C] = size
  return reshape(permute(reshape(x, [N / m, m, H, W, C]), [0, 2, 3, 1, 4]), [N / m, H, W, m * C])
}
