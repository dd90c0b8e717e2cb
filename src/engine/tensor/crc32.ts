/** CRC-32, as PNG, zip and Python's `zlib.crc32` have it: the polynomial 0xEDB88320, four bytes at a time. Pure. */

/** TABLES[k][b]: what the byte b does to the sum when k more bytes follow it. */
const TABLES = Array.from({ length: 4 }, () => new Uint32Array(256))
for (let b = 0; b < 256; b++) {
  let sum = b
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1
  TABLES[0][b] = sum
}
for (let k = 1; k < 4; k++)
  for (let b = 0; b < 256; b++) {
    const sum = TABLES[k - 1][b]
    TABLES[k][b] = (sum >>> 8) ^ TABLES[0][sum & 255]
  }

/** The sum of `bytes`, or of what has the sum `before` and `bytes` after it. */
export function crc32(bytes: Uint8Array, before = 0): number {
  const [t0, t1, t2, t3] = TABLES
  const { length } = bytes
  let sum = ~before
  let i = 0
  for (; i + 4 <= length; i += 4) {
    sum ^= bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16) | (bytes[i + 3] << 24)
    sum = t3[sum & 255] ^ t2[(sum >>> 8) & 255] ^ t1[(sum >>> 16) & 255] ^ t0[sum >>> 24]
  }
  for (; i < length; i++) sum = t0[(sum ^ bytes[i]) & 255] ^ (sum >>> 8)
  return ~sum >>> 0
}
