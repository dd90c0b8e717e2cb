/** A straight line through points, by least squares. Pure. */
export interface Line {
  slope: number
  /** The standard error of the slope, taking the points' errors as independent. */
  error: number
}

/** Of at least three points with different x. Throws an Error for fewer: they have no slope with an error. */
export function lineThrough(points: readonly (readonly [x: number, y: number])[]): Line {
  const n = points.length
  const mean = (axis: 0 | 1): number => points.reduce((sum, point) => sum + point[axis], 0) / n
  const [meanX, meanY] = [mean(0), mean(1)]
  const sum = (of: (dx: number, dy: number) => number): number =>
    points.reduce((total, [x, y]) => total + of(x - meanX, y - meanY), 0)
  const spread = sum((dx) => dx * dx)
  if (n < 3 || spread === 0) throw new Error(`expected at least three points along the line, got ${n}`)
  const slope = sum((dx, dy) => dx * dy) / spread
  const rest = sum((dx, dy) => (dy - slope * dx) ** 2)
  return { slope, error: Math.sqrt(rest / (n - 2) / spread) }
}
