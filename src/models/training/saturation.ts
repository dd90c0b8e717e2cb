/**
 * Why the generator is not trained by the minimax loss: what is left of its gradient as D grows confident. By the logit
 * alone (Goodfellow et al. 2014, section 3, arXiv:1406.2661), and in an experiment after Arjovsky & Bottou 2017, "Towards
 * principled methods for training generative adversarial networks", section 2.2.1 and figure 2 (arXiv:1701.04862).
 */
import {
  abs,
  add,
  concat,
  grad,
  leakyRelu,
  mean,
  mul,
  nn,
  optim,
  randn,
  reshape,
  scope,
  seed,
  sigmoid,
  sqrt,
  square,
  stopGradient,
  sum,
  type Tensor,
  tensor,
} from '../../engine/index.ts'
import { PointStore } from '../data/source.ts'
import { toyOf } from '../data/toys.ts'
import { type GanLoss, minimax, nonSaturating } from './losses.ts'

/** |d lossG / d a| for a generated sample at each of D's `logits` a, by `grad`. */
export async function logitGradients(loss: GanLoss, logits: readonly number[]): Promise<number[]> {
  const slopes = scope(() => {
    const a = tensor(logits, [logits.length, 1], { requiresGrad: true })
    const [da] = grad(loss.generator(a), [a])
    return mul(abs(da), logits.length) // the loss is a mean over the batch
  })
  const values = await slopes.data()
  slopes.dispose()
  return [...values]
}

/** What G would learn from, after D has had `step` steps. */
interface Measurement {
  step: number
  /** ‖∇θ lossG‖₂ under the two losses. */
  minimax: number
  nonSaturating: number
  /** Mean of D(G(z)). */
  onFake: number
}

const WIDTH = 64 // units of each of the two hidden layers
const LATENT = 2
const BATCH = 128
const PROBES = 512 // latents that G's gradient is averaged over, the same at every measurement
const LR = 1e-3 // of Adam

const mlp = (inputs: number, outputs: number): nn.Sequential =>
  new nn.Sequential(
    new nn.Linear(inputs, WIDTH),
    leakyRelu,
    new nn.Linear(WIDTH, WIDTH),
    leakyRelu,
    new nn.Linear(WIDTH, outputs),
  )

/** ‖(g1, g2, …)‖₂, all tensors as one vector */
const norm = (grads: readonly Tensor[]): Tensor => sqrt(grads.map((g) => sum(square(g))).reduce(add))

/**
 * Trains D alone for `steps` steps to tell the ring from what a fixed, untrained G makes, and measures G's gradient
 * before and after every `every` of them. Same seed, same adapter, same numbers; read once, at the end.
 */
export async function gradientNorms(steps: number, every: number, from = 0): Promise<Measurement[]> {
  seed(from)
  const ring = new PointStore(toyOf('ring'))
  const measured = scope(() => {
    const [G, D] = [mlp(LATENT, 2), mlp(2, 1)]
    const [theta, w] = [nn.parameters(G), nn.parameters(D)]
    const optimizer = new optim.Adam(w, { lr: LR })
    const z = randn([PROBES, LATENT])
    const measure = (): Tensor =>
      scope(() => {
        const logits = D.forward(G.forward(z))
        const norms = [minimax, nonSaturating].map((loss) => norm(grad(loss.generator(logits), theta)))
        return concat([...norms, mean(sigmoid(logits))].map((value) => reshape(value, [1])))
      })
    const rows = [measure()]
    for (let step = 1; step <= steps; step++) {
      scope(() => {
        const fake = stopGradient(G.forward(randn([BATCH, LATENT])))
        const lossD = minimax.discriminator(D.forward(ring.fresh(BATCH)), D.forward(fake))
        optimizer.step(grad(lossD, w))
      })
      if (step % every === 0) rows.push(measure())
    }
    optimizer.dispose()
    return concat(rows)
  })
  ring.dispose()
  const values = await measured.data()
  measured.dispose()
  return Array.from({ length: values.length / 3 }, (_, i) => {
    const [saturating, nonSaturating, onFake] = values.subarray(3 * i, 3 * i + 3)
    return { step: i * every, minimax: saturating, nonSaturating, onFake }
  })
}
