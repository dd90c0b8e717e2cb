/** Perceptual path length: how much images change on the way between latents. */
import { randn, type Tensor, tensor, uniform } from '../../engine/index.ts'
import { generatorOf, type Model, read } from '../family.ts'
import type { DigitScorer } from './digits.ts'
import { joined, lerp, rowsOf, slerp } from './latents.ts'
import type { Rows } from './metrics/rows.ts'

export interface PathLength {
  /** Where the paths run: z along arcs, w along lines. */
  space: 'z' | 'w'
  /** Pairs of latents. */
  pairs: number
  mean: number
  /** Standard error of the mean. */
  error: number
}

/** ε of the paper. */
const EPSILON = 1e-4
/** Pairs at once. */
const CHUNK = 128

/**
 * E d(G(l(a, b; t)), G(l(a, b; t + ε))) / ε², t uniform in [0, 1): the full path (Karras et al. 2018, arXiv:1812.04948,
 * section 4.1), with d the squared distance of the classifier's features in place of VGG's: not comparable with published
 * numbers. In z for a model whose images are of one z alone, and in w for one that has styles.
 * None for other models.
 */
export async function pathLengths(
  model: Model,
  scorer: Pick<DigitScorer, 'describe'>,
  pairs: number,
): Promise<PathLength[]> {
  const generator = generatorOf(model)
  if (!generator) return []
  const { size: latent } = generator
  const { styles } = model
  const inZ = {
    space: 'z',
    way: slerp,
    image: (z: Tensor) => generator.images(z),
    from: (z: Tensor) => z,
  } as const
  const inW = styles && {
    space: 'w' as const,
    way: lerp,
    image: (w: Tensor) => styles.images(w),
    from: (z: Tensor) => styles.of(z),
  }
  const lengths: PathLength[] = []
  for (const { space, way, image, from } of inW ? [inZ, inW] : [inZ]) {
    const ends = async () => rowsOf(await read(() => from(randn([CHUNK, latent]))), latent)
    const images: Float32Array[] = []
    for (let done = 0; done < pairs; done += CHUNK) {
      const [a, b] = [await ends(), await ends()]
      const along = await read(() => uniform([CHUNK]))
      const points = [...along].flatMap((t, i) => [way(a[i], b[i], t), way(a[i], b[i], t + EPSILON)])
      images.push(await read(() => image(tensor(joined(points), [points.length, latent]))))
    }
    const each = images[0].length / (2 * CHUNK)
    const { features } = await scorer.describe(joined(images).subarray(0, 2 * pairs * each))
    lengths.push({ space, pairs, ...meanAndError(distances(features)) })
  }
  return lengths
}

/** Squared distances of rows 2 i and 2 i + 1, over ε². */
function distances({ values, size }: Rows): number[] {
  return Array.from({ length: values.length / (2 * size) }, (_, pair) => {
    let sum = 0
    for (let i = 2 * pair * size; i < (2 * pair + 1) * size; i++) sum += (values[i] - values[i + size]) ** 2
    return sum / EPSILON ** 2
  })
}

function meanAndError(values: readonly number[]): Pick<PathLength, 'mean' | 'error'> {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length
  const variance = values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, values.length - 1)
  return { mean, error: Math.sqrt(variance / values.length) }
}
