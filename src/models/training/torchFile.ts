/** Training states as PyTorch has them: safetensors with its names and layouts, and with our metadata where we wrote them. */
import { CheckpointError, randomState, safetensors, schema } from '../../engine/index.ts'
import type { Model } from '../family.ts'
import { parsed, type Tensors } from './checkpoint.ts'
import { type Config, config, random, type State, updates } from './saved.ts'
import { fromTorch, toTorch } from './torchLayout.ts'
import type { Trainer } from './trainer.ts'

/** What a file says beside its tensors; one from elsewhere may say nothing. */
export interface TorchFile {
  tensors: Tensors
  config?: Config
  step: number
  updates?: State['updates']
  random?: State['random']
}

/** A checkpoint of `model`'s as PyTorch has it. */
export function torchFile(checkpoint: Uint8Array, model: Model): Uint8Array {
  const { tensors, metadata } = safetensors.read(checkpoint)
  const { config, step, updates, random } = metadata
  return safetensors.write({
    tensors: toTorch(model, tensors),
    metadata: { format: 'pt', config, step, updates, random },
  })
}

const { optional, whole } = schema
/** What it may say. */
const parts = schema.object({
  config: optional(config),
  step: optional(whole),
  updates: optional(updates),
  random: optional(random),
})
const PARTS = ['config', 'step', 'updates', 'random'] as const

/** Reads a file. Throws CheckpointError naming it and what is wrong with it. */
export function readTorchFile(file: Uint8Array, name: string): TorchFile {
  const { tensors, metadata } = safetensors.read(file, name)
  const given = PARTS.filter((part) => metadata[part] !== undefined)
  const found = given.map((part) => [part, parsed(metadata[part], part, name)])
  return { step: 0, ...schema.checked(parts, Object.fromEntries(found), name, CheckpointError), tensors }
}

/**
 * Goes on from a file: where it lacks averages or optimisers, these begin anew. Throws CheckpointError naming the file when
 * it is not of the trainer's model.
 */
export function loadTorchFile(trainer: Trainer, file: Uint8Array, name: string): void {
  const { tensors, step, updates = {}, random = randomState() } = readTorchFile(file, name)
  const { model } = trainer
  const isTrained = Object.keys(tensors).some((key) => key.startsWith('optimizer.'))
  const counts = Object.keys(model.optimizers).map((key) => {
    if (isTrained && updates[key] === undefined)
      throw new CheckpointError(`${name}: its metadata's updates lack those of optimizer.${key}`)
    return [key, isTrained ? updates[key] : 0] as const
  })
  trainer.load({
    tensors: fromTorch(model, tensors, name),
    step,
    updates: Object.fromEntries(counts),
    random,
  })
}
