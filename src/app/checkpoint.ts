/** The checkpoint that a Node script serves, and samples of it. */
import { seed } from '../engine/index.ts'
import { readCheckpoint } from '../models/training/checkpoint.ts'
import { Trainer } from '../models/training/trainer.ts'
import { get } from './commands.ts'

/** Samples of the checkpoint that is served. */
export interface Draw {
  /** Its name, for messages. */
  file: string
  count: number
  seed: number
}

/** Samples made at once. A latent depends on the seed and its place only, whatever the count. */
export const CHUNK = 256

/** Runs `body` with the trainer of the checkpoint that is served, which messages call `name`. */
export async function withTrainer<T>(name: string, body: (trainer: Trainer) => Promise<T>): Promise<T> {
  const file = await get('checkpoint')
  const trainer = new Trainer(readCheckpoint(file, name).config)
  try {
    trainer.restore(file, name)
    return await body(trainer)
  } finally {
    trainer.dispose()
  }
}

/** Runs `body` with samples [count, ...], too. */
export const withSamples = <T>(
  { file, count, seed: from }: Draw,
  body: (trainer: Trainer, samples: Float32Array<ArrayBuffer>) => Promise<T>,
): Promise<T> =>
  withTrainer(file, async (trainer) => {
    seed(from)
    return body(trainer, await samplesOf(trainer, count))
  })

/** Samples [count, ...] of fresh latents. */
export const samplesOf = (
  trainer: Trainer,
  count: number,
  onChunk?: (done: number) => void,
): Promise<Float32Array<ArrayBuffer>> => inChunks(count, () => trainer.sample(CHUNK), onChunk)

/**
 * The first `count` samples of as many chunks as it takes, each drawn by `draw`: always whole, since a sample must not
 * depend on how many were asked for.
 */
export async function inChunks(
  count: number,
  draw: () => Promise<Float32Array>,
  onChunk: (done: number) => void = () => {},
): Promise<Float32Array<ArrayBuffer>> {
  let samples: Float32Array<ArrayBuffer> = new Float32Array()
  for (let done = 0; done < count; done += CHUNK) {
    const chunk = await draw()
    const each = chunk.length / CHUNK
    if (done === 0) samples = new Float32Array(count * each)
    samples.set(chunk.subarray(0, (count - done) * each), done * each)
    onChunk(Math.min(count, done + CHUNK))
  }
  return samples
}
