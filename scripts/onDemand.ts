// Packages that only some commands need: pinned in a folder of their own, installed there at first use, loaded from there.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { readJson } from './json.ts'
import { Lock } from './lock.ts'

/**
 * Installs the packages of `folder`'s package.json and lock, where that was not done yet, or not to its end. Throws an Error
 * when npm cannot.
 */
export function installOnDemand(folder: string): void {
  if (isInstalled(folder)) return
  const lock = Lock.wait(folder, 'installing')
  try {
    if (!isInstalled(folder)) install(folder) // else by the process that was waited for
  } finally {
    lock.release()
  }
}

const wanted = (folder: string): [name: string, version: string][] =>
  Object.entries(
    (readJson(join(folder, 'package.json')) as { dependencies: Record<string, string> }).dependencies,
  )

/** Whether npm wrote down, as it does last, that the packages are there in these versions. */
function isInstalled(folder: string): boolean {
  const file = join(folder, 'node_modules', '.package-lock.json')
  if (!existsSync(file)) return false
  try {
    const { packages } = readJson(file) as { packages: Record<string, { version?: string }> }
    return wanted(folder).every(([name, version]) => packages[`node_modules/${name}`]?.version === version)
  } catch {
    return false
  }
}

function install(folder: string): void {
  const names = wanted(folder).map(([name]) => name)
  console.error(`Installing ${names.join(', ')} (${join(folder, 'package.json')}) ...`)
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
