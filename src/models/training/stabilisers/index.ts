/**
 * Regularisers and tricks, wrapped around a family from outside: around its discriminator, its losses, the updates of its
 * networks. Formulas and sources: docs/stabilisers.md, and the files beside this one.
 */
import { assign, grad, nn, reshape, type Tensor, zeros } from '../../../engine/index.ts'
import type { SampleField } from '../../data/fields.ts'
import type { JudgeNetwork, Kit, Metrics, Model, Optimizer } from '../../family.ts'
import { featuresFor, type JudgeLayers } from '../../nets/minibatch.ts'
import { type LossName, losses, type OpinionLoss } from '../losses.ts'
import { packedField } from './input.ts'
import { StabilisedJudge } from './judge.ts'
import type { Settings } from './names.ts'
import { generatorPenalty, plus } from './penalties.ts'
import { withTargets } from './targets.ts'

export type { Settings } from './names.ts'

/** What a run's settings do to a model: the family builds with it, then it wraps what was built. */
export class Stabilisers implements Kit {
  readonly dropout: number
  readonly #settings: Settings
  readonly #judges: StabilisedJudge[] = []
  #loss?: OpinionLoss
  /** The latest penalty of a discriminator, where there is one. */
  #penalty?: Tensor

  constructor(settings: Settings = {}) {
    this.#settings = settings
    this.dropout = settings.dropout ?? 0
  }

  discriminator<F extends SampleField>(
    field: F,
    make: (field: F, layers: JudgeLayers) => JudgeNetwork,
  ): StabilisedJudge {
    const layers = { features: featuresFor(this.#settings), norm: !this.#needsNoNorm }
    const network = make(packedField(field, this.#settings), layers)
    const judge = new StabilisedJudge(network, field, this.#settings)
    this.#judges.push(judge)
    return judge
  }

  loss(name: LossName): OpinionLoss {
    this.#loss = withTargets(losses[name], this.#settings)
    return this.#loss
  }

  /** Batch norm in a discriminator mixes its samples and undoes what is done to the length of its weights. */
  get #needsNoNorm(): boolean {
    const { gp, r1, dragan, spectral, weightnorm } = this.#settings
    return [gp, r1, dragan, spectral, weightnorm].some((value) => value !== undefined)
  }

  /** The model as it is trained, saved and shown. `steps` are those taken so far, `real` draws what the judges see. */
  wrap(model: Model, steps: () => number, real: () => Tensor): Model {
    const { gp, r1, dragan, ttur = 1 } = this.#settings
    for (const judge of this.#judges) {
      const optimizer = this.#optimizerOf(model, judge)
      judge.surround({ optimizer, steps, draw: real }, this.#loss)
      const { lr } = optimizer
      if (ttur !== 1) optimizer.lr = typeof lr === 'function' ? (t) => lr(t) * ttur : lr * ttur
    }
    const networks = Object.fromEntries(
      Object.entries(model.networks).map(([name, net]) => [
        name,
        net instanceof StabilisedJudge ? net.network : net,
      ]),
    )
    const own = this.#judges.map((judge) => judge.state).filter((state) => state !== undefined)
    const isPenalised = Boolean(gp || r1 || dragan)
    if (isPenalised) this.#penalty = zeros([])
    return {
      ...model,
      networks,
      state: {
        ...model.state,
        ...(own.length && { stabilisers: own.length === 1 ? own[0] : own }),
        ...(this.#penalty && { penalty: { last: this.#penalty } }),
      },
      metrics: { ...model.metrics, ...(isPenalised && { penalty: 'penalty' as const }) },
      step: (context) => this.#reported(model.step(context)),
      judge: this.#judges.every(({ judgesAlone }) => judgesAlone) ? model.judge : undefined,
    }
  }

  /** How a step minimises: with the penalties that are asked for added to the loss. */
  minimize(model: Pick<Model, 'networks'>, optimizer: Optimizer, loss: Tensor): void {
    const { parameters } = optimizer
    const judges = this.#judges.filter((judge) => judge.parameters.some((p) => parameters.includes(p)))
    const penalties = judges.flatMap((judge) => judge.penalty() ?? [])
    const others = judges.length ? [] : trainedBy(model, parameters)
    const own = others.map((G) => generatorPenalty(G, this.#settings))
    optimizer.step(grad([...penalties, ...own].reduce<Tensor>(plus, loss), parameters))
    const [first, ...more] = penalties
    if (this.#penalty && first) assign(this.#penalty, more.reduce<Tensor>(plus, first))
    for (const judge of judges) judge.clip()
  }

  #reported(metrics: Metrics): Metrics {
    return this.#penalty ? { ...metrics, penalty: reshape(this.#penalty, []) } : metrics
  }

  #optimizerOf({ optimizers }: Model, judge: StabilisedJudge): Optimizer {
    const [first] = judge.parameters
    const found = Object.values(optimizers).find(({ parameters }) => parameters.includes(first))
    if (!found) throw new Error('a discriminator that no optimiser trains')
    return found
  }
}

/** The networks whose parameters are among these. */
const trainedBy = ({ networks }: Pick<Model, 'networks'>, parameters: readonly Tensor[]): object[] =>
  Object.values(networks).filter((net) => nn.parameters(net).some((p) => parameters.includes(p)))
