/**
 * The smallest game that gradients do not solve: V(x, y) = x y, where x minimises and y maximises. Its only equilibrium
 * is (0, 0). Goodfellow 2016, "NIPS 2016 tutorial: Generative adversarial networks", section 8.2 (arXiv:1701.00160).
 * It is also the Dirac-GAN of Mescheder, Geiger & Nowozin 2018, "Which training methods for GANs do actually converge?"
 * (arXiv:1801.04406), with their f(t) = t: x is where the generator puts its one point, y the slope of the critic.
 *
 * In continuous time, dx/dt = -y and dy/dt = x go round in circles. Steps of a finite learning rate η do not even that:
 * see `simultaneous` and `alternating`.
 */
import { concat, grad, mul, neg, optim, reshape, scope, type Tensor, tensor } from '../../engine/index.ts'

/** [x, y] */
export type Point = readonly [number, number]

const START: Point = [1, 0]

interface Players {
  x: Tensor
  y: Tensor
  optimizers: { x: optim.SGD; y: optim.SGD }
}

const V = ({ x, y }: Players): Tensor => mul(x, y)

/**
 * Both players step at once, each from where the other was: x ← x - η y, y ← y + η x.
 * The update's eigenvalues are 1 ± iη, so every step multiplies x² + y² by 1 + η²: a spiral outwards, whatever η > 0.
 * Gives the `steps` + 1 points passed.
 */
export const simultaneous = (steps: number, lr: number, start = START): Promise<Point[]> =>
  play(steps, lr, start, (players) => {
    const { x, y, optimizers } = players
    const [dx, dy] = grad(V(players), [x, y])
    optimizers.x.step([dx])
    optimizers.y.step([neg(dy)]) // y ascends
  })

/**
 * The players take turns, as in GAN training: x ← x - η y, then y ← y + η x with the new x.
 * For η < 2 the eigenvalues lie on the unit circle, and x² + y² - η x y stays what it was: an ellipse about the
 * equilibrium, a circle as η → 0, never nearer.
 * Gives the `steps` + 1 points passed, each after both turns.
 */
export const alternating = (steps: number, lr: number, start = START): Promise<Point[]> =>
  play(steps, lr, start, (players) => {
    const { x, y, optimizers } = players
    optimizers.x.step(grad(V(players), [x]))
    const [dy] = grad(V(players), [y])
    optimizers.y.step([neg(dy)])
  })

/** Plays `steps` rounds on the GPU; the path is read once, at the end. */
async function play(
  steps: number,
  lr: number,
  start: Point,
  round: (players: Players) => void,
): Promise<Point[]> {
  const path = scope(() => {
    const [x, y] = start.map((value) => tensor(value, [], { requiresGrad: true }))
    const optimizers = { x: new optim.SGD([x], { lr }), y: new optim.SGD([y], { lr }) }
    const position = (): Tensor => concat([reshape(x, [1]), reshape(y, [1])])
    const points = [position()]
    for (let step = 0; step < steps; step++)
      points.push(
        scope(() => {
          round({ x, y, optimizers })
          return position()
        }),
      )
    optimizers.x.dispose()
    optimizers.y.dispose()
    return concat(points) // [x0, y0, x1, y1, ...]
  })
  const values = await path.data()
  path.dispose()
  return Array.from({ length: steps + 1 }, (_, i) => [values[2 * i], values[2 * i + 1]])
}
