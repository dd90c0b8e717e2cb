// The checkpoints of a run: the newest, and the one before it, so that there is always one that is whole.
import { existsSync, linkSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CheckpointError } from '../src/engine/index.ts'
import { families } from '../src/models/index.ts'
import { type Config, configOf } from '../src/models/training/trainer.ts'
import { writeWhole } from './save.ts'

export const CHECKPOINT = 'checkpoint.safetensors'
export const PREVIOUS = 'checkpoint.previous.safetensors'
/** Where the newest is put that turned out to be damaged. */
export const DAMAGED = 'checkpoint.damaged.safetensors'

export interface Checkpoint {
  path: string
  file: Uint8Array
  config: Config
  step: number
}

/** Reads and checks a checkpoint. Throws CheckpointError naming the file. */
export function readCheckpoint(path: string): Checkpoint {
  const file = readBytes(path)
  try {
    const { step, ...config } = configOf(file, path)
    const { model, options, fields, batch, seed } = config
    if (!Number.isSafeInteger(step) || !options || !fields || !batch || !Number.isSafeInteger(seed))
      throw new CheckpointError(`${path}: its metadata lacks step, options, fields, batch or seed`)
    if (!Object.hasOwn(families, model))
      throw new CheckpointError(
        `${path}: is of model '${model}'; there are ${Object.keys(families).join(', ')}`,
      )
    return { path, file, config, step }
  } catch (error) {
    if (error instanceof CheckpointError) throw error
    throw new CheckpointError(`${path}: its metadata cannot be read: ${(error as Error).message}`)
  }
}

/** The bytes of a file. Throws CheckpointError when it cannot be read. */
export function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    throw new CheckpointError(`${path}: ${code === 'ENOENT' ? 'no such file' : message}`)
  }
}

/**
 * The newest checkpoint in the folder of a run, or the one before it, with a word to `warn`, when the newest is damaged or
 * not there. Throws CheckpointError when neither can be read.
 */
export function latestCheckpoint(
  folder: string,
  warn: (text: string) => void = (text) => console.error(text),
): Checkpoint {
  try {
    return readCheckpoint(join(folder, CHECKPOINT))
  } catch (error) {
    if (!(error instanceof CheckpointError) || !existsSync(join(folder, PREVIOUS))) throw error
    const previous = previousCheckpoint(folder, error)
    warn(`${error.message}. The one before it is taken, of step ${previous.step}: ${previous.path}`)
    return previous
  }
}

function previousCheckpoint(folder: string, newest: CheckpointError): Checkpoint {
  try {
    return readCheckpoint(join(folder, PREVIOUS))
  } catch (error) {
    throw new CheckpointError(`${newest.message}; and the one before it: ${(error as Error).message}`)
  }
}

/**
 * Saves a checkpoint beside the one before, which stays the newest until this one was read back and found whole. Throws an
 * Error when it cannot be written or is not what was meant; what was saved before is still there then.
 */
export function saveCheckpoint(folder: string, content: Uint8Array, isNewestDamaged: boolean): void {
  const path = join(folder, CHECKPOINT)
  writeWhole(path, content, (aside) => {
    try {
      readCheckpoint(aside)
    } catch (error) {
      throw new Error(
        `${path} is kept as it was, since what was read back is damaged: ${(error as Error).message}`,
      )
    }
    if (!existsSync(path)) return
    if (isNewestDamaged) renameSync(path, join(folder, DAMAGED))
    else becomePrevious(path, join(folder, PREVIOUS))
  })
}

/** `path` is there all the time, where one file can have two names. */
function becomePrevious(path: string, previous: string): void {
  rmSync(previous, { force: true })
  try {
    linkSync(path, previous)
  } catch {
    renameSync(path, previous)
  }
}
