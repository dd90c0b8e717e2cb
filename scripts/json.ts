// Files of JSON, of which nothing is believed before a schema has checked it.
import { DataError } from '../src/engine/errors.ts'
import { shown } from '../src/engine/schema.ts'
import { read } from './read.ts'

/** What a file says. Throws DataError naming the file when it cannot be read or is not JSON. */
export function readJson(path: string): unknown {
  const text = Buffer.from(read(path)).toString()
  try {
    return JSON.parse(text)
  } catch {
    throw new DataError(`${path}: expected JSON, got ${text ? shown(text) : 'an empty file'}`)
  }
}
