/** A model in training: one step at a time, samples from fixed noise, and its state as a checkpoint. Knows no paper. */
import {
  CheckpointError,
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
} from '../engine/index.ts'
import type { ImageTable } from './data.ts'
import { models } from './index.ts'
import type { ImageModel, ImageSize } from './model.ts'

/** All that determines a run, besides the data: the same configuration gives the same bits on the same adapter. */
export interface Config {
  model: string
  /** The model's hyperparameters that differ from its defaults. */
  options: Record<string, number>
  image: ImageSize
  batch: number
  seed: number
}

/** Images shown of every run, always from the same noise. */
export const SAMPLES = 64

export class Trainer {
  /** Steps taken. */
  step = 0
  readonly model: ImageModel
  private readonly noise: Tensor

  /** A new model from the configuration's seed. Throws CheckpointError for an unknown model. */
  constructor(readonly config: Config) {
    const entry = models[config.model]
    if (!entry)
      throw new CheckpointError(`no model '${config.model}'; there are ${Object.keys(models).join(', ')}`)
    seed(config.seed)
    this.model = scope(() => entry.create(config.image, config.options))
    this.noise = randn([SAMPLES, this.model.latent])
  }

  /** Trains once. The metrics are given when the GPU has them, in the order of the model's names. */
  advance(data: ImageTable): Promise<Float32Array> {
    const { model } = this
    const packed = scope(() => {
      const metrics = model.step(() => data.batch(this.config.batch))
      return concat(model.metrics.map((name) => reshape(metrics[name], [1])))
    })
    this.step++
    const values = packed.data()
    packed.dispose()
    return values
  }

  /** Images [SAMPLES, size, size, channels] in [-1, 1] of the fixed noise. */
  samples(): Promise<Float32Array> {
    return this.read(this.noise)
  }

  /** Images of `count` fresh latents. */
  sample(count: number): Promise<Float32Array> {
    const z = randn([count, this.model.latent])
    const values = this.read(z)
    z.dispose()
    return values
  }

  private read(z: Tensor): Promise<Float32Array> {
    const images = scope(() => this.model.sample(z))
    const values = images.data()
    images.dispose()
    return values
  }

  /** Everything that a resumed run needs to give the same bits, as a safetensors file. Throws NumericError on NaN. */
  async checkpoint(): Promise<Uint8Array> {
    const { step, config } = this
    const metadata = {
      format: 'ganvas 1',
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
    const state = this.state()
    try {
      nn.loadStateDict(
        Object.fromEntries(Object.entries(state).map(([key, { tensor }]) => [key, tensor])),
        tensors,
      )
    } finally {
      for (const { tensor, temporary } of Object.values(state)) if (temporary) tensor.dispose()
    }
    for (const [network, optimizer] of Object.entries(this.model.optimizers))
      optimizer.t = saved.updates[network]
    this.step = saved.step
    setRandomState(saved.random)
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
    this.noise.dispose()
    for (const { tensor } of Object.values(this.state())) tensor.dispose()
    const { optimizers, averages = {} } = this.model
    for (const user of [...Object.values(optimizers), ...Object.values(averages)]) user.dispose()
  }
}

/** The configuration that a checkpoint was made with. Throws CheckpointError if the file is none of ours. */
export const configOf = (file: Uint8Array, name = 'checkpoint'): Config & { step: number } => {
  const { config, step } = readMetadata(safetensors.read(file, name).metadata, name)
  return { ...config, step }
}

function readMetadata(metadata: Record<string, string>, name: string) {
  if (metadata.format !== 'ganvas 1')
    throw new CheckpointError(
      `${name} is no Ganvas checkpoint: format '${metadata.format ?? 'none'}', expected 'ganvas 1'`,
    )
  try {
    return {
      step: Number(metadata.step),
      /** Updates of each network so far: a critic has more of them than there were steps. */
      updates: JSON.parse(metadata.updates) as Record<string, number>,
      config: JSON.parse(metadata.config) as Config,
      random: JSON.parse(metadata.random) as ReturnType<typeof randomState>,
    }
  } catch (error) {
    throw new CheckpointError(`${name}: its metadata are damaged (${(error as Error).message})`)
  }
}
