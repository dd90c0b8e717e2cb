// One update of each optimiser, in place: p is the parameter, g its gradient, the rest state, zero at first.

/** v ← momentum v + g;  p ← p - lr v. */
export function sgd(
  p: Float64Array,
  g: ArrayLike<number>,
  v: Float64Array,
  { lr, momentum = 0 }: { lr: number; momentum?: number },
): void {
  for (let i = 0; i < p.length; i++) {
    v[i] = momentum * v[i] + g[i]
    p[i] -= lr * v[i]
  }
}

/** v ← alpha v + (1 - alpha) g²;  p ← p - lr g / (√v + eps). */
export function rmsprop(
  p: Float64Array,
  g: ArrayLike<number>,
  v: Float64Array,
  { lr, alpha = 0.99, eps = 1e-8 }: { lr: number; alpha?: number; eps?: number },
): void {
  for (let i = 0; i < p.length; i++) {
    v[i] = alpha * v[i] + (1 - alpha) * g[i] * g[i]
    p[i] -= (lr * g[i]) / (Math.sqrt(v[i]) + eps)
  }
}

export interface AdamOptions {
  lr: number
  /** Which update this is, counting from 1. */
  step: number
  beta1?: number
  beta2?: number
  eps?: number
}

/**
 * m ← β₁ m + (1 - β₁) g;  v ← β₂ v + (1 - β₂) g²;
 * p ← p - lr m̂ / (√v̂ + eps) with m̂ = m / (1 - β₁ᵗ), v̂ = v / (1 - β₂ᵗ).
 */
export function adam(
  p: Float64Array,
  g: ArrayLike<number>,
  m: Float64Array,
  v: Float64Array,
  { lr, step, beta1 = 0.9, beta2 = 0.999, eps = 1e-8 }: AdamOptions,
): void {
  for (let i = 0; i < p.length; i++) {
    m[i] = beta1 * m[i] + (1 - beta1) * g[i]
    v[i] = beta2 * v[i] + (1 - beta2) * g[i] * g[i]
    const mHat = m[i] / (1 - beta1 ** step)
    const vHat = v[i] / (1 - beta2 ** step)
    p[i] -= (lr * mHat) / (Math.sqrt(vHat) + eps)
  }
}
