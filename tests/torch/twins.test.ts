// Every family against its PyTorch twin (scripts/torch): what is exported loads strictly and draws the same, and what the twin
// trained comes back. `npm run test:torch` runs it, where there is a PyTorch.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withPage } from '../../scripts/headless.ts'
import type { Exchange, Page } from '../../scripts/host.ts'
import { npy } from '../../scripts/npy.ts'
import { read } from '../../src/engine/tensor/safetensors.ts'
import type { Field, Fields, ImageField, Need, SampleField } from '../../src/models/data/fields.ts'
import { pointField, toys } from '../../src/models/data/toys.ts'
import { families, familyOf } from '../../src/models/index.ts'
import { changed, defaultsOf, type OptionValue } from '../../src/models/options.ts'
import type { Config } from '../../src/models/training/trainer.ts'
import type { Commands } from './page.ts'

const { GANVAS_PYTHON = '/usr/bin/python3' } = process.env
const python = (...args: string[]): string => execFileSync(GANVAS_PYTHON, args, { encoding: 'utf8' })

const LATENT = 6
const COUNT = 3
const TINY = {
  latent: LATENT,
  width: 8,
  widthG: 8,
  nCritic: 2,
  nDis: 2,
  depth: 2,
  maxWidth: 12,
  mappingLr: 0.1,
  lr: 0.05,
  clip: 0.5,
}
/** DCGAN's has two levels on it; the networks with a canvas see it on 16 pixels. */
const image = (size: number, channels: number): ImageField => ({ kind: 'image', size, channels })
const IMAGES: Record<string, ImageField> = {
  sngan: image(12, 3),
  'stylegan-lite': image(12, 3),
  'stylegan2-lite': image(12, 3),
}
const CLASSES = ['a', 'b', 'c']

/** What a family takes: such samples, and labels. */
function fieldsOf(model: string, sample: SampleField): Fields {
  const field = ({ kinds }: Need): Field =>
    kinds.includes('label') ? { kind: 'label', classes: CLASSES } : sample
  return Object.fromEntries(Object.entries(familyOf(model).takes).map(([name, need]) => [name, field(need)]))
}

const cases = new Map<string, Config>()
function add(
  model: string,
  options: Record<string, OptionValue> = {},
  sample: SampleField = IMAGES[model] ?? image(16, 1),
): void {
  const name = [model, ...Object.keys(options), ...(sample.kind === 'points' ? [sample.toy] : [])].join('-')
  const own = changed(familyOf(model).options, { ...TINY, ...options })
  cases.set(name, { model, options: own, fields: fieldsOf(model, sample), batch: 4, seed: 5 })
}
const spiral = pointField('spiral', toys.spiral)
for (const model of Object.keys(families)) add(model)
for (const model of Object.keys(families)) if (families[model].presets.points) add(model, {}, spiral)
add('gan', { emaDecay: 0.9, loss: 'leastSquares' })
add('wgan-gp', { residual: true }, image(12, 1))
add('cgan', { dense: true })

const folder = mkdtempSync(join(tmpdir(), 'ganvas-torch-'))
afterAll(() => rmSync(folder, { recursive: true }))
const at = (...path: string[]): string => join(folder, ...path)
const bytes = (...path: string[]): Uint8Array => new Uint8Array(readFileSync(at(...path)))
const json = (...path: string[]) => JSON.parse(readFileSync(at(...path), 'utf8'))
/** The values of a .npy file of float32. */
const values = (...path: string[]): Float32Array => {
  const file = bytes(...path)
  return new Float32Array(file.slice(10 + new DataView(file.buffer).getUint16(8, true)).buffer)
}

/** Latents that are the same everywhere. */
const z = Array.from({ length: COUNT }, (_, n) =>
  Array.from({ length: LATENT }, (_, i) => Math.fround(Math.sin(3 * n + 7 * i))),
)

/** Samples that Ganvas drew, by case. */
const ours: Record<string, { exported: Float32Array; imported: Float32Array }> = {}

/** Runs a command of the page; what it sends, by name. */
async function ask(
  page: Page<Commands>,
  exchange: Exchange<never>,
  command: keyof Commands,
  config: Config,
): Promise<Record<string, Uint8Array>> {
  const sent: Record<string, Uint8Array> = {}
  exchange.take = (name, content) => {
    sent[name] = new Uint8Array(content)
  }
  await page.call(command, { config, z })
  return sent
}

beforeAll(async () => {
  const exchange: Exchange<never> = { files: {}, take: () => {}, warn: (text) => console.error(text) }
  await withPage<Commands, never, void>(exchange, { script: '/tests/torch/page.ts' }, async (page) => {
    for (const [name, config] of cases) {
      const { checkpoint, torch, samples } = await ask(page, exchange, 'make', config)
      mkdirSync(at(name))
      writeFileSync(at(name, 'checkpoint.safetensors'), checkpoint)
      writeFileSync(at(name, 'theirs.safetensors'), torch)
      writeFileSync(at(name, 'z.npy'), npy(Float32Array.from(z.flat()), [COUNT, LATENT]))
      ours[name] = { exported: new Float32Array(samples.buffer), imported: new Float32Array() }
    }
    python('tests/torch/twins.py', folder)
    for (const [name, config] of cases) {
      exchange.files.torch = bytes(name, 'trained.safetensors')
      const { samples } = await ask(page, exchange, 'take', config)
      ours[name].imported = new Float32Array(samples.buffer)
    }
  })
}, 600_000)

function expectSame(actual: Float32Array, expected: Float32Array): void {
  expect(actual.length).toBe(expected.length)
  const apart = Math.max(...actual.map((value, i) => Math.abs(value - expected[i])))
  expect(apart).toBeLessThan(1e-4)
}

describe.each([...cases.keys()])('%s', (name) => {
  test('the twin reads what is exported and our own checkpoint as the same state', () => {
    expect(json(name, 'report.json').differing).toEqual([])
    expect(json(name, 'report.json').step).toBe(2)
    expect(Object.values(json(name, 'report.json').before)).toEqual([3, 4])
  })

  test('the twin draws the same samples', () => {
    const [first, last] = [ours[name].exported[0], ours[name].exported.at(-1)]
    expect(first).not.toBe(last)
    expectSame(values(name, 'samples.npy'), ours[name].exported)
  })

  test('what the twin trained is imported, and draws the same samples as there', () => {
    expectSame(ours[name].imported, values(name, 'after.npy'))
    expect(ours[name].imported).not.toEqual(ours[name].exported)
    const { metadata } = read(bytes(name, 'trained.safetensors'))
    expect(metadata.step).toBe('3')
    for (const [network, updates] of Object.entries<number>(JSON.parse(metadata.updates)))
      expect(updates).toBeGreaterThan(json(name, 'report.json').before[network])
  })

  test('weights begin as widely spread', () => {
    for (const [weight, apart] of Object.entries<number>(json(name, 'report.json').spreads))
      expect(apart, weight).toBeLessThan(0.15)
  })

  test('a step of the twin reports finite numbers by our names', () => {
    const metrics: Record<string, number> = json(name, 'report.json').metrics
    expect(Object.values(metrics).every(Number.isFinite), JSON.stringify(metrics)).toBe(true)
  })
})

test('every family has a twin, with the same options', () => {
  const expected = Object.entries(families).map(([name, { options }]) => [name, defaultsOf(options)])
  expect(json('families.json')).toEqual(Object.fromEntries(expected))
})

test('the fixtures are what the twins compute', () => {
  expect(python('scripts/torch/fixtures.py', '--check')).toContain('as they would be written')
}, 120_000)
