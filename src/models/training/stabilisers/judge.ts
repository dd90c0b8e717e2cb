/** A discriminator as training sees it, with whatever stabilises it around its network. */
import {
  add,
  assign,
  concat,
  nn,
  scope,
  slice,
  standIn,
  stopGradient,
  type Tensor,
} from '../../../engine/index.ts'
import { isImage, type SampleField, shapeOf } from '../../data/fields.ts'
import type { Judge, JudgeNetwork, Optimizer } from '../../family.ts'
import type { GanLoss } from '../losses.ts'
import { augmented } from './augment.ts'
import { noisy, packed } from './input.ts'
import type { Settings } from './names.ts'
import { discriminatorPenalty, plus } from './penalties.ts'
import { Replay } from './replay.ts'
import { WeightNorm } from './weights.ts'

/** What the latest minibatches were that D was shown in its own step. */
interface Shown {
  real?: { samples: Tensor; logits: Tensor }
  fake?: Tensor
  conditions: readonly Tensor[]
}

/** What a judge needs to look ahead: known once the model is built. */
interface Surroundings {
  optimizer: Optimizer
  /** A fresh minibatch of real samples. */
  draw(): Tensor
  /** Steps taken so far. */
  steps(): number
}

/** A discriminator. Without settings it is its network, and adds nothing to a step. */
export class StabilisedJudge implements Judge {
  readonly #network: JudgeNetwork
  readonly #field: SampleField
  readonly #settings: Settings
  readonly #spectral?: nn.SpectralNorm
  readonly #weightNorm?: WeightNorm
  readonly #replay?: Replay
  #loss?: GanLoss
  #surroundings?: Surroundings
  #shown: Shown = { conditions: [] }
  /** Parameters to use instead of the own ones, while it looks ahead. */
  #instead: ReadonlyMap<Tensor, Tensor> = new Map()

  constructor(network: JudgeNetwork, field: SampleField, settings: Settings) {
    this.#network = network
    this.#field = field
    this.#settings = settings
    if (settings.spectral) this.#spectral = new nn.SpectralNorm(network)
    if (settings.weightnorm) this.#weightNorm = new WeightNorm(network)
    if (settings.replay) this.#replay = new Replay(settings.replay, shapeOf(field))
  }

  get network(): JudgeNetwork {
    return this.#network
  }

  get pack(): number {
    return this.#settings.pack ?? 1
  }

  get parameters(): Tensor[] {
    return [...nn.parameters(this.#network), ...(this.#weightNorm?.gains ?? [])]
  }

  /** What a checkpoint holds beside the network; undefined when there is nothing. */
  get state(): object | undefined {
    const own = {
      ...(this.#spectral && { u: this.#spectral.u }),
      ...(this.#weightNorm && { gains: this.#weightNorm.gains }),
      ...(this.#replay && { replay: this.#replay }),
    }
    return Object.keys(own).length ? own : undefined
  }

  /** Whether a sample's logit depends on that sample alone: else there is no map of D(x). */
  get judgesAlone(): boolean {
    const { pack, minibatch, stddev } = this.#settings
    return !pack && !minibatch && !stddev
  }

  /** To be called before the first step. */
  surround(surroundings: Surroundings, loss?: GanLoss): void {
    this.#surroundings = surroundings
    this.#loss = loss
  }

  onReal(x: Tensor, ...conditions: Tensor[]): Tensor {
    const samples = this.#settings.r1 ? leaf(x) : x
    const logits = this.#forward(samples, conditions)
    this.#shown = { real: { samples, logits }, conditions }
    return logits
  }

  /** Logits [N / pack, 1] of generated samples [N, ...]; of those of G's step, from the D that it looks ahead to. */
  onFake(fake: Tensor, ...conditions: Tensor[]): Tensor {
    if (fake.node) return this.#ahead(fake, conditions)
    return this.#forward(this.#past(fake), conditions)
  }

  onBoth(x: Tensor, fake: Tensor): [real: Tensor, fake: Tensor] {
    const samples = this.#settings.r1 ? leaf(x) : x
    const logits = this.#forward(concat([samples, this.#past(fake)]), [])
    const half = logits.shape[0] / 2
    const real = slice(logits, { end: [half, 1] })
    this.#shown = { ...this.#shown, real: { samples, logits: real } }
    return [real, slice(logits, { start: [half, 0] })]
  }

  /** Logits of samples as they are, for people to see: nothing is moved by it. */
  judge(x: Tensor, ...conditions: Tensor[]): Tensor {
    const vectors = Object.values(this.#spectral?.u ?? {})
    return scope(() => {
      const kept = vectors.map((u) => add(u, 0))
      try {
        return this.plain.forward(x, ...conditions)
      } finally {
        vectors.forEach((u, i) => {
          assign(u, kept[i])
        })
      }
    })
  }

  /** D without what changes samples at random, for penalties. */
  readonly plain: JudgeNetwork = {
    forward: (x, ...conditions) => {
      const network = this.#network
      const instead = this.#instead
      const packs = packed(x, this.#settings)
      const pass = (): Tensor => network.forward(packs, ...conditions)
      const normalized = (): Tensor => this.#spectral?.normalized(pass) ?? pass()
      const weights = this.#weightNorm?.weights((t) => instead.get(t) ?? t) ?? []
      const tensors = new Map([...instead, ...weights])
      return tensors.size ? nn.withTensors(network, tensors, normalized) : normalized()
    },
  }

  /** What is added to the loss of D's step, of what it was shown in it; undefined when nothing is. */
  penalty(): Tensor | undefined {
    const { real, fake, conditions } = this.#shown
    this.#shown = { conditions: [] }
    if (!real || !fake) return undefined
    const D = { forward: (x: Tensor) => this.plain.forward(x, ...conditions) }
    return discriminatorPenalty(D, real, fake, this.#settings)
  }

  /** After D's update. */
  clip(): void {
    const { clip } = this.#settings
    if (clip) this.#surroundings?.optimizer.clip(clip)
  }

  #forward(x: Tensor, conditions: readonly Tensor[]): Tensor {
    const changed = isImage(this.#field) ? augmented(x, this.#settings) : x
    const steps = (): number => this.#surroundings?.steps() ?? 0
    return this.plain.forward(noisy(changed, this.#field, this.#settings, steps), ...conditions)
  }

  /** Generated samples of D's step: these, or some of them and some of the past. */
  #past(fake: Tensor): Tensor {
    const mixed = this.#replay ? this.#replay.mix(fake) : fake
    this.#shown.fake = mixed
    return mixed
  }

  /**
   * Logits of generated samples for G's step. Unrolled, they are those of D after `unroll` more updates on these and
   * fresh real samples, and gradients flow to G also through the updates (Metz et al. 2016, section 2.3,
   * arXiv:1611.02163: both terms of its equation 6). The updates are those of D's optimiser, with its state, in ops: D
   * itself stays.
   */
  #ahead(fake: Tensor, conditions: readonly Tensor[]): Tensor {
    const { unroll } = this.#settings
    const [surroundings, loss] = [this.#surroundings, this.#loss]
    if (!unroll || !surroundings || !loss) return this.#forward(fake, conditions)
    const own = this.parameters
    const drawn = surroundings.draw()
    const x = this.#settings.r1 ? leaf(drawn) : drawn
    const at = <T>(params: readonly Tensor[], body: () => T): T => {
      const put = (): (() => void) => {
        const before = this.#instead
        this.#instead = new Map(own.map((p, i) => [p, params[i]]))
        return () => {
          this.#instead = before
        }
      }
      return standIn('lookahead', put, body)
    }
    const objective = (params: readonly Tensor[]): Tensor =>
      at(params, () => {
        const logits = this.#forward(x, conditions)
        const term = discriminatorPenalty(this.plain, { samples: x, logits }, fake, this.#settings)
        return plus(loss.discriminator(logits, this.#forward(fake, conditions)), term)
      })
    return at(surroundings.optimizer.lookahead(objective, unroll), () => this.#forward(fake, conditions))
  }
}

/** The same values, as something to differentiate by. */
function leaf(x: Tensor): Tensor {
  const same = stopGradient(x)
  same.requiresGrad = true
  return same
}
