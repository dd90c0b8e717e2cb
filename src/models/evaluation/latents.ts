/** Ways between latents, in float64. Pure. */

/** (1 - t) a + t b */
export const lerp = (a: ArrayLike<number>, b: ArrayLike<number>, t: number): Float32Array =>
  Float32Array.from(a, (x, i) => (1 - t) * x + t * b[i])

/** Below this angle an arc is a line. */
const SMALL = 1e-6

/**
 * Along the arc from a to b: sin((1 - t) Ω) / sin Ω a + sin(t Ω) / sin Ω b, Ω the angle between them (Shoemake 1985; of
 * latents, White 2016, arXiv:1609.04468, section 2.1). On the way between normal z a line passes places that no z is at: its
 * middle is shorter than its ends. Opposite or parallel vectors have no arc of their own: then lerp.
 */
export function slerp(a: ArrayLike<number>, b: ArrayLike<number>, t: number): Float32Array {
  const dot = (x: ArrayLike<number>, y: ArrayLike<number>): number => {
    let sum = 0
    for (let i = 0; i < x.length; i++) sum += x[i] * y[i]
    return sum
  }
  const cosine = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
  const angle = Math.acos(Math.min(1, Math.max(-1, cosine)))
  const sine = Math.sin(angle)
  if (!(sine > SMALL)) return lerp(a, b, t)
  const [p, q] = [Math.sin((1 - t) * angle) / sine, Math.sin(t * angle) / sine]
  return Float32Array.from(a, (x, i) => p * x + q * b[i])
}

/** Rows [N, size] of values, one by one. */
export function rowsOf(values: Float32Array, size: number): Float32Array[] {
  return Array.from({ length: values.length / size }, (_, i) => values.slice(i * size, (i + 1) * size))
}

/** The mean of latents of the same length. */
export const meanOf = (latents: readonly Float32Array[]): Float32Array =>
  latents[0].map((_, i) => latents.reduce((sum, z) => sum + z[i], 0) / latents.length)

/** Latents one below the other, as the values of [N, size]. */
export function joined(latents: readonly Float32Array[]): Float32Array {
  const values = new Float32Array(latents.length * latents[0].length)
  latents.forEach((z, i) => {
    values.set(z, i * z.length)
  })
  return values
}
