// Packages that only some commands need: pinned in a folder of their own, installed there at first use, loaded from there.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'

/** Installs the packages of `folder`'s package.json and lock. Throws an Error when npm cannot. */
export function installOnDemand(folder: string): void {
  const wanted = read(join(folder, 'package.json'))?.dependencies ?? {}
  const isThere = ([name, version]: [string, string]) =>
    read(join(folder, 'node_modules', name, 'package.json'))?.version === version
  if (Object.entries(wanted).every(isThere)) return
  console.error(`Installing ${Object.keys(wanted).join(', ')} (${join(folder, 'package.json')}) ...`)
  const { status, error } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (status === 0) return
  const why = error ? `npm could not be run (${error.message})` : 'npm says why above'
  throw new Error(`the packages could not be installed, ${why}: try \`npm ci\` in ${folder}`)
}

/**
 * What the package `name` of `folder` exports. By require: Vite, which runs our scripts, is closed by now and could not
 * resolve an import(). Throws an Error when it cannot be loaded, such as for a library that the system lacks.
 */
// biome-ignore lint/suspicious/noExplicitAny: packages without types
export function requireFrom(folder: string, name: string): any {
  try {
    return createRequire(import.meta.url)(join(folder, 'node_modules', name))
  } catch (error) {
    const [why] = (error as Error).message.split('\n')
    throw new Error(`the package ${name} could not be loaded: ${why}`, { cause: error })
  }
}

/** A package.json, if there is one. */
function read(file: string): { version?: string; dependencies?: Record<string, string> } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}
