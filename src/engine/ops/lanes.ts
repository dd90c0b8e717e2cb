/** Neighbouring values that an invocation takes at once: four where a row has room for whole vec4s, else one. */

export type Lanes = 1 | 4

/** For rows of `size` values. */
export const lanesFor = (size: number): Lanes => (size % 4 === 0 ? 4 : 1)

/** The type of that many values, and of their bits (lib/bits.wgsl). */
export const typeOf = (lanes: Lanes): { T: string; BITS: string } =>
  lanes === 4 ? { T: 'vec4f', BITS: 'vec4i' } : { T: 'f32', BITS: 'i32' }

/** A leaky ReLU at the end of a kernel (lib/activate.wgsl); none without a slope. WGSL wants a literal of a float. */
export const slopeDefines = (slope: number | undefined): { SLOPE?: string; RELU: boolean } => ({
  SLOPE: slope?.toExponential(),
  RELU: slope === 0,
})
