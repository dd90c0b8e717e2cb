import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, statSync } from 'node:fs'
import path from 'node:path'
import puppeteer, { type Browser, type LaunchOptions } from 'puppeteer'
import { started } from './chromeStart.ts'
import { makeProfile } from './profiles.ts'

/** What finding and starting Chrome need to know of the machine; a test gives a made-up one. */
export interface System {
  platform: NodeJS.Platform
  env: Record<string, string | undefined>
  isRoot: boolean
  exists(file: string): boolean
  /** Whether a file that exists is a program. */
  isProgram(file: string): boolean
  /** Where Puppeteer's own Chrome is, or would be once installed. */
  puppeteerChrome(): string
  /** Runs a command with its output shown; true when it succeeded. */
  run(command: string, args: string[]): boolean
  say(line: string): void
}

const INSTALL_LIMIT_MS = 10 * 60_000

const thisSystem: System = {
  platform: process.platform,
  env: process.env,
  isRoot: process.getuid?.() === 0,
  exists: existsSync,
  isProgram(file) {
    try {
      accessSync(file, constants.X_OK)
      return statSync(file).isFile()
    } catch {
      return false
    }
  },
  puppeteerChrome: () => puppeteer.executablePath(),
  run(command, args) {
    const { status } = spawnSync(command, args, {
      // Never ask: there may be nobody to answer. Its output goes to stderr, stdout stays ours.
      stdio: ['ignore', 2, 2],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      shell: process.platform === 'win32', // npx is a .cmd file there
      timeout: INSTALL_LIMIT_MS,
    })
    return status === 0
  },
  say: (line) => console.error(line),
}

/**
 * The path of a Chrome or Chromium: `PUPPETEER_EXECUTABLE_PATH`, else Puppeteer's cache, else one installed on
 * the machine, else one that this function installs, saying so.
 * Throws an Error that says what to do when the given path is wrong or when nothing could be installed.
 */
export async function findChrome(system: System = thisSystem): Promise<string> {
  const given = system.env.PUPPETEER_EXECUTABLE_PATH
  if (given) {
    if (system.isProgram(given)) return given
    const what = system.exists(given) ? 'that is not a program' : 'no such file exists'
    throw new Error(`PUPPETEER_EXECUTABLE_PATH is ${given}, but ${what}: correct it or unset it.`)
  }
  const found = search(system)
  if (found) return found
  for (const [command, ...args] of installers(system)) {
    system.say(`No Chrome found; installing one: ${[command, ...args].join(' ')}`)
    const installed = system.run(command, args) && search(system)
    if (installed) return installed
  }
  throw new Error(
    'No Chrome found, and none could be installed. Install Chrome or Chromium 113 or newer ' +
      '(`npx puppeteer browsers install chrome`, or on Debian as root `apt-get install chromium`), ' +
      'or set PUPPETEER_EXECUTABLE_PATH to one.',
  )
}

function search(system: System): string | undefined {
  return [system.puppeteerChrome(), ...usualPlaces(system)].find(system.isProgram)
}

function usualPlaces({ platform, env }: System): string[] {
  const { join, delimiter } = platform === 'win32' ? path.win32 : path.posix
  const onPath = (names: string[]) =>
    names.flatMap((name) => (env.PATH ?? '').split(delimiter).map((folder) => join(folder || '.', name)))

  if (platform === 'win32') {
    const folders = [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA].filter(
      (f) => f !== undefined,
    )
    const installed = ['Google\\Chrome', 'Chromium'].flatMap((name) =>
      folders.map((folder) => join(folder, name, 'Application', 'chrome.exe')),
    )
    return [...onPath(['chrome.exe']), ...installed]
  }
  const names = ['google-chrome-stable', 'google-chrome', 'chromium', 'chromium-browser', 'chrome']
  if (platform === 'darwin') {
    const folders = ['/Applications', `${env.HOME ?? ''}/Applications`]
    const apps = ['Google Chrome', 'Chromium'].flatMap((app) =>
      folders.map((folder) => `${folder}/${app}.app/Contents/MacOS/${app}`),
    )
    return [...onPath(names), ...apps]
  }
  const folders = ['/usr/bin', '/usr/local/bin', '/snap/bin']
  const installed = names.flatMap((name) => folders.map((folder) => join(folder, name)))
  return [...onPath(names), ...installed, '/opt/google/chrome/chrome']
}

/** Commands that install a Chrome, most likely to give a working one first. */
function installers({ platform, isRoot, exists }: System): [string, ...string[]][] {
  const puppeteerChrome: [string, ...string[]] = ['npx', 'puppeteer', 'browsers', 'install', 'chrome']
  if (platform !== 'linux' || !isRoot || !exists('/etc/debian_version')) return [puppeteerChrome]
  // As root on a bare Debian apt goes first: it brings the shared libraries along, and a Chromium for ARM too.
  const apt = 'apt-get update && apt-get install -y chromium'
  return [
    ['sh', '-c', apt],
    [...puppeteerChrome, '--install-deps'],
  ]
}

/**
 * The command line that gives a page WebGPU with exact timestamps, also where there is no GPU.
 * `GANVAS_CHROME_FLAGS` (separated by spaces) is added at the end, for machines that need more.
 */
export function chromeFlags({
  platform,
  isRoot,
  env,
}: Pick<System, 'platform' | 'isRoot' | 'env'> = thisSystem): string[] {
  const flags = [
    '--enable-unsafe-webgpu', // the software adapter, and hardware ones on Chrome's block list
    '--enable-webgpu-developer-features', // timestamps not rounded to 100 µs; the adapter's name
    // A lost device is something we test: Chrome must give a new adapter after any number of GPU crashes.
    '--disable-domain-blocking-for-3d-apis',
    '--disable-gpu-process-crash-limit',
  ]
  // Chrome on Linux sees a real GPU through Vulkan only; without a GPU this changes nothing (seen with
  // SwiftShader). Not `--use-angle=vulkan`: where there is no Vulkan driver it takes the software adapter away.
  if (platform === 'linux') flags.push('--enable-features=Vulkan')
  if (isRoot) flags.push('--no-sandbox') // Chrome refuses to start as root with its sandbox
  return [...flags, ...(env.GANVAS_CHROME_FLAGS ?? '').split(/\s+/).filter(Boolean)]
}

/**
 * Starts Chrome, headless unless told otherwise, found by `findChrome` and with `chromeFlags`.
 * `options` are Puppeteer's; its `args` are added to ours. Throws as `findChrome` does, and when Chrome does
 * not start. The caller closes the browser.
 */
export async function launchChrome(options: LaunchOptions = {}): Promise<Browser> {
  const executablePath = await findChrome()
  const args = [...chromeFlags(), ...(options.args ?? [])]
  const profile = makeProfile()
  try {
    const browser = await started(executablePath, args, (signal) =>
      puppeteer.launch({
        executablePath,
        headless: true,
        userDataDir: profile.path,
        ...options,
        args,
        signal,
      }),
    )
    browser.process()?.once('exit', profile.remove)
    return browser
  } catch (error) {
    profile.remove()
    throw error
  }
}
