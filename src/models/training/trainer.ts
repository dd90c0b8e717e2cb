/** A model in training: one step at a time, samples from fixed noise, and its state as a checkpoint. Knows no paper. */
import {
  type Captured,
  CheckpointError,
  capture,
  concat,
  NumericError,
  nn,
  randn,
  randomState,
  reshape,
  safetensors,
  scope,
  seed,
  setRandomState,
  type Tensor,
  tensor,
} from '../../engine/index.ts'
import { type DataKind, isToy, sampleSize, type Table, ToyTable } from '../data/data.ts'
import { lattice, toyOf } from '../data/toys.ts'
import { checkAids, models } from '../index.ts'
import { type GanModel, read } from '../model.ts'
import type { LossName } from './losses.ts'
import type { Settings } from './stabilisers/names.ts'

/** All that determines a run, besides the data: the same configuration gives the same bits on the same adapter. */
export interface Config {
  model: string
  /** The model's hyperparameters that differ from its defaults. */
  options: Record<string, number>
  /** If not the model's own. */
  loss?: LossName
  /** Regularisers and tricks, if there are any. */
  aids?: Settings
  data: DataKind
  batch: number
  seed: number
}

/** What a checkpoint holds. */
export interface State {
  tensors: Record<string, safetensors.SavedTensor>
  /** Steps taken. */
  step: number
  /** Updates of each optimiser so far: a critic has more of them than there were steps. */
  updates: Record<string, number>
  random: ReturnType<typeof randomState>
}

/** What is shown of a run: samples, always of the same noise; and of points more than that. */
export interface Snapshot {
  samples: Float32Array
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

/** Images shown of every run, and points. */
export const SAMPLES = 64
export const POINTS = 1024
/** Cells of the lattice on which D is asked, a side. */
export const LATTICE = { 1: 200, 2: 80 }

/** What has to be on the GPU to see points in their surroundings. */
interface Surroundings {
  real: Tensor
  lattice: Tensor
}

export class Trainer {
  /** Steps taken. */
  step = 0
  readonly model: GanModel
  /** Names of what advance() gives: the model's own metrics, and the norm of each network's gradient. */
  readonly metrics: readonly string[]
  /** Samples in a snapshot. */
  readonly shown: number
  private readonly noise: Tensor
  /** Told when a step is recorded for the first time, or again: of which course, with how many launches. */
  onRecord?: (course: string, launches: number) => void
  private captured?: { data: Table; step: Captured<Tensor> }
  private readonly surroundings?: Surroundings

  /**
   * A new model from the configuration's seed. Throws CheckpointError for an unknown model, DataError for one that
   * cannot learn from such data, and for stabilisers that do not fit it.
   */
  constructor(readonly config: Config) {
    const entry = models[config.model]
    if (!entry)
      throw new CheckpointError(`no model '${config.model}'; there are ${Object.keys(models).join(', ')}`)
    const { data, aids } = config
    if (aids) checkAids(aids, config)
    seed(config.seed)
    this.model = scope(() => entry.create(sampleSize(data), config.options, config.loss, aids))
    this.metrics = [...this.model.metrics, 'gradD', 'gradG']
    this.shown = isToy(data) ? POINTS : SAMPLES
    this.noise = randn([this.shown, this.model.latent])
    if (isToy(data)) this.surroundings = surroundingsOf(data.toy)
  }

  /** Trains once. The values of the metrics are given when the GPU has them. */
  advance(data: Table): Promise<Float32Array> {
    if (this.captured?.data !== data) {
      this.captured?.step.dispose()
      const step = (): Tensor => this.packedStep(data)
      const told = (course: string, launches: number): void => this.onRecord?.(course, launches)
      this.captured = { data, step: capture(step, () => this.model.course ?? '', told) }
    }
    const packed = this.captured.step()
    this.step++
    return packed.data()
  }

  /** Takes the model's step; its metrics in one tensor. */
  private packedStep(data: Table): Tensor {
    const { model, config } = this
    const metrics = model.step(() => data.batch(config.batch))
    const { generator, discriminator, critic = discriminator } = model.optimizers
    const norms = [critic, generator].map((optimizer) => optimizer.gradNorm())
    return concat([...model.metrics.map((name) => metrics[name]), ...norms].map((t) => reshape(t, [1])))
  }

  /** Samples of the fixed noise, and what is to be seen beside them. */
  async snapshot(): Promise<Snapshot> {
    const { model, noise, surroundings } = this
    // A generator with dropout draws: the same every time, and nothing from the stream of the training.
    const before = randomState()
    setRandomState({ seed: this.config.seed, block: 0 })
    const samples = read(() => model.sample(noise))
    setRandomState(before)
    const { judge } = model
    if (!surroundings) return { samples: await samples }
    const judged = judge && read(() => judge.call(model, surroundings.lattice))
    const real = surroundings.real.data()
    const isOpinion = model.metrics.includes('D(x)')
    return { samples: await samples, plane: { real: await real, judged: await judged, isOpinion } }
  }

  /** Samples [count, ...] of fresh latents. */
  sample(count: number): Promise<Float32Array> {
    return read(() => this.model.sample(randn([count, this.model.latent])))
  }

  /** Everything that a resumed run needs to give the same bits, as a safetensors file. Throws NumericError on NaN. */
  async checkpoint(): Promise<Uint8Array> {
    const { step, config } = this
    const metadata = {
      format: 'ganvas 2',
      step: String(step),
      updates: JSON.stringify(
        Object.fromEntries(Object.entries(this.model.optimizers).map(([name, { t }]) => [name, t])),
      ),
      config: JSON.stringify(config),
      random: JSON.stringify(randomState()),
    }
    // All reads are issued before the first is awaited, so that no training step comes between them.
    const state = this.state()
    const reads = Object.entries(state).map(([name, { tensor, temporary }]) => {
      const values = tensor.data()
      if (temporary) tensor.dispose()
      return [name, tensor.shape, values] as const
    })
    const values = await Promise.all(reads.map(([, , read]) => read))
    const tensors: Record<string, safetensors.SavedTensor> = {}
    reads.forEach(([name, shape], i) => {
      if (!values[i].every(Number.isFinite))
        throw new NumericError(`${name} is not finite after step ${step}; a checkpoint saved before is good`)
      tensors[name] = { shape, data: values[i] }
    })
    return safetensors.write({ tensors, metadata })
  }

  /** Continues from a checkpoint of the same configuration. Throws CheckpointError, and changes nothing, if it differs. */
  restore(file: Uint8Array, name = 'checkpoint'): void {
    const { tensors, metadata } = safetensors.read(file, name)
    const saved = readMetadata(metadata, name)
    if (JSON.stringify(saved.config) !== JSON.stringify(this.config))
      throw new CheckpointError(
        `${name} is of another run: ${metadata.config}, not ${JSON.stringify(this.config)}`,
      )
    this.load({ tensors, ...saved })
  }

  /**
   * Takes over tensors by their names in a checkpoint, and where training stood. Throws CheckpointError, and changes
   * nothing, when a name is missing or unknown or a shape differs.
   */
  load({ tensors, step, updates, random }: State): void {
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

  /** Networks, optimisers and averages by name; all but the networks' are views made for the call. */
  private state(): Record<string, { tensor: Tensor; temporary: boolean }> {
    const { networks, optimizers, averages = {} } = this.model
    const entries = [
      ...Object.entries(networks).map(([name, net]) => [name, nn.stateDict(net), false] as const),
      ...Object.entries(optimizers).map(([name, o]) => [`optimizer.${name}`, o.stateDict(), true] as const),
      ...Object.entries(averages).map(([name, a]) => [`average.${name}`, a.stateDict(), true] as const),
    ]
    return Object.fromEntries(
      entries.flatMap(([prefix, tensors, temporary]) =>
        Object.entries(tensors).map(([name, tensor]) => [`${prefix}.${name}`, { tensor, temporary }]),
      ),
    )
  }

  /** Frees the model, its optimisers and averages, and the noise. */
  dispose(): void {
    this.captured?.step.dispose()
    this.noise.dispose()
    for (const tensor of Object.values(this.surroundings ?? {})) tensor.dispose()
    for (const { tensor } of Object.values(this.state())) tensor.dispose()
    const { optimizers, averages = {} } = this.model
    for (const user of [...Object.values(optimizers), ...Object.values(averages)]) user.dispose()
  }
}

function surroundingsOf(name: string): Surroundings {
  const toy = toyOf(name)
  const table = new ToyTable(toy)
  const real = table.batch(POINTS)
  table.dispose()
  return { real, lattice: tensor(lattice(toy, LATTICE[toy.dims]).map((point) => [...point])) }
}

/** The configuration that a checkpoint was made with. Throws CheckpointError if the file is none of ours. */
export const configOf = (file: Uint8Array, name = 'checkpoint'): Config & { step: number } => {
  const { config, step } = readMetadata(safetensors.read(file, name).metadata, name)
  return { ...config, step }
}

function readMetadata(metadata: Record<string, string>, name: string) {
  if (metadata.format !== 'ganvas 2')
    throw new CheckpointError(
      `${name} is no Ganvas checkpoint: format '${metadata.format ?? 'none'}', expected 'ganvas 2'`,
    )
  try {
    return {
      step: Number(metadata.step),
      updates: JSON.parse(metadata.updates) as Record<string, number>,
      config: JSON.parse(metadata.config) as Config,
      random: JSON.parse(metadata.random) as ReturnType<typeof randomState>,
    }
  } catch (error) {
    throw new CheckpointError(`${name}: its metadata are damaged (${(error as Error).message})`)
  }
}
