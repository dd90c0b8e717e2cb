// A canvas for Node: npm's `@napi-rs/canvas`, installed at first use, as the part of OffscreenCanvas that pictures need.
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { installOnDemand } from './onDemand.ts'

const FOLDER = fileURLToPath(new URL('canvas/', import.meta.url))

interface Canvas {
  encode(format: 'png'): Promise<Uint8Array<ArrayBuffer>>
}

/** `OffscreenCanvas` and `ImageData`, to be made global. */
export function canvasGlobals(): Record<string, unknown> {
  installOnDemand(FOLDER)
  const { createCanvas, ImageData } = createRequire(import.meta.url)(`${FOLDER}node_modules/@napi-rs/canvas`)
  function OffscreenCanvas(width: number, height: number): object {
    const canvas: Canvas = createCanvas(width, height)
    const convertToBlob = async () => new Blob([await canvas.encode('png')], { type: 'image/png' })
    return Object.assign(canvas, { convertToBlob })
  }
  return { OffscreenCanvas, ImageData }
}
