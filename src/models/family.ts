/**
 * The contract between a paper's file and everything around it: the training loop, commands, the page, scores. A family
 * says what it learns from and builds a model; nobody else knows its name.
 */
import { full, type optim, randomState, setRandomState, type Tensor, untaped } from '../engine/index.ts'
import type { SampleField, Taken, Takes } from './data/fields.ts'
import type { JudgeLayers } from './nets/minibatch.ts'
import type { Options, OptionValue, Values } from './options.ts'
import type { LossName, OpinionLoss } from './training/losses.ts'
import type { Name } from './training/stabilisers/names.ts'

export type Optimizer = optim.SGD | optim.RMSprop | optim.Adam

/**
 * What a number of a step is. Charts, warnings and logs go by it. An opinion is a D(x) from 0 to 1, on real or on generated
 * samples; a score has no bounds, as a critic's; a norm is a gradient's.
 */
export type MetricKind = 'loss' | 'opinion of real' | 'opinion of generated' | 'score' | 'penalty' | 'norm'

/** Scalars of a step, by name. */
export type Metrics = Record<string, Tensor>

/** What a view can be given, one value a sample: noise [N, size], or the index of a class [N]. */
export type Latent =
  | { kind: 'normal' | 'uniform'; size: number }
  | { kind: 'class'; classes: readonly string[] }

/** Something to see of a model. */
export interface View {
  /** One line for lists. */
  about: string
  /** What each picture shows: images of a size, or points. */
  shows: SampleField
  /** What is drawn at random, or chosen, for each sample. */
  latents: Readonly<Record<string, Latent>>
  /** Fields of the data whose real samples it starts from. */
  given?: readonly string[]
  /** The names of the pictures that lie side by side for each sample; one without a name if left out. */
  columns?: readonly string[]
  /** Pictures [N, ...] for latents and given fields, [N, ...] each: one tensor, or one a column. */
  draw(inputs: Readonly<Record<string, Tensor>>): Tensor | readonly Tensor[]
}

/** Of a model that turns z into styles w first, and these into images (StyleGAN). */
export interface Styles {
  /** Styles w [N, size] of z [N, size]. */
  of(z: Tensor): Tensor
  /** Images [N, ...] of w, the same one in every layer. `psi` truncates it; noise is fixed if left out. */
  images(w: Tensor, options?: StyleOptions): Tensor
  /** Images of a, with the styles of b in the layers [from, to). */
  mix(a: Tensor, b: Tensor, layers: readonly [number, number], options?: StyleOptions): Tensor
  /** Layers that belong together, from coarse to fine. */
  groups: readonly { name: string; layers: readonly [number, number] }[]
}

export interface StyleOptions {
  /** ψ of truncation: 1 for none, 0 for the mean style alone. */
  psi?: number
  noise?: 'fixed' | 'none' | ((shape: readonly number[]) => Tensor)
}

/** Where a step takes its randomness from: a test gives its own. */
export interface Chance {
  /** N(0, 1). */
  normal(shape: readonly number[]): Tensor
  /** U[0, 1). */
  uniform(shape: readonly number[]): Tensor
  /** Whole numbers from 0 to `below` - 1. */
  integers(shape: readonly number[], below: number): Tensor
}

/** What a step is given. */
export interface Step extends Chance {
  /** A minibatch of the fields that the family takes, [N, ...] each. */
  draw(): Readonly<Record<string, Tensor>>
  /** Takes a step of `optimizer` down the gradient of `loss` with respect to its parameters. */
  minimize(optimizer: Optimizer, loss: Tensor): void
  /** Steps taken before: to choose a variant by. For numbers that change with it there is `live`. */
  readonly taken: number
  /** A scalar that is asked anew for every step, of the number of steps before it: a rate, a fade. */
  live(value: (step: number) => number): Tensor
}

export interface Model {
  /** What a checkpoint holds, by name. */
  readonly networks: Readonly<Record<string, object>>
  readonly optimizers: Readonly<Record<string, Optimizer>>
  /** Averaged parameters; in a checkpoint, too. */
  readonly averages?: Readonly<Record<string, optim.EMA>>
  /** Other tensors that a checkpoint must hold, such as a pool of past images. */
  readonly state?: Readonly<Record<string, object>>
  /** What step() reports, in the order to show. */
  readonly metrics: Readonly<Record<string, MetricKind>>
  /** Which kind of step comes after `step` of them, where they are not all alike: each is recorded once. */
  variant?(step: number): string
  /** Trains once. */
  step(context: Step): Metrics
  /** What there is to see, by name; the first is shown while it trains. */
  readonly views: Readonly<Record<string, View>>
  /** Of a D: its opinion D(x) or a critic's score [N, 1] of single samples [N, ...] of the field that the first view shows. */
  judge?(x: Tensor): Tensor
  readonly styles?: Styles
}

/** A network of D: samples [N, ...], and what they are conditioned on, to logits [N, 1]. */
export interface JudgeNetwork {
  forward(x: Tensor, ...conditions: Tensor[]): Tensor
}

/**
 * A discriminator or critic as training sees it. Its own step shows it real samples, and generated ones without a gradient;
 * G's step shows it generated samples that gradients flow through.
 */
export interface Judge {
  readonly network: JudgeNetwork
  /** What is trained. */
  readonly parameters: Tensor[]
  /** Samples that it judges together: 1 unless they are packed. */
  readonly pack: number
  /** The network as it is, without what changes samples at random: for penalties. */
  readonly plain: JudgeNetwork
  /** Logits [N / pack, 1] of real samples [N, ...], and what they are conditioned on. */
  onReal(x: Tensor, ...conditions: Tensor[]): Tensor
  /** Logits [N / pack, 1] of generated samples [N, ...]. */
  onFake(fake: Tensor, ...conditions: Tensor[]): Tensor
  /** Logits of real and of generated samples, which pass D as one batch. */
  onBoth(x: Tensor, fake: Tensor): [real: Tensor, fake: Tensor]
  /** Logits of samples as they are, for people to see: nothing is moved by it. */
  judge(x: Tensor, ...conditions: Tensor[]): Tensor
}

/** What a family may ask for while it builds a model: stabilisers come in by it. */
export interface Kit {
  /**
   * A discriminator as training sees it. `make` builds its network for samples as `field` says (several at once, perhaps),
   * of such layers.
   */
  discriminator<F extends SampleField>(field: F, make: (field: F, layers: JudgeLayers) => JudgeNetwork): Judge
  /** A loss by its name, with the targets that are asked for. */
  loss(name: LossName): OpinionLoss
  /** Of a generator's hidden values; 0 for none. */
  readonly dropout: number
}

/** A run of a few minutes on its kind of adapter, or on points. */
export interface Preset<V = Readonly<Record<string, OptionValue>>> {
  /** Options that differ from the paper's. */
  options: Partial<V>
  batch: number
  steps: number
}

export interface Family<T extends Takes = Takes, O extends Options = Options> {
  /** One line for --list and the page, with the paper. */
  about: string
  /** The fields that it learns from, by its own names. */
  takes: T
  /** Whether its fields are of samples drawn independently, such as two domains. */
  apart?: true
  options: O
  /** For points only if it can learn from them. */
  presets: Readonly<
    Record<'software' | 'gpu', Preset<Values<O>>> & Partial<Record<'points', Preset<Values<O>>>>
  >
  /** The regularisers and tricks that it takes. */
  stabilisers?: readonly Name[] | ((options: Values<O>) => readonly Name[])
  /** Throws DataError when it cannot make a model for such fields. */
  build(fields: Taken<T>, options: Values<O>, kit: Kit): Model
}

const families = new WeakSet<object>()

/** Declares a family. The types of fields and options follow from what it takes and has. */
export function family<const T extends Takes, const O extends Options>(entry: Family<T, O>): Family {
  families.add(entry)
  return entry as unknown as Family
}

export const isFamily = (value: unknown): value is Family =>
  typeof value === 'object' && value !== null && families.has(value)

/** The view that is shown first. */
export function firstView({ views }: Pick<Model, 'views'>): View {
  return Object.values(views)[0]
}

/** What makes images of one noise vector. */
export interface Generator {
  /** Length of z. */
  size: number
  /** Images [N, ...] of z [N, size]. */
  images(z: Tensor): Tensor
}

/**
 * Length of z, of a model whose first view needs one noise vector, and images of it: for tools between latents. Of a class
 * that the view may be asked for too, `chosen` is taken. Undefined for other models.
 */
export function generatorOf(
  model: Model,
  chosen = 0,
): { size: number; images(z: Tensor): Tensor } | undefined {
  const { latents, draw, given = [], columns = [] } = firstView(model)
  const noise = Object.entries(latents).filter(([, latent]) => latent.kind === 'normal')
  const classes = Object.entries(latents).filter(([, latent]) => latent.kind === 'class')
  const [[name, latent] = []] = noise
  const isPlain = noise.length === 1 && noise.length + classes.length === Object.keys(latents).length
  if (!isPlain || name === undefined || latent?.kind !== 'normal' || given.length || columns.length)
    return undefined
  return {
    size: latent.size,
    images: (z) => {
      const labels = classes.map(([own]) => [own, full([z.shape[0]], chosen)])
      return draw({ [name]: z, ...Object.fromEntries(labels) }) as Tensor
    },
  }
}

/** The values of what `make` makes, all of which is freed. Without a tape: of many samples it would hold much. */
export function read(make: () => Tensor): Promise<Float32Array> {
  const made = untaped(make)
  const values = made.data()
  made.dispose()
  return values
}

/** Runs `body`; random numbers go on afterwards as if it had drawn none. */
export async function apart<T>(body: () => Promise<T>): Promise<T> {
  const state = randomState()
  try {
    return await body()
  } finally {
    setRandomState(state)
  }
}
