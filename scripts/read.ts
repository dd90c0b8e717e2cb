// Reading files that people name: whole, unless they are too large or no files at all.
import { readFileSync, statSync } from 'node:fs'
import { DataError } from '../src/engine/errors.ts'

/** Node reads no larger files at once. */
export const LARGEST = 2 ** 31 - 1

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  ENOTDIR: 'no such file: a part of the path is a file, not a folder',
  EISDIR: 'is a folder, not a file',
  EACCES: 'may not be read',
  EPERM: 'may not be read',
  ELOOP: 'is a link that leads nowhere',
  ENAMETOOLONG: 'no such file: its name is too long',
}

/** The bytes of a file. Throws DataError saying why it cannot be read, and when it has more than `most` bytes. */
export function read(path: string, most = LARGEST): Uint8Array {
  try {
    const found = statSync(path)
    if (found.isDirectory()) throw new DataError(`${path}: ${REASONS.EISDIR}`)
    // A pipe would be waited for, a device may never end.
    if (!found.isFile()) throw new DataError(`${path}: is a pipe or device, not a file`)
    if (found.size > most)
      throw new DataError(`${path}: has ${sizeText(found.size)}, at most ${sizeText(most)} can be read`)
    const { buffer, byteOffset, byteLength } = readFileSync(path)
    return new Uint8Array(buffer, byteOffset, byteLength) // a Buffer's slice() would not copy
  } catch (error) {
    if (error instanceof DataError) throw error
    const { code, message } = error as NodeJS.ErrnoException
    throw new DataError(`${path}: ${REASONS[code ?? ''] ?? message}`)
  }
}

/** 1234567 as "1.2 MB". */
export const sizeText = (bytes: number): string =>
  bytes < 1e6
    ? `${bytes.toLocaleString('en')} bytes`
    : bytes < 1e9
      ? `${(bytes / 1e6).toFixed(1)} MB`
      : `${(bytes / 1e9).toFixed(1)} GB`
