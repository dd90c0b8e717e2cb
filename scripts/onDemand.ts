// Packages that only some commands need: pinned in a folder of their own, installed there at first use.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Installs the packages of `folder`'s package.json and lock. Throws an Error when npm cannot. */
export function installOnDemand(folder: string): void {
  const wanted = read(join(folder, 'package.json'))?.dependencies ?? {}
  const isThere = ([name, version]: [string, string]) =>
    read(join(folder, 'node_modules', name, 'package.json'))?.version === version
  if (Object.entries(wanted).every(isThere)) return
  console.error(`Installing ${Object.keys(wanted).join(', ')} (${join(folder, 'package.json')}) ...`)
  const { status } = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (status !== 0) throw new Error(`the packages could not be installed: try \`npm ci\` in ${folder}`)
}

/** A package.json, if there is one. */
function read(file: string): { version?: string; dependencies?: Record<string, string> } | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}
