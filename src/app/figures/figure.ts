import type { Context, Size } from '../draw.ts'

/** A picture that the engine computes and a canvas shows; the same adapter draws the same one every time. */
export interface Figure {
  /** A line for --help. */
  about: string
  size: Size
  /** Draws on a white canvas of `size`. */
  draw(ctx: Context): Promise<void>
}
