/**
 * Regularisers and tricks around a model's discriminator: one object that the model asks for D's logits, penalties and
 * look-ahead instead of asking D. Formulas and sources: docs/stabilisers.md, and the files beside this one.
 */
import {
  add,
  assign,
  mul,
  nn,
  type optim,
  scope,
  standIn,
  stopGradient,
  type Tensor,
} from '../../../engine/index.ts'
import { isImage, type SampleSize, shapeOf } from '../../model.ts'
import type { GanLoss } from '../losses.ts'
import { augmented } from './augment.ts'
import { noisy, packed } from './input.ts'
import { type Settings, stabilisers } from './names.ts'
import { around, between, gradientPenalty, plus, r1 } from './penalties.ts'
import { Replay } from './replay.ts'
import { WeightNorm } from './weights.ts'

export { featuresFor } from './features.ts'
export { packedSize } from './input.ts'
export type { Settings } from './names.ts'
export { generatorPenalty, plus } from './penalties.ts'
export { withTargets } from './targets.ts'

/** Batch norm mixes the samples of a batch, and undoes what is done to the length of weights. */
export const needsNoNorm = ({ gp, r1, dragan, spectral, weightnorm }: Settings): boolean =>
  [gp, r1, dragan, spectral, weightnorm].some((value) => value !== undefined)

type Optimizer = optim.SGD | optim.RMSprop | optim.Adam

/** A discriminator with what stabilises it. Without settings it is the discriminator, and adds nothing to a step. */
export class Stabilised implements nn.Layer {
  private readonly spectral?: nn.SpectralNorm
  private readonly weightNorm?: WeightNorm
  private readonly replay?: Replay
  private optimizers?: { G: Optimizer; D: Optimizer }

  constructor(
    private readonly network: nn.Layer,
    private readonly sample: SampleSize,
    private readonly settings: Settings = {},
  ) {
    if (settings.spectral) this.spectral = new nn.SpectralNorm(network)
    if (settings.weightnorm) this.weightNorm = new WeightNorm(network)
    if (settings.replay) this.replay = new Replay(settings.replay, shapeOf(sample))
  }

  /** What is trained. */
  get parameters(): Tensor[] {
    return [...nn.parameters(this.network), ...(this.weightNorm?.gains ?? [])]
  }

  /** What a checkpoint holds beside the networks; empty when there is nothing. */
  get state(): Record<string, object> {
    const { spectral, weightNorm, replay } = this
    const own = {
      ...(spectral && { u: spectral.u }),
      ...(weightNorm && { gains: weightNorm.gains }),
      ...(replay && { replay }),
    }
    return Object.keys(own).length ? { stabilisers: own } : {}
  }

  /** What a step has to report besides the model's own. */
  get metrics(): readonly string[] {
    const { gp, r1, dragan } = this.settings
    return gp || r1 || dragan ? ['penalty'] : []
  }

  /** To be called before the first step: G's optimiser counts the steps, D's looks ahead and clips. */
  use(G: Optimizer, D: Optimizer): void {
    this.optimizers = { G, D }
  }

  /** Whether a sample's logit depends on that sample alone: else there is no map of D(x). */
  get judgesAlone(): boolean {
    const { pack, minibatch, stddev } = this.settings
    return !pack && !minibatch && !stddev
  }

  /** Logits [N / pack, 1] of samples [N, ...] as training sees them: changed at random, real and generated alike. */
  forward(x: Tensor): Tensor {
    return this.plain.forward(this.disturbed(x))
  }

  /** Logits of samples as they are, for people to see: nothing is moved by it. */
  judge(x: Tensor): Tensor {
    const vectors = Object.values(this.spectral?.u ?? {})
    return scope(() => {
      const kept = vectors.map((u) => add(u, 0))
      try {
        return this.plain.forward(x)
      } finally {
        vectors.forEach((u, i) => {
          assign(u, kept[i])
        })
      }
    })
  }

  /** D without what changes samples at random, for penalties. */
  readonly plain: nn.Layer = {
    forward: (x) => {
      const { network, spectral, weightNorm, instead, settings } = this
      const packs = packed(x, settings)
      const pass = (): Tensor => network.forward(packs)
      const normalized = (): Tensor => spectral?.normalized(pass) ?? pass()
      const weights = weightNorm?.weights((t) => instead.get(t) ?? t) ?? []
      const tensors = new Map([...instead, ...weights])
      return tensors.size ? nn.withTensors(network, tensors, normalized) : normalized()
    },
  }

  /** Real samples as `penalty` wants them. */
  real(x: Tensor): Tensor {
    if (!this.settings.r1) return x
    const leaf = stopGradient(x)
    leaf.requiresGrad = true
    return leaf
  }

  /** Generated samples for D's step, without their gradient: these, or some of them and some of the past. */
  generated(fake: Tensor): Tensor {
    const constant = stopGradient(fake)
    return this.replay ? this.replay.mix(constant) : constant
  }

  /** What D's loss is to have added: of real samples (from `real`), generated ones, and the logits on the former. */
  penalty(real: Tensor, fake: Tensor, logits: Tensor): Tensor | undefined {
    const {
      gp,
      r1: gamma,
      dragan,
      'dragan-std': share = stabilisers['dragan-std'].value,
      pack,
    } = this.settings
    const terms = [
      ...(gp ? [mul(gradientPenalty(this.plain, between(real, fake), pack), gp)] : []),
      ...(gamma ? [mul(r1(logits, real), gamma / 2)] : []),
      ...(dragan ? [mul(gradientPenalty(this.plain, around(real, share), pack), dragan)] : []),
    ]
    return terms.length ? terms.reduce((a, b) => add(a, b)) : undefined
  }

  /** After D's update. */
  clip(): void {
    const { clip } = this.settings
    if (clip) this.optimizers?.D.clip(clip)
  }

  /**
   * Logits of generated samples for G's step. Unrolled, they are those of D after `unroll` more updates on these and
   * `real` samples, and gradients flow to G also through the updates (Metz et al. 2016, section 2.3, arXiv:1611.02163:
   * both terms of its equation 6). The updates are those of D's optimiser, with its state, in ops: D itself stays.
   */
  ahead(fake: Tensor, real: () => Tensor, loss: GanLoss): Tensor {
    const { unroll } = this.settings
    if (!unroll || !this.optimizers) return this.forward(fake)
    const own = this.parameters
    const x = this.real(real())
    const at = <T>(params: readonly Tensor[], body: () => T): T =>
      this.withParameters(new Map(own.map((p, i) => [p, params[i]])), body)
    const objective = (params: readonly Tensor[]): Tensor =>
      at(params, () => {
        const logits = this.forward(x)
        const term = this.penalty(x, fake, logits)
        return plus(loss.discriminator(logits, this.forward(fake)), term)
      })
    const later = this.optimizers.D.lookahead(objective, unroll)
    return at(later, () => this.forward(fake))
  }

  /** Parameters to use instead of the own ones, while `withParameters` runs. */
  private instead: ReadonlyMap<Tensor, Tensor> = new Map()

  private withParameters<T>(instead: ReadonlyMap<Tensor, Tensor>, body: () => T): T {
    const put = (): (() => void) => {
      const before = this.instead
      this.instead = instead
      return () => {
        this.instead = before
      }
    }
    return standIn('lookahead', put, body)
  }

  private disturbed(x: Tensor): Tensor {
    const { sample, settings, optimizers } = this
    const changed = isImage(sample) ? augmented(x, settings) : x
    return noisy(changed, sample, settings, () => optimizers?.G.t ?? 0)
  }
}
