import { safetensors, sealed } from '../../src/engine/index.ts'
import { type Tensors, writeCheckpoint } from '../../src/models/training/checkpoint.ts'
import type { Config, State } from '../../src/models/training/saved.ts'

export const CONFIG: Config = {
  model: 'gan',
  options: { width: 4 },
  fields: { x: { kind: 'points', dims: 2, unit: 1, toy: 'ring' } },
  batch: 4,
  seed: 7,
}

const tensorsOf = (step: number): Tensors => ({
  weight: { shape: [2, 3], data: Float32Array.of(1, -2, 0.5, 0, 1e-40, step) },
  bias: { shape: [], data: Float32Array.of(3) },
})

const stateOf = (step: number): State => ({
  config: CONFIG,
  step,
  updates: { generator: step },
  random: { seed: 7, block: 10 * step },
})

/** A checkpoint as far as its file goes: its tensors belong to no model. */
export const checkpointFile = (step: number): Uint8Array => writeCheckpoint(tensorsOf(step), stateOf(step))

/** One that says other things; with the checksum of these, or without any. */
export function falseCheckpoint(metadata: Record<string, string | undefined>, isSealed = true): Uint8Array {
  const { checksum: _, ...own } = safetensors.read(checkpointFile(3)).metadata
  const said = Object.entries({ ...own, ...metadata }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  )
  const file = { tensors: tensorsOf(3), metadata: Object.fromEntries(said) }
  return safetensors.write(isSealed ? sealed(file) : file)
}
