// Export and import as a person runs them: real processes, real Chrome, a small model.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { main as exportMain } from '../../scripts/export.ts'
import { main as importMain } from '../../scripts/import.ts'
import { planResume } from '../../scripts/plan.ts'
import { RunFolder } from '../../scripts/runFolder.ts'
import { read, write } from '../../src/engine/tensor/safetensors.ts'
import { idx } from './idx.ts'

vi.setConfig({ testTimeout: 240_000 })
const folder = mkdtempSync(join(tmpdir(), 'ganvas-torch-'))
afterAll(() => rmSync(folder, { recursive: true }))
const at = (...path: string[]): string => join(folder, ...path)

/** What a command prints. Fails with its reason if it fails. */
function run(command: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/run.mjs', command, ...args], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${status}, ${stderr}`)
  return stdout
}

/** A DCGAN for 8 pixels as PyTorch has it, as its `state_dict` says: one level, so D has no batch norm. */
const SHAPES = {
  'generator.project.weight': [64, 8],
  'generator.norms.0.weight': [4],
  'generator.norms.0.bias': [4],
  'generator.norms.0.running_mean': [4],
  'generator.norms.0.running_var': [4],
  'generator.ups.0.weight': [4, 1, 4, 4],
  'generator.ups.0.bias': [1],
  'discriminator.convs.0.weight': [4, 1, 4, 4],
  'discriminator.convs.0.bias': [4],
  'discriminator.out.weight': [1, 64],
  'discriminator.out.bias': [1],
}
const tensors = Object.fromEntries(
  Object.entries(SHAPES).map(([name, shape], i) => {
    const size = shape.reduce((product, n) => product * n, 1)
    return [name, { shape, data: Float32Array.from({ length: size }, (_, j) => i + j / 1024) }]
  }),
)
const load = (name: string) => read(new Uint8Array(readFileSync(at(name))))

test('networks from elsewhere become a run, which is exported with the same bits, imported as the same run, and goes on', () => {
  writeFileSync(at('images'), idx([40, 8, 8]))
  writeFileSync(at('bare.safetensors'), write({ tensors, metadata: {} }))
  const data = `idx:${at('images')}`
  const said = ['--model', 'dcgan', '--width', '4', '--latent', '8', '--batch', '4', '--seed', '7']
  run('import', at('bare.safetensors'), ...said, '--data', data, '--out', at('run'))

  run('export', at('run'), '--torch', at('theirs.safetensors'))
  const exported = load('theirs.safetensors').tensors
  const networks = Object.entries(exported).filter(([name]) => !name.startsWith('optimizer.'))
  expect(Object.fromEntries(networks)).toEqual(tensors)
  expect(Object.keys(exported)).toContain('optimizer.generator.exp_avg_sq.generator.ups.0.weight')

  run('import', at('theirs.safetensors'), '--data', data, '--out', at('back'))
  const checkpoint = (name: string): Buffer => readFileSync(at(name, 'checkpoint.safetensors'))
  expect(checkpoint('back').equals(checkpoint('run'))).toBe(true)
  const back = RunFolder.open(at('back'))
  const { config, checkpoint: from } = planResume(back, { options: {}, every: {} })
  back.close()
  expect(config).toEqual({
    model: 'dcgan',
    options: { width: 4, latent: 8 },
    fields: { x: { kind: 'image', size: 8, channels: 1 } },
    batch: 4,
    seed: 7,
  })
  expect(from.step).toBe(0)
})

describe('what cannot be is refused before Chrome starts', () => {
  const bare = at('nothing.safetensors')
  writeFileSync(bare, write({ tensors: {}, metadata: {} }))
  test.each<[string, (argv: string[]) => Promise<number>, string[], RegExp]>([
    ['export of no run', exportMain, ['--torch', 'x.safetensors'], /^which run\?/],
    ['export to no file', exportMain, [at('run')], /^--torch: which file to write\?/],
    [
      'export to another format',
      exportMain,
      [at('run'), '--torch', 'x.pt'],
      /^--torch: expected a .safetensors file, got 'x.pt'/,
    ],
    ['export of what is not there', exportMain, [at('none'), '--torch', 'x.safetensors'], /no such file/],
    ['import of no file', importMain, ['--out', at('new')], /^which file\?/],
    ['import to no folder', importMain, [bare], /^--out: which folder to write\?/],
    [
      'import over a folder',
      importMain,
      [bare, '--out', folder, '--model', 'gan', '--size', '8'],
      /exists already/,
    ],
    ['no such file', importMain, [at('none'), '--out', at('new')], /none: no such file/],
    ['no model', importMain, [bare, '--out', at('new')], /^--model: .* does not say which family it is of/],
    [
      'another model',
      importMain,
      [bare, '--out', at('new'), '--model', 'vae'],
      /^no model 'vae'; there are cgan,/,
    ],
    [
      'no size',
      importMain,
      [bare, '--out', at('new'), '--model', 'gan'],
      /^--data or --size: .* does not say how large/,
    ],
    [
      'an option of another',
      importMain,
      [bare, '--out', at('new'), '--model', 'gan', '--size', '8', '--clip', '1'],
      /^--clip is no option of gan, which has --k --latent/,
    ],
    [
      'a value that an option cannot have',
      importMain,
      [bare, '--out', at('new'), '--model', 'gan', '--size', '8', '--loss', 'best'],
      /^--loss: expected one of non-saturating, .*, got 'best'/,
    ],
    [
      'labels that nothing says',
      importMain,
      [bare, '--out', at('new'), '--model', 'cgan', '--size', '8'],
      /^cgan learns from images and labels; of these y is missing/,
    ],
    [
      'a loss of another',
      importMain,
      [bare, '--out', at('new'), '--model', 'wgan', '--size', '8', '--loss', 'hinge'],
      /^--loss is no option of wgan, which has --lr/,
    ],
  ])('%s', async (_, main, argv, message) => {
    await expect(main(argv)).rejects.toThrow(message)
  })
})
