// What is made once and kept: whole, or made again.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, expect, test, vi } from 'vitest'
import { installOnDemand } from '../../scripts/onDemand.ts'
import { classifierFile } from './classifierFile.ts'

vi.setConfig({ testTimeout: 60_000 })
const folder = mkdtempSync(join(tmpdir(), 'ganvas-caches-'))
afterAll(() => rmSync(folder, { recursive: true }))
const said: string[] = []
beforeEach(() => {
  said.length = 0
  vi.spyOn(console, 'error').mockImplementation((text) => void said.push(String(text)))
})
afterEach(() => vi.restoreAllMocks())

/** The commands' part that keeps the classifier, with its cache in `cache`. */
async function scoringIn(cache: string): Promise<typeof import('../../scripts/scoring.ts')> {
  vi.stubEnv('GANVAS_CACHE', cache)
  vi.resetModules()
  return import('../../scripts/scoring.ts')
}

test('a classifier that is damaged is made again, with a word', async () => {
  const cache = join(folder, 'cache')
  const path = join(cache, 'digits.safetensors')
  const { scoringFiles } = await scoringIn(cache)
  expect(scoringFiles().classifier).toBeUndefined()
  expect(said).toEqual([])
  mkdirSync(cache)
  const good = classifierFile(300)
  writeFileSync(path, good)
  expect(scoringFiles().classifier).toEqual(good)
  expect(said).toEqual([])
  const flipped = Uint8Array.from(good)
  flipped[good.length - 1000] ^= 1
  for (const bad of [
    flipped,
    new Uint8Array(),
    ...[1, 2, 3, 4, 40, 5000].map((cut) => good.subarray(0, -cut)),
  ]) {
    said.length = 0
    writeFileSync(path, bad)
    expect(scoringFiles().classifier).toBeUndefined()
    expect(said).toEqual([expect.stringMatching(/digits.safetensors.*: it is trained again$/)])
  }
})

test('a classifier that could not be kept is not trained', async () => {
  const file = join(folder, 'file')
  writeFileSync(file, '')
  const { scoringFiles } = await scoringIn(file)
  expect(scoringFiles).toThrow(/digits.safetensors cannot be written: a part of the path is a file/)
})

test('packages that were not installed to the end are installed again', () => {
  const place = join(folder, 'packages')
  mkdirSync(place)
  cpSync('scripts/canvas/package.json', join(place, 'package.json'))
  cpSync('scripts/canvas/package-lock.json', join(place, 'package-lock.json'))
  const { dependencies } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8'))
  const [[name, version]] = Object.entries<string>(dependencies)
  // As npm leaves it when it is killed: the package as far as its first file.
  const cut = join(place, 'node_modules', name)
  mkdirSync(cut, { recursive: true })
  writeFileSync(join(cut, 'package.json'), JSON.stringify({ name, version }))
  vi.stubEnv('PATH', join(folder, 'nothing')) // no npm: what would be installed is told, and fails
  try {
    expect(() => installOnDemand(place)).toThrow('the packages could not be installed')
    expect(said[0]).toContain(`Installing ${name}`)
    const packages = { [`node_modules/${name}`]: { version } }
    writeFileSync(join(place, 'node_modules', '.package-lock.json'), JSON.stringify({ packages }))
    installOnDemand(place)
    packages[`node_modules/${name}`].version = '0.0.0'
    writeFileSync(join(place, 'node_modules', '.package-lock.json'), JSON.stringify({ packages }))
    expect(() => installOnDemand(place)).toThrow('the packages could not be installed')
  } finally {
    vi.unstubAllEnvs()
  }
  expect(readdirSync(place)).not.toContain('lock.json')
  expect(existsSync(cut)).toBe(true)
})
