/** Values that ordinary tests leave out, and how a result on them is compared. */

/** The float32 of these bits. */
const ofBits = (bits: number): number => new Float32Array(Uint32Array.of(bits).buffer)[0]

export const MAX = ofBits(0x7f7fffff)
const LEAST_NORMAL = 2 ** -126

/** NaN, infinities, zeros, denormals, the ends of the range, and ordinary numbers; 31, so no multiple of 4. */
export const SPECIAL: readonly number[] = [
  Number.NaN,
  ...[Number.POSITIVE_INFINITY, 0, 2 ** -149, 1e-40, LEAST_NORMAL, 1e-30, 1e-3, 0.5, 1].flatMap((x) => [
    x,
    -x,
  ]),
  ...[1.5, 2, 3, 70, 1e10, MAX].flatMap((x) => [x, -x]),
]

/** SPECIAL in float32, each kind of NaN that the bits allow in front: negative, signalling, with another payload. */
export function specialFloats(): Float32Array<ArrayBuffer> {
  const nans = [0xffc00000, 0x7f800001, 0xff812345, 0x7fffffff]
  const floats = new Float32Array(nans.length + SPECIAL.length)
  new Uint32Array(floats.buffer).set(nans)
  floats.set(SPECIAL, nans.length)
  return floats
}

/** Whether `x`, no 0, may count as 0: WebGPU lets adapters flush denormals. */
export const isDenormal = (x: number): boolean => x !== 0 && Math.abs(x) < LEAST_NORMAL

/**
 * Whether `got` is what `expected` comes to in float32: NaN for NaN, the same infinity for an infinity, else within
 * `relative`, where a result below the normal numbers may be 0.
 */
export function agrees(got: number, expected: number, relative = 1e-5): boolean {
  if (Number.isNaN(expected)) return Number.isNaN(got)
  const rounded = Math.fround(expected)
  if (!Number.isFinite(rounded)) return got === rounded
  return Math.abs(got - expected) <= relative * Math.abs(expected) + 2 * LEAST_NORMAL
}
