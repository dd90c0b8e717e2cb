import { safetensors, sealed } from '../../src/engine/index.ts'

const SHAPES = {
  'convs.0.weight': [4, 4, 1, 16],
  'convs.1.weight': [4, 4, 16, 32],
  'convs.2.weight': [3, 3, 32, 32],
  'hidden.weight': [512, 64],
  ...Object.fromEntries(
    [16, 32, 32, 64].flatMap((size, i) =>
      ['gamma', 'beta', 'runningMean', 'runningVariance'].map((name) => [`norms.${i}.${name}`, [size]]),
    ),
  ),
  'out.weight': [64, 10],
  'out.bias': [10],
}

/** A classifier of digits that knows nothing, as it is kept in a file, with `count` real digits described at random. */
export function classifierFile(count: number): Uint8Array {
  const shapes: Record<string, number[]> = {
    ...SHAPES,
    'real.train': [count, 64],
    'real.test': [count, 64],
    'real.probabilities': [count, 10],
  }
  const tensors = Object.fromEntries(
    Object.entries(shapes).map(([name, shape], which) => {
      const size = shape.reduce((a, b) => a * b)
      const data = Float32Array.from({ length: size }, (_, i) => Math.abs(Math.sin(i * i + which)) / 10)
      return [name, { shape, data }]
    }),
  )
  return safetensors.write(sealed({ tensors, metadata: { format: 'ganvas digits 1', accuracy: '0.5' } }))
}
