// A canvas for Node: npm's `@napi-rs/canvas`, installed at first use, as the part of OffscreenCanvas that pictures need.
import { fileURLToPath } from 'node:url'
import { installOnDemand, requireFrom } from './onDemand.ts'

const FOLDER = fileURLToPath(new URL('canvas/', import.meta.url))

interface Canvas {
  getContext(kind: string): object
  encode(format: 'png'): Promise<Uint8Array<ArrayBuffer>>
}

/** `OffscreenCanvas` and `ImageData`, to be made global. */
export function canvasGlobals(): Record<string, unknown> {
  installOnDemand(FOLDER)
  const { createCanvas, ImageData } = requireFrom(FOLDER, '@napi-rs/canvas')
  function OffscreenCanvas(width: number, height: number): object {
    const canvas: Canvas = createCanvas(width, height)
    const context = withoutInfinities(canvas.getContext('2d'))
    const convertToBlob = async () => new Blob([await canvas.encode('png')], { type: 'image/png' })
    return Object.assign(canvas, { getContext: () => context, convertToBlob })
  }
  return { OffscreenCanvas, ImageData }
}

/**
 * A context that ignores a call with a number that is not finite, as browsers' do (HTML, "2D rendering context"): this
 * one's library ends the process at some of them. It draws in float32, where numbers beyond 3.4e38 are infinite, too.
 */
export function withoutInfinities<T extends object>(context: T): T {
  const isDrawable = (value: unknown): boolean =>
    typeof value !== 'number' || Number.isFinite(Math.fround(value))
  return new Proxy(context, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name)
      if (typeof value !== 'function') return value
      return (...values: unknown[]) => (values.every(isDrawable) ? value.apply(target, values) : undefined)
    },
    set: (target, name, value) => Reflect.set(target, name, value),
  })
}
