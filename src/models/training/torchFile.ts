/** Training states as PyTorch has them: safetensors with its names and layouts, and with our metadata where we wrote them. */
import { CheckpointError, randomState, safetensors } from '../../engine/index.ts'
import type { GanModel } from '../model.ts'
import { fromTorch, toTorch } from './torchLayout.ts'
import type { Config, State, Trainer } from './trainer.ts'

/** What a file says beside its tensors; one from elsewhere may say nothing. */
export interface TorchFile {
  tensors: State['tensors']
  config?: Config
  step: number
  updates?: State['updates']
  random?: State['random']
}

/** A checkpoint of `model`'s as PyTorch has it. */
export function torchFile(checkpoint: Uint8Array, model: GanModel): Uint8Array {
  const { tensors, metadata } = safetensors.read(checkpoint)
  const { config, step, updates, random } = metadata
  return safetensors.write({
    tensors: toTorch(model, tensors),
    metadata: { format: 'pt', config, step, updates, random },
  })
}

const isCount = (x: unknown): x is number => Number.isSafeInteger(x) && (x as number) >= 0
const isRecord = (x: unknown): x is Record<string, unknown> =>
  typeof x === 'object' && x !== null && !Array.isArray(x)

/** What each part of the metadata must be. */
const PARTS: Record<string, readonly [expected: string, test: (value: unknown) => boolean]> = {
  config: ['a configuration', (x) => isRecord(x) && typeof x.model === 'string' && isRecord(x.options)],
  step: ['a whole number', isCount],
  updates: ['whole numbers by optimiser', (x) => isRecord(x) && Object.values(x).every(isCount)],
  random: ['seed and block', (x) => isRecord(x) && isCount(x.seed) && isCount(x.block)],
}

/** Reads a file. Throws CheckpointError naming it and what is wrong with it. */
export function readTorchFile(file: Uint8Array, name: string): TorchFile {
  const { tensors, metadata } = safetensors.read(file, name)
  const parts: Record<string, unknown> = {}
  for (const [part, [expected, test]] of Object.entries(PARTS)) {
    if (metadata[part] === undefined) continue
    const value = parsed(metadata[part])
    if (!test(value))
      throw new CheckpointError(
        `${name}: its metadata's ${part}: expected ${expected}, got ${metadata[part]}`,
      )
    parts[part] = value
  }
  return { step: 0, ...parts, tensors }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
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
