import { expect, test } from 'vitest'
import { chromeFlags, findChrome, type System } from '../../scripts/chrome.ts'

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
