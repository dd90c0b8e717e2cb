/** The checkpoint that a Node script serves, and samples of it. */
import { DataError, seed } from '../engine/index.ts'
import type { View } from '../models/family.ts'
import { readCheckpoint } from '../models/training/checkpoint.ts'
import { type Seen, Trainer } from '../models/training/trainer.ts'
import { get } from './commands.ts'

/** Samples of the checkpoint that is served. */
export interface Draw {
  /** Its name, for messages. */
  file: string
  count: number
  seed: number
  /** The first one if left out. */
  view?: string
  /** The class to draw, by name or index; one after the other if left out. */
  label?: string
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
  { file, count, seed: from, view, label }: Draw,
  body: (trainer: Trainer, samples: Float32Array<ArrayBuffer>) => Promise<T>,
): Promise<T> =>
  withTrainer(file, async (trainer) => {
    seed(from)
    return body(
      trainer,
      await samplesOf(trainer, count, { view, chosen: chosenOf(trainer.view(view), label) }),
    )
  })

/**
 * The class that `label` names, by its name or index, for each latent of the view that is one. Throws DataError where there
 * is no such class, or nothing that is asked for by class.
 */
export function chosenOf({ latents }: View, label: string | undefined): Record<string, number> {
  if (label === undefined) return {}
  const asked = Object.entries(latents).flatMap(([name, latent]) =>
    latent.kind === 'class' ? [[name, latent.classes] as const] : [],
  )
  if (!asked.length) throw new DataError(`--label ${label}: this model's samples are not asked for by class`)
  return Object.fromEntries(
    asked.map(([name, classes]) => {
      const named = classes.indexOf(label)
      const place = named >= 0 ? named : /^\d+$/.test(label) ? Number(label) : Number.NaN
      if (place < classes.length) return [name, place]
      throw new DataError(`--label: no class '${label}'; there are ${classes.join(', ')}`)
    }),
  )
}

/** Samples [count, ...] of fresh latents. */
export const samplesOf = (
  trainer: Trainer,
  count: number,
  { view, chosen }: Pick<Seen, 'view' | 'chosen'> = {},
  onChunk?: (done: number) => void,
): Promise<Float32Array<ArrayBuffer>> => inChunks(count, () => trainer.sample(CHUNK, view, chosen), onChunk)

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
