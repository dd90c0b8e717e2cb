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
