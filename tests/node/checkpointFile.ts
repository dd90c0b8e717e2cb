import { safetensors } from '../../src/engine/index.ts'

export const CONFIG = { model: 'gan', options: { width: 4 }, data: { toy: 'ring' }, batch: 4, seed: 7 }

/** A checkpoint as far as its file goes: its one tensor belongs to no model. */
export function checkpointFile(step: number): Uint8Array {
  const weight = { shape: [2, 3], data: Float32Array.of(1, -2, 0.5, 0, 1e-40, step) }
  return safetensors.write({
    tensors: { weight },
    metadata: {
      format: 'ganvas 2',
      step: String(step),
      updates: JSON.stringify({ generator: step }),
      config: JSON.stringify(CONFIG),
      random: JSON.stringify({ seed: 7, block: 10 * step }),
    },
  })
}
