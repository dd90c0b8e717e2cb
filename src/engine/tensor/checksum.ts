/**
 * A checksum in a safetensors file's own metadata, so that damage to it is noticed. It is over what the file says, not how:
 * metadata and tensors in the order of their names, whoever wrote them in which order.
 *
 *     crc32 of   for each entry of the metadata but this one   name NUL value NUL
 *                for each tensor                                name NUL sizes, joined by commas NUL values
 */
import { CheckpointError } from '../errors.ts'
import { crc32 } from './crc32.ts'
import type { SafetensorsFile } from './safetensors.ts'

/** The entry of the metadata. */
const ENTRY = 'checksum'

/** The same with its checksum among the metadata. */
export const sealed = (file: SafetensorsFile): SafetensorsFile => ({
  ...file,
  metadata: { ...file.metadata, [ENTRY]: checksumOf(file) },
})

/** Whether a file has a checksum. Throws CheckpointError naming the file when it is not that of what the file holds. */
export function checkSeal(file: SafetensorsFile, name: string): boolean {
  const saved = file.metadata[ENTRY]
  if (saved === undefined) return false
  const found = checksumOf(file)
  if (saved === found) return true
  throw new CheckpointError(
    `${name} is damaged: its checksum is ${found}, was ${JSON.stringify(saved)} when it was saved`,
  )
}

/** "crc32:0123abcd" */
function checksumOf({ tensors, metadata }: SafetensorsFile): string {
  const encoder = new TextEncoder()
  let sum = 0
  const add = (...texts: string[]): void => {
    for (const text of texts) sum = crc32(encoder.encode(`${text}\0`), sum)
  }
  for (const name of Object.keys(metadata).sort()) if (name !== ENTRY) add(name, metadata[name])
  for (const name of Object.keys(tensors).sort()) {
    const { shape, data } = tensors[name]
    add(name, shape.join(','))
    sum = crc32(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), sum)
  }
  return `crc32:${sum.toString(16).padStart(8, '0')}`
}
