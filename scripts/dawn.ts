// WebGPU for Node: Dawn, Chrome's own implementation, as npm's `webgpu`. Installed at first use, not with the project.
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { installOnDemand, requireFrom } from './onDemand.ts'

const FOLDER = fileURLToPath(new URL('../bench/isa/', import.meta.url))

/** Fetches Dawn where it is not there yet. Throws an Error when npm cannot. */
export const installDawn = (): void => installOnDemand(FOLDER)

/** Held for the life of the process: Dawn aborts it when this object is collected while a device lives. */
let entry: GPU | undefined

/**
 * Dawn's `navigator.gpu`, with WebGPU's classes (GPUOutOfMemoryError, …) made global; one for the process.
 * `options` are Dawn's own, such as 'adapter=llvmpipe'.
 */
export function openDawn(options: string[] = []): GPU {
  if (entry) return entry
  installDawn()
  const { create, globals } = requireFrom(FOLDER, 'webgpu')
  Object.assign(globalThis, globals)
  const made: GPU = create(options)
  entry = made
  return made
}

/** The version of npm's `webgpu`. */
export const dawnVersion = (): string =>
  JSON.parse(readFileSync(`${FOLDER}node_modules/webgpu/package.json`, 'utf8')).version
