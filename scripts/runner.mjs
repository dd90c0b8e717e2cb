// Loads one of our TypeScript files under Node, through vite, so that it may import the same TypeScript and .wgsl as the
// page. Vite's runner is closed when this is done: what is loaded imports statically.
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runnerImport } from 'vite'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** The exports of `file`. */
export async function load(file) {
  const { module } = await runnerImport(file, {
    root,
    configFile: false,
    logLevel: 'error',
  })
  return module
}
