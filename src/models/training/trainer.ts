/** A model in training: one step at a time, views of fixed latents, and its state as a checkpoint. Knows no paper. */
import {
  type Captured,
  CheckpointError,
  capture,
  concat,
  DataError,
  full,
  NumericError,
  nn,
  randn,
  randomIntegers,
  randomState,
  reshape,
  scope,
  seed,
  setRandomState,
  type Tensor,
  tensor,
  uniform,
} from '../../engine/index.ts'
import { type Fields, isPoints, type PointField } from '../data/fields.ts'
import { PointStore, type Source } from '../data/source.ts'
import { lattice, toyOf } from '../data/toys.ts'
import { firstView, type MetricKind, type Model, read, type Step, type Styles, type View } from '../family.ts'
import { checkConfig, families } from '../index.ts'
import { defaultsOf } from '../options.ts'
import { readCheckpoint, type Tensors, writeCheckpoint } from './checkpoint.ts'
import type { Config, State } from './saved.ts'
import { Stabilisers } from './stabilisers/index.ts'
import { fixedLatents, freshLatents, POINTS, ROWS, readColumns, sheetOf } from './views.ts'

export type { Config }

/** What a checkpoint holds of a run besides its configuration. */
export interface Position extends Omit<State, 'config'> {
  tensors: Tensors
}

/** What is shown of a run: a view of always the same latents; and of points more than that. */
export interface Snapshot {
  /** The values of each of the view's columns, [N, ...]. */
  columns: Float32Array[]
  plane?: Plane
}

/** The surroundings of generated points. */
export interface Plane {
  /** As many points of the distribution. */
  real: Float32Array
  /** What the discriminator or critic says of each cell of the lattice, where it can be asked about single points. */
  judged?: Float32Array
  /** Whether that is D(x), from 0 to 1. */
  isOpinion: boolean
}

/** What is to be shown. */
export interface Seen {
  view?: string
  source?: Source
  chosen?: Readonly<Record<string, number>>
}

/** Cells of the lattice on which D is asked, a side. */
export const LATTICE: Readonly<Record<number, number>> = { 1: 200, 2: 80 }

/** What has to be on the GPU to see points in their surroundings. */
interface Surroundings {
  real: Tensor
  lattice: Tensor
}

export class Trainer {
  /** Steps taken. */
  step = 0
  readonly model: Model
  /** Kinds of what advance() gives, by name: the model's own metrics, and the norm of each optimiser's gradient. */
  readonly kinds: Readonly<Record<string, MetricKind>>
  /** Names of what advance() gives. */
  readonly metrics: readonly string[]
  /** The latents of every view, held fixed. */
  private readonly latents: Readonly<Record<string, Readonly<Record<string, Tensor>>>>
  /** Told when a step is recorded for the first time, or again: of which variant, with how many launches. */
  onRecord?: (variant: string, launches: number) => void
  private readonly stabilisers: Stabilisers
  /** What the next step draws from. */
  private source?: Source
  private captured?: { source: Source; step: Captured<Tensor> }
  private readonly surroundings?: Surroundings

  /**
   * A new model from the configuration's seed. Throws CheckpointError for an unknown model, DataError for one that
   * cannot learn from such data, for options out of their range, and for stabilisers that do not fit it.
   */
  constructor(readonly config: Config) {
    if (!Object.hasOwn(families, config.model))
      throw new CheckpointError(`no model '${config.model}'; there are ${Object.keys(families).join(', ')}`)
    checkConfig(config)
    const { aids, fields } = config
    const family = families[config.model]
    const options = { ...defaultsOf(family.options), ...config.options }
    seed(config.seed)
    this.stabilisers = new Stabilisers(aids)
    this.model = scope(() => {
      const built = family.build(fields, options, this.stabilisers)
      const wrapped = this.stabilisers.wrap(
        built,
        () => this.step,
        () => this.drawn()[firstField(fields)],
      )
      return wrapped
    })
    const norms = Object.keys(this.model.optimizers).map((name) => [`gradient ${name}`, 'norm'] as const)
    this.kinds = { ...this.model.metrics, ...Object.fromEntries(norms) }
    this.metrics = Object.keys(this.kinds)
    this.latents = Object.fromEntries(
      Object.entries(this.model.views).map(([name, view]) => [name, fixedLatents(view)]),
    )
    const { shows } = firstView(this.model)
    if (isPoints(shows)) this.surroundings = surroundingsOf(shows)
  }

  /**
   * Trains once on `source`. The values of the metrics are given when the GPU has them. Rejects as `verifyCaptures` says,
   * where it is in use.
   */
  advance(source: Source): Promise<Float32Array> {
    this.source = source
    if (this.captured?.source !== source) {
      this.captured?.step.dispose()
      const told = (variant: string, launches: number): void => this.onRecord?.(variant, launches)
      const step = capture(
        () => this.packedStep(),
        () => this.model.variant?.(this.step) ?? '',
        told,
      )
      this.captured = { source, step }
    }
    const packed = this.captured.step()
    this.step++
    return Promise.all([packed.data(), this.captured.step.verified]).then(([values]) => values)
  }

  /** Takes the model's step; its metrics in one tensor. */
  private packedStep(): Tensor {
    const { model } = this
    const metrics = model.step(this.context())
    const norms = Object.values(model.optimizers).map((optimizer) => optimizer.gradNorm())
    const values = [...Object.keys(model.metrics).map((name) => metrics[name]), ...norms]
    return concat(values.map((t) => reshape(t, [1])))
  }

  /** What a step is given; a test may have its own chance. */
  context(): Step {
    return {
      draw: () => this.drawn(),
      normal: randn,
      uniform: (shape) => uniform(shape),
      integers: randomIntegers,
      minimize: (optimizer, loss) => this.stabilisers.minimize(this.model, optimizer, loss),
      taken: this.step,
      live: (value) => full([], () => value(this.step)),
    }
  }

  private drawn(): Record<string, Tensor> {
    if (!this.source) throw new DataError('a step needs a source of data')
    return this.source.draw(this.config.batch)
  }

  /** The view of that name, or the first. Throws DataError for an unknown name. */
  view(name?: string): View {
    const { views } = this.model
    if (name === undefined) return firstView(this.model)
    if (Object.hasOwn(views, name)) return views[name]
    throw new DataError(`${this.config.model} has no view '${name}'; it has ${Object.keys(views).join(', ')}`)
  }

  /**
   * A view of the fixed latents, the first unless named, and what is to be seen beside it. `source` where the view starts from
   * real samples; `chosen` are classes to show instead of all of them, by the names of the view's latents. All reads are
   * issued before the first is awaited. Throws NumericError when a sample is not finite.
   */
  async snapshot({
    view: name = Object.keys(this.model.views)[0],
    source,
    chosen = {},
  }: Seen = {}): Promise<Snapshot> {
    const { model, surroundings } = this
    const view = this.view(name)
    // A generator with dropout draws: the same every time, and nothing from the stream of the training.
    const before = randomState()
    setRandomState({ seed: this.config.seed, block: 0 })
    const given = view.given?.length ? source?.first(ROWS) : undefined
    const classes = scope(() =>
      Object.fromEntries(
        Object.entries(chosen).map(([key, label]) => [key, full([sheetOf(view).count], label)]),
      ),
    )
    const columns = this.checked(readColumns(view, { ...this.latents[name], ...given, ...classes }))
    for (const t of Object.values({ ...given, ...classes })) t.dispose()
    setRandomState(before)
    const { judge } = model
    if (!surroundings) return { columns: await columns }
    const isOpinion = Object.values(model.metrics).includes('opinion of real')
    // One by one, those that fail after the first would be errors that nobody awaits.
    const [samples, real, judged] = await Promise.all([
      columns,
      surroundings.real.data(),
      judge && read(() => judge(surroundings.lattice)),
    ])
    return { columns: samples, plane: { real, judged, isOpinion } }
  }

  /**
   * The first column of a view [count, ...] of fresh latents; `chosen` gives the class of each latent that is one, instead
   * of one after the other. Throws NumericError when a sample is not finite.
   */
  async sample(
    count: number,
    name?: string,
    chosen: Readonly<Record<string, number>> = {},
  ): Promise<Float32Array> {
    const view = this.view(name)
    const latents = scope(() => freshLatents(view, count, chosen))
    const columns = this.checked(readColumns(view, latents))
    for (const t of Object.values(latents)) t.dispose()
    return (await columns)[0]
  }

  private async checked(columns: Promise<Float32Array[]>): Promise<Float32Array[]> {
    const { step } = this
    const values = await columns
    if (!values.every((column) => column.every(Number.isFinite))) throw notFinite('a sample', step)
    return values
  }

  /** What the model's styles are, for tools that know them. */
  get styles(): Styles | undefined {
    return this.model.styles
  }

  /** Everything that a resumed run needs to give the same bits, as a safetensors file. Throws NumericError on NaN. */
  async checkpoint(): Promise<Uint8Array> {
    const { step, config } = this
    const optimizers = Object.entries(this.model.optimizers)
    const updates = Object.fromEntries(optimizers.map(([name, { t }]) => [name, t]))
    const of = { config, step, updates, random: randomState() }
    // All reads are issued before the first is awaited, so that no training step comes between them.
    const state = this.state()
    const reads = Object.entries(state).map(([name, { tensor, temporary }]) => {
      const values = tensor.data()
      if (temporary) tensor.dispose()
      return [name, tensor.shape, values] as const
    })
    const values = await Promise.all(reads.map(([, , read]) => read))
    const tensors: Tensors = {}
    reads.forEach(([name, shape], i) => {
      if (!values[i].every(Number.isFinite)) throw notFinite(name, step)
      tensors[name] = { shape, data: values[i] }
    })
    return writeCheckpoint(tensors, of)
  }

  /** Continues from a checkpoint of the same configuration. Throws CheckpointError, and changes nothing, if it differs. */
  restore(file: Uint8Array, name = 'checkpoint'): void {
    const { tensors, ...saved } = readCheckpoint(file, name)
    const [its, ours] = [saved.config, this.config].map((config) => JSON.stringify(config))
    if (its !== ours) throw new CheckpointError(`${name} is of another run: ${its}, not ${ours}`)
    const { optimizers } = this.model
    const [has, needs] = [saved.updates, optimizers].map((each) => Object.keys(each).sort().join(', '))
    if (has !== needs) throw new CheckpointError(`${name}: updates: expected ${needs}, got ${has || 'none'}`)
    this.load({ tensors, ...saved })
  }

  /**
   * Takes over tensors by their names in a checkpoint, and where training stood. Throws CheckpointError, and changes
   * nothing, when a name is missing or unknown or a shape differs.
   */
  load({ tensors, step, updates, random }: Position): void {
    const state = this.state()
    try {
      nn.loadStateDict(
        Object.fromEntries(Object.entries(state).map(([key, { tensor }]) => [key, tensor])),
        tensors,
      )
    } finally {
      for (const { tensor, temporary } of Object.values(state)) if (temporary) tensor.dispose()
    }
    for (const [network, optimizer] of Object.entries(this.model.optimizers)) optimizer.t = updates[network]
    this.step = step
    setRandomState(random)
  }

  /** Networks, optimisers, averages and other state by name; optimisers' and averages' are views made for the call. */
  private state(): Record<string, { tensor: Tensor; temporary: boolean }> {
    const { networks, optimizers, averages = {}, state = {} } = this.model
    const entries = [
      ...Object.entries({ ...networks, ...state }).map(
        ([name, net]) => [name, nn.stateDict(net), false] as const,
      ),
      ...Object.entries(optimizers).map(([name, o]) => [`optimizer.${name}`, o.stateDict(), true] as const),
      ...Object.entries(averages).map(([name, a]) => [`average.${name}`, a.stateDict(), true] as const),
    ]
    return Object.fromEntries(
      entries.flatMap(([prefix, tensors, temporary]) =>
        Object.entries(tensors).map(([name, tensor]) => [`${prefix}.${name}`, { tensor, temporary }]),
      ),
    )
  }

  /** Frees the model, its optimisers and averages, and what is held fixed. */
  dispose(): void {
    this.captured?.step.dispose()
    for (const latents of Object.values(this.latents))
      for (const tensor of Object.values(latents)) tensor.dispose()
    for (const tensor of Object.values(this.surroundings ?? {})) tensor.dispose()
    for (const { tensor } of Object.values(this.state())) tensor.dispose()
    const { optimizers, averages = {} } = this.model
    for (const user of [...Object.values(optimizers), ...Object.values(averages)]) user.dispose()
  }
}

const notFinite = (what: string, step: number): NumericError =>
  new NumericError(`${what} is not finite after step ${step}; a checkpoint saved before is good`)

const firstField = (fields: Fields): string => Object.keys(fields)[0]

function surroundingsOf({ toy: name, dims }: PointField): Surroundings {
  const toy = toyOf(name)
  const store = new PointStore(toy)
  const real = store.fresh(POINTS)
  store.dispose()
  return { real, lattice: tensor(lattice(toy, LATTICE[dims]).map((point) => [...point])) }
}
