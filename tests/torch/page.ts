/** What twins.test.ts asks of a page: checkpoints as PyTorch has them, and samples of given latents. */
import { answer, get, send } from '../../src/app/commands.ts'
import { init, safetensors, type Tensor, tensor } from '../../src/engine/index.ts'
import { firstView, type Model, read } from '../../src/models/family.ts'
import { loadTorchFile, torchFile } from '../../src/models/training/torchFile.ts'
import { type Config, Trainer } from '../../src/models/training/trainer.ts'

export interface Request {
  config: Config
  /** Latents [N, latent]. */
  z: number[][]
}

async function withTrainer(config: Config, body: (trainer: Trainer) => Promise<void>): Promise<void> {
  await init()
  const trainer = new Trainer(config)
  try {
    await body(trainer)
  } finally {
    trainer.dispose()
  }
}

/** Samples, of one class after the other where a model is asked for one. */
function imagesOf(model: Model, z: Tensor): Tensor {
  const { latents, draw } = firstView(model)
  const inputs = Object.entries(latents).map(([name, latent]) => {
    if (latent.kind !== 'class') return [name, z] as const
    const labels = Array.from({ length: z.shape[0] }, (_, i) => i % latent.classes.length)
    return [name, tensor(labels)] as const
  })
  return draw(Object.fromEntries(inputs)) as Tensor
}

const samples = (trainer: Trainer, z: number[][]): Promise<Float32Array> =>
  read(() => imagesOf(trainer.model, tensor(z)))

const commands = {
  /**
   * A model whose weights are as they begin. The rest of its state is as training could have left it: no zeros, whose place
   * nobody would miss. Sends `checkpoint`, `torch` and `samples`.
   */
  make: ({ config, z }: Request) =>
    withTrainer(config, async (trainer) => {
      const { tensors } = safetensors.read(await trainer.checkpoint())
      for (const [name, saved] of Object.entries(tensors)) {
        const isWeight = saved.shape.length > 1 && !/^(average|optimizer)\./.test(name)
        // Multiples of the golden ratio fill [0, 1) evenly; squares stay positive.
        if (!isWeight) saved.data = saved.data.map((value, i) => value + 0.1 * ((0.618034 * (i + 1)) % 1))
      }
      const updates = Object.fromEntries(
        Object.keys(trainer.model.optimizers).map((name, i) => [name, 3 + i]),
      )
      trainer.load({ tensors, step: 2, updates, random: { seed: 3, block: 99 } })
      const checkpoint = await trainer.checkpoint()
      await send('checkpoint', checkpoint)
      await send('torch', torchFile(checkpoint, trainer.model))
      await send('samples', await samples(trainer, z))
    }),

  /** Imports `torch`; sends `samples`. */
  take: ({ config, z }: Request) =>
    withTrainer(config, async (trainer) => {
      loadTorchFile(trainer, await get('torch'), 'torch')
      await send('samples', await samples(trainer, z))
    }),
}
export type Commands = typeof commands

answer(commands, () => {})
