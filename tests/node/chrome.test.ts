import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { chromeFlags, findChrome, launchChrome, type System } from '../../scripts/chrome.ts'
import { endText, started, watchEnd } from '../../scripts/chromeStart.ts'

const CACHED = '/cache/puppeteer/chrome'

/** A machine with these files, on which `run` is told to succeed by creating files. */
function machine(files: string[], more: Partial<System> & { installs?: Record<string, string> } = {}) {
  const present = new Set(files)
  const ran: string[] = []
  const said: string[] = []
  const system: System = {
    platform: 'linux',
    env: { PATH: '/usr/bin:/opt/bin' },
    isRoot: false,
    exists: (file) => present.has(file),
    isProgram: (file) => present.has(file) && !file.endsWith('/'),
    puppeteerChrome: () => CACHED,
    run(command, args) {
      ran.push([command, ...args].join(' '))
      const made = more.installs?.[command]
      if (made) present.add(made)
      return made !== undefined
    },
    say: (line) => said.push(line),
    ...more,
  }
  return { system, ran, said }
}

test('PUPPETEER_EXECUTABLE_PATH comes first', async () => {
  const env = { PUPPETEER_EXECUTABLE_PATH: '/my/chrome' }
  expect(await findChrome(machine(['/my/chrome', CACHED], { env }).system)).toBe('/my/chrome')
})

test('a wrong PUPPETEER_EXECUTABLE_PATH is an error, not passed over', async () => {
  const env = { PUPPETEER_EXECUTABLE_PATH: '/my/chrome' }
  await expect(findChrome(machine([CACHED], { env }).system)).rejects.toThrow(
    /is \/my\/chrome, but no such file/,
  )
})

test('a PUPPETEER_EXECUTABLE_PATH that is no program is an error that says so', async () => {
  const env = { PUPPETEER_EXECUTABLE_PATH: '/my/folder/' }
  await expect(findChrome(machine(['/my/folder/'], { env }).system)).rejects.toThrow(
    /is \/my\/folder\/, but that is not a program/,
  )
})

test('a folder of the name of a Chrome is passed over', async () => {
  const { system } = machine(['/usr/bin/chromium', CACHED], {
    isProgram: (file) => file === '/usr/bin/chromium',
  })
  expect(await findChrome(system)).toBe('/usr/bin/chromium')
})

test("Puppeteer's cache comes before an installed Chrome", async () => {
  expect(await findChrome(machine([CACHED, '/usr/bin/chromium']).system)).toBe(CACHED)
})

test.each<[NodeJS.Platform, Record<string, string>, string]>([
  ['linux', { PATH: '/usr/bin:/opt/bin' }, '/opt/bin/google-chrome'],
  ['linux', {}, '/usr/bin/chromium'],
  ['linux', {}, '/opt/google/chrome/chrome'],
  ['darwin', {}, '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'],
  ['darwin', { HOME: '/Users/me' }, '/Users/me/Applications/Chromium.app/Contents/MacOS/Chromium'],
  [
    'win32',
    { PROGRAMFILES: 'C:\\Program Files' },
    'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  ],
  ['win32', { PATH: 'C:\\a;D:\\b' }, 'D:\\b\\chrome.exe'],
])('an installed Chrome is found: %s %o', async (platform, env, file) => {
  const { system, ran } = machine([file], { platform, env })
  expect(await findChrome(system)).toBe(file)
  expect(ran).toEqual([])
})

test("nothing installed: Puppeteer's Chrome is installed, and said so", async () => {
  const { system, ran, said } = machine([], { installs: { npx: CACHED } })
  expect(await findChrome(system)).toBe(CACHED)
  expect(ran).toEqual(['npx puppeteer browsers install chrome'])
  expect(said).toEqual(['No Chrome found; installing one: npx puppeteer browsers install chrome'])
})

test('nothing installed, root on Debian: apt comes first', async () => {
  const debian = { isRoot: true, installs: { sh: '/usr/bin/chromium' } }
  const { system, ran } = machine(['/etc/debian_version'], debian)
  expect(await findChrome(system)).toBe('/usr/bin/chromium')
  expect(ran).toEqual(['sh -c apt-get update && apt-get install -y chromium'])
})

test('nothing to be had: the error says what to do', async () => {
  const { system, ran } = machine(['/etc/debian_version'], { isRoot: true })
  await expect(findChrome(system)).rejects.toThrow(/Install Chrome or Chromium.*PUPPETEER_EXECUTABLE_PATH/)
  expect(ran).toHaveLength(2)
})

test('flags: no sandbox only for root, Vulkan only on Linux, own flags last', () => {
  const linux = chromeFlags({ platform: 'linux', isRoot: true, env: { GANVAS_CHROME_FLAGS: ' --a  --b=1 ' } })
  expect(linux).toEqual(expect.arrayContaining(['--no-sandbox', '--enable-features=Vulkan']))
  expect(linux.slice(-2)).toEqual(['--a', '--b=1'])
  const mac = chromeFlags({ platform: 'darwin', isRoot: false, env: {} })
  expect(mac).toContain('--enable-unsafe-webgpu')
  expect(mac).not.toContain('--no-sandbox')
  expect(mac).not.toContain('--enable-features=Vulkan')
})

const folder = mkdtempSync(join(tmpdir(), 'ganvas-chrome-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A program that does this. */
function program(name: string, script: string): string {
  const file = join(folder, name)
  writeFileSync(file, `#!/bin/sh\n${script}\n`)
  chmodSync(file, 0o755)
  return file
}
const unixTest = test.skipIf(process.platform === 'win32')

unixTest(
  'a Chrome that does not start is told of in its own words',
  async () => {
    const launch = (file: string) => {
      vi.stubEnv('PUPPETEER_EXECUTABLE_PATH', file)
      return launchChrome({ pipe: true, protocolTimeout: 0 }).finally(() => vi.unstubAllEnvs())
    }
    const says = 'chrome: error while loading shared libraries: libnss3.so'
    const missing = program('missing', `echo "${says}" >&2; exit 127`)
    await expect(launch(missing)).rejects.toThrow(
      `${missing} ended with exit code 127: ${says}; as root, \`npx puppeteer browsers install chrome --install-deps\``,
    )
    const killed = program('killed', 'kill -9 $$')
    await expect(launch(killed)).rejects.toThrow(`${killed} was ended by SIGKILL`)
    const other = program('other', 'exit 0')
    await expect(launch(other)).rejects.toThrow(`${other} ended before it answered: is it a Chrome`)
    await expect(launch(folder)).rejects.toThrow(`is ${folder}, but that is not a program`)
  },
  30_000,
)

test('a Chrome that does not answer is not waited for without end', async () => {
  const never = (signal: AbortSignal) =>
    new Promise<never>((_, reject) => {
      signal.addEventListener('abort', () => reject(new Error('Target closed')))
    })
  await expect(started('/my/chrome', [], never, 50)).rejects.toThrow(
    '/my/chrome did not answer within 0.05 s',
  )
})

test('of what Chrome said, the lines that say why are told, and what to do', () => {
  const stderr = [
    '[1:1:1128/201541.5:ERROR:dbus/bus.cc:405] Failed to connect to the bus',
    '[1:1:1128/201541.6:FATAL:zygote_host_impl_linux.cc:128] No usable sandbox!',
    '#0 0x5581 base::debug::StackTrace()',
    '',
  ].join('\n')
  expect(endText({ status: null, signal: 'SIGTRAP', stderr })).toBe(
    'was ended by SIGTRAP: No usable sandbox!; where no sandbox can be had, GANVAS_CHROME_FLAGS=--no-sandbox does without it',
  )
  expect(endText({ status: 1, signal: null, stderr: '' })).toBe('ended with exit code 1')
  const error = new Error('spawn /my/chrome EAGAIN')
  expect(endText({ status: null, signal: null, stderr: '', error })).toBe(
    'could not be run: spawn /my/chrome EAGAIN',
  )
})

unixTest('how a Chrome ended that ran is told', async () => {
  const end = watchEnd(spawn('sh', ['-c', 'echo "[1:1:2:FATAL:a.cc:3] out of memory" >&2; exit 3']))
  await vi.waitFor(async () => expect(await end()).toBe('ended with exit code 3: out of memory'))
  const sleeping = spawn('sleep', ['10'])
  const endOfSleep = watchEnd(sleeping)
  expect(await endOfSleep()).toBe('does not answer')
  sleeping.kill('SIGKILL')
  await vi.waitFor(async () => expect(await endOfSleep()).toBe('was ended by SIGKILL'))
})
