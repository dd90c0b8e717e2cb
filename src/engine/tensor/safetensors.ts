/**
 * The safetensors file format: 8 bytes of header length (little endian), a JSON header, then the tensors' bytes.
 * Pure: plain `Uint8Array` in and out. Only F32 is read and written.
 */
import { CheckpointError } from '../errors.ts'
import { type Shape, sizeOf } from './shape.ts'

export interface SavedTensor {
  shape: Shape
  data: Float32Array
}

export interface SafetensorsFile {
  tensors: Record<string, SavedTensor>
  metadata: Record<string, string>
}

/** Puts tensors and metadata into one file. Throws CheckpointError when a tensor's values are not those of its shape. */
export function write({ tensors, metadata }: SafetensorsFile): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: metadata }
  let offset = 0
  for (const [name, { shape, data }] of Object.entries(tensors)) {
    if (data.length !== sizeOf(shape))
      throw new CheckpointError(`safetensors: ${name} has ${data.length} values for shape [${shape}]`)
    header[name] = { dtype: 'F32', shape, data_offsets: [offset, offset + data.byteLength] }
    offset += data.byteLength
  }
  const text = JSON.stringify(header)
  const json = new TextEncoder().encode(text)
  // Padded with spaces, so that the values begin at a multiple of 8.
  const length = Math.ceil(json.length / 8) * 8
  const file = new Uint8Array(8 + length + offset)
  new DataView(file.buffer).setBigUint64(0, BigInt(length), true)
  file.fill(0x20, 8, 8 + length)
  file.set(json, 8)
  let at = 8 + length
  for (const { data } of Object.values(tensors)) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at)
    at += data.byteLength
  }
  return file
}

/** Reads a file. Throws CheckpointError saying what is wrong with it. */
export function read(file: Uint8Array, name = 'safetensors'): SafetensorsFile {
  const fail = (message: string): never => {
    throw new CheckpointError(`${name}: ${message}`)
  }
  if (file.length < 8) fail(`only ${file.length} bytes: not a safetensors file`)
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const length = Number(view.getBigUint64(0, true))
  if (length > file.length - 8)
    fail(`the header claims ${length} bytes of a file of ${file.length}: truncated, or another format`)
  const { __metadata__, ...entries } = parseHeader(file.subarray(8, 8 + length), fail)
  const values = file.subarray(8 + length)
  const tensors: Record<string, SavedTensor> = {}
  for (const [key, entry] of Object.entries(entries)) {
    const { dtype, shape, data_offsets: range } = (entry ?? {}) as Partial<Entry>
    if (dtype !== 'F32') fail(`${key} has type ${dtype}; only F32 is supported`)
    if (!isCounts(shape) || !isCounts(range) || range.length !== 2)
      return fail(`${key} has no shape or offsets`)
    const [begin, end] = range
    if (end - begin !== sizeOf(shape) * 4) fail(`${key} of shape [${shape}] has ${end - begin} bytes`)
    if (end > values.length) fail(`truncated: ${key} ends at byte ${end} of ${values.length}`)
    tensors[key] = { shape, data: new Float32Array(values.slice(begin, end).buffer) }
  }
  return { tensors, metadata: (__metadata__ ?? {}) as Record<string, string> }
}

interface Entry {
  dtype: string
  shape: number[]
  data_offsets: number[]
}

const isCounts = (x: unknown): x is number[] =>
  Array.isArray(x) && x.every((n) => Number.isInteger(n) && n >= 0)

function parseHeader(bytes: Uint8Array, fail: (message: string) => never): Record<string, unknown> {
  try {
    const header: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
    if (typeof header === 'object' && header !== null && !Array.isArray(header))
      return header as Record<string, unknown>
  } catch {
    // said below
  }
  return fail('the header is not JSON: not a safetensors file')
}
