/** The file of a checkpoint: tensors, what it says of the run, and a checksum over both. Knows no paper and no GPU. */
import { CheckpointError, checkSeal, DataError, safetensors, schema, sealed } from '../../engine/index.ts'
import { checkConfig } from '../index.ts'
import { type State, state } from './saved.ts'

const FORMAT = 'ganvas 3'
/** Of versions that knew one kind of data and of model. */
const EARLIER = 'ganvas 2'
/** What the metadata, which are text, have as JSON. */
const AS_JSON = ['step', 'updates', 'config', 'random'] as const

export type Tensors = Record<string, safetensors.SavedTensor>

/** Everything that a resumed run needs to give the same bits, as a safetensors file. */
export function writeCheckpoint(tensors: Tensors, of: State): Uint8Array {
  const texts = AS_JSON.map((name) => [name, JSON.stringify(of[name])])
  return safetensors.write(sealed({ tensors, metadata: { format: FORMAT, ...Object.fromEntries(texts) } }))
}

/** What people are told of a file without one. */
export const withoutChecksum = (name: string): string =>
  `${name} has no checksum, as older versions wrote it: damage to it would not be noticed.`

export interface SavedRun extends State {
  tensors: Tensors
  /** Older files have none. */
  hasChecksum: boolean
}

/**
 * Reads and checks a checkpoint. Throws CheckpointError naming the file, and what of it is damaged, missing, or not what a
 * run can have.
 */
export function readCheckpoint(file: Uint8Array, name = 'checkpoint'): SavedRun {
  const read = safetensors.read(file, name)
  const { tensors } = read
  const { format, checksum: _, ...texts } = read.metadata
  if (format === EARLIER)
    throw new CheckpointError(
      `${name} was made by an earlier version of Ganvas (format '${EARLIER}'), which this one cannot go on with: train anew`,
    )
  if (format !== FORMAT)
    throw new CheckpointError(
      `${name} is no Ganvas checkpoint: format ${schema.shown(format)}, expected ${schema.shown(FORMAT)}`,
    )
  const hasChecksum = checkSeal(read, name)
  for (const [key, { data }] of Object.entries(tensors))
    if (!areFinite(data)) throw new CheckpointError(`${name}: ${key} has values that are not finite`)
  const found = Object.entries(texts).map(([field, text]) => [field, parsed(text, field, name)])
  const of = schema.checked(state, Object.fromEntries(found), name, CheckpointError)
  try {
    checkConfig(of.config)
  } catch (error) {
    if (error instanceof DataError) throw new CheckpointError(`${name}: config: ${error.message}`)
    throw error
  }
  return { ...of, tensors, hasChecksum }
}

/** A loop, since `every` takes many times as long for the millions that there may be. */
function areFinite(values: Float32Array): boolean {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return false
  return true
}

/** The value of a JSON text of the metadata. Throws CheckpointError naming the file and the field. */
export function parsed(text: string, field: string, name: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new CheckpointError(
      `${name}: ${schema.within('', field)}: expected JSON, got ${schema.shown(text)}`,
    )
  }
}
