import { DataError } from '../src/engine/index.ts'

const BEGIN = '\x93NUMPY\x01\x00'

/** A NumPy .npy file (format 1.0) of little-endian float32 or of bytes, row-major. */
export function npy(values: Float32Array | Uint8Array, shape: readonly number[]): Uint8Array {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(', ')
  const type = values instanceof Uint8Array ? '|u1' : '<f4'
  const dict = `{'descr': '${type}', 'fortran_order': False, 'shape': (${sizes}), }`
  // Magic, version, two bytes of length, dict and a newline: padded to a multiple of 64 for aligned reading.
  const total = Math.ceil((BEGIN.length + 2 + dict.length + 1) / 64) * 64
  const length = total - BEGIN.length - 2
  const header = Buffer.concat([
    Buffer.from(BEGIN, 'latin1'),
    Buffer.from([length & 255, length >> 8]),
    Buffer.from(`${dict.padEnd(length - 1)}\n`, 'latin1'),
  ])
  return Buffer.concat([header, new Uint8Array(values.buffer, values.byteOffset, values.byteLength)])
}

/** Of NumPy's tuples: whole numbers, a comma behind a single one. */
const SIZES = / *|(?: *\d+ *,)+(?: *\d+)? */
/** Letters of a header that a message repeats. */
const SHOWN = 100

/** The shape and the values of a .npy file (format 1.0) of bytes. Throws DataError naming `name` when it is anything else. */
export function readNpy(file: Uint8Array, name: string): { shape: number[]; values: Uint8Array } {
  const expect = (ok: boolean, expected: string, got: string): void => {
    if (!ok) throw new DataError(`${name}: expected ${expected}, got ${got}`)
  }
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  const begin = bytes.toString('latin1', 0, BEGIN.length)
  expect(begin === BEGIN, 'a NumPy .npy file, format 1.0', `one that begins with ${JSON.stringify(begin)}`)
  const from = BEGIN.length + 2
  expect(bytes.length >= from, 'a header', 'the end of the file')
  const until = from + bytes.readUInt16LE(BEGIN.length)
  const header = bytes.toString('latin1', from, until).trim()
  const find = (key: string, value: string): string | undefined =>
    new RegExp(`'${key}': *${value}`).exec(header)?.[1]
  const sizes = find('shape', `\\((${SIZES.source})\\)`)
  const isPlain = find('descr', "'([^']*)'") === '|u1' && find('fortran_order', '(\\w+)') === 'False'
  expect(isPlain && sizes !== undefined, "bytes ('|u1'), row-major", JSON.stringify(header.slice(0, SHOWN)))
  const shape = (sizes ?? '').split(',').flatMap((size) => (size.trim() ? [Number(size)] : []))
  const values = Uint8Array.from(file.subarray(until))
  const count = shape.reduce((product, size) => product * size, 1)
  expect(values.length === count, `${count} bytes for the shape [${shape}]`, String(values.length))
  return { shape, values }
}
