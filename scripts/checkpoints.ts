// The checkpoints of a run: the newest, and the one before it, so that there is always one that is whole.
import { existsSync, linkSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { CheckpointError, DataError } from '../src/engine/index.ts'
import * as file from '../src/models/training/checkpoint.ts'
import type { Config } from '../src/models/training/saved.ts'
import { read } from './read.ts'
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

/** Tells people something, in a line. */
type Warn = (text: string) => void
const tell: Warn = (text) => console.error(text)

/**
 * Reads and checks a checkpoint; `warn` hears of one without a checksum. Throws CheckpointError naming the file, DataError
 * when it cannot be read at all.
 */
export function readCheckpoint(path: string, warn = tell): Checkpoint {
  const bytes = read(path)
  const { config, step, hasChecksum } = file.readCheckpoint(bytes, path)
  if (!hasChecksum) warn(file.withoutChecksum(path))
  return { path, file: bytes, config, step }
}

/**
 * The newest checkpoint in the folder of a run, or the one before it, with a word to `warn`, when the newest is damaged or
 * not there. Throws CheckpointError or DataError when neither can be read.
 */
export function latestCheckpoint(folder: string, warn = tell): Checkpoint {
  try {
    return readCheckpoint(join(folder, CHECKPOINT), warn)
  } catch (error) {
    const isUnfit = error instanceof CheckpointError || error instanceof DataError
    if (!isUnfit || !existsSync(join(folder, PREVIOUS))) throw error
    const previous = previousCheckpoint(folder, error, warn)
    warn(`${error.message}. The one before it is taken, of step ${previous.step}: ${previous.path}`)
    return previous
  }
}

function previousCheckpoint(folder: string, newest: Error, warn: Warn): Checkpoint {
  try {
    return readCheckpoint(join(folder, PREVIOUS), warn)
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
