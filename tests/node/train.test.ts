// The commands as a person runs them: real processes, real Chrome, a model and data as small as they get.
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { readCheckpoint } from '../../scripts/checkpoints.ts'
import { main as evaluate } from '../../scripts/evaluate.ts'
import { main as latent } from '../../scripts/latent.ts'
import { npy } from '../../scripts/npy.ts'
import { main as sample } from '../../scripts/sample.ts'
import { main as train } from '../../scripts/train.ts'
import { classifierFile } from './classifierFile.ts'
import { idx } from './idx.ts'

// A test runs up to ten commands, each with a Chrome of its own: minutes where other work shares two cores.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 30_000 })
const folder = mkdtempSync(join(tmpdir(), 'ganvas-train-'))
const running = new Set<ChildProcess>()
// One that has learned nothing, so that no test waits for the training of another.
process.env.GANVAS_CACHE = folder
writeFileSync(join(folder, 'digits.safetensors'), classifierFile(300))
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL')
  await until(() => running.size === 0)
  rmSync(folder, { recursive: true })
})

const data = join(folder, 'images')
writeFileSync(data, idx([40, 8, 8]))
const SMALL = ['--data', `idx:${data}`, '--width', '4', '--latent', '8', '--batch', '4', '--seed', '7']

interface Ended {
  code: number | null
  out: string
  /** Last line of stderr. */
  reason: string
}

function start(command: string, ...args: string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, ['scripts/run.mjs', command, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.add(child)
  let [out, error] = ['', '']
  child.stdout?.on('data', (text) => (out += text))
  child.stderr?.on('data', (text) => (error += text))
  const ended = new Promise<Ended>((resolve) =>
    child.on('close', (code) => {
      running.delete(child)
      resolve({ code, out, reason: error.trim().split('\n').at(-1) ?? '' })
    }),
  )
  return { child, ended }
}
const run = (command: string, ...args: string[]) => start(command, ...args).ended
/** Fails with what the command said, if it did. */
async function succeed(command: string, ...args: string[]): Promise<Ended> {
  const ended = await run(command, ...args)
  if (ended.code !== 0) throw new Error(`${command} ${args.join(' ')}: ${ended.code}, ${ended.reason}`)
  return ended
}

const read = (...path: string[]) => readFileSync(join(folder, ...path))
const log = (name: string): Record<string, number>[] =>
  read(name, 'log.jsonl')
    .toString()
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
/** All but the time that the steps took. */
const metrics = (name: string) => log(name).map(({ ms: _, ...rest }) => rest)
const isPng = (file: Buffer) => file.subarray(1, 4).toString() === 'PNG'

async function until(condition: () => boolean): Promise<void> {
  await vi.waitUntil(condition, { timeout: 120_000 })
}

const straight = join(folder, 'straight')
const trained = succeed('train', ...SMALL, '--steps', '6', '--out', straight, '--log-every', '1')
trained.catch(() => {}) // each test awaits it

test('train writes the folder of the run', async () => {
  const { out } = await trained
  const head = out.split('\n')
  expect(head[0]).toMatch(/^adapter {2}\S/)
  expect(head[1]).toContain('dcgan: latent 8, width 4')
  expect(out).toContain('data     40 8x8x1 images from ')
  expect(out).toMatch(/6\/6 .*lossD/)
  expect(readdirSync(straight).sort()).toEqual([
    'checkpoint.previous.safetensors',
    'checkpoint.safetensors',
    'log.jsonl',
    'losses.png',
    'run.json',
    'samples',
    'samples.png',
    'training.png',
  ])
  const samples = readdirSync(join(straight, 'samples'))
  expect(samples).toEqual([0, 1, 2, 3, 4, 5, 6].map((step) => `step-00000${step}.png`))
  expect(read('straight', 'samples.png')).toEqual(read('straight', 'samples', 'step-000006.png'))
  expect(isPng(read('straight', 'samples.png')) && isPng(read('straight', 'losses.png'))).toBe(true)
  // Seven frames, said at the place where a reader of animations looks.
  expect(read('straight', 'training.png').toString('latin1', 33, 45)).toBe('\0\0\0\x08acTL\0\0\0\x07')
  expect(log('straight').map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6])
  expect(Object.keys(log('straight')[0])).toEqual([
    'step',
    'ms',
    'lossD',
    'lossG',
    'D(x)',
    'D(G(z))',
    'D(G(z)) after',
    'gradient generator',
    'gradient discriminator',
  ])
  const record = JSON.parse(read('straight', 'run.json').toString())
  expect(record).toMatchObject({
    config: { model: 'dcgan', options: { latent: 8, width: 4 }, batch: 4, seed: 7 },
    steps: 6,
    data: { count: 40 },
    resumed: [],
  })
  expect(record.environment).toMatchObject({
    browser: expect.stringMatching(/^Chrome\/\d/),
    node: process.version,
  })
})

test('a run that is continued gives the bits of one never stopped', async () => {
  const parts = join(folder, 'parts')
  await succeed('train', ...SMALL, '--steps', '3', '--out', parts, '--log-every', '1')
  await trained
  // As if it had been killed while it went on: a line beyond the checkpoint, and half a line.
  writeFileSync(join(parts, 'log.jsonl'), '{"step":4,"ms":1,"lossD":9}\n{"st', { flag: 'a' })
  const { out } = await succeed('train', '--resume', parts, '--steps', '6')
  expect(out).toContain('from step 3 to step 6')
  expect(read('parts', 'checkpoint.safetensors').equals(read('straight', 'checkpoint.safetensors'))).toBe(
    true,
  )
  expect(read('parts', 'samples.png').equals(read('straight', 'samples.png'))).toBe(true)
  expect(metrics('parts')).toEqual(metrics('straight'))
  expect(JSON.parse(read('parts', 'run.json').toString()).resumed).toMatchObject([{ step: 3 }])
})

test('Ctrl-C saves a checkpoint, from which training goes on', async () => {
  const dir = join(folder, 'stopped')
  const { child, ended } = start('train', ...SMALL, '--steps', '1000000', '--out', dir, '--log-every', '1')
  await Promise.race([ended, until(() => existsSync(join(dir, 'log.jsonl')) && log('stopped').length > 2)])
  // Nobody else may train in it meanwhile.
  const inUse = `${dir} is in use: process ${child.pid} has been training in it`
  await expect(train([...SMALL, '--out', dir])).rejects.toThrow(inUse)
  await expect(train(['--resume', dir, '--steps', '2'])).rejects.toThrow(inUse)
  child.kill('SIGINT')
  child.kill('SIGINT') // as npm passes it on
  const { code, reason } = await ended
  const [, step] = reason.match(/^Stopped at step (\d+); continue with: npm run train -- --resume /) ?? []
  expect(code).toBe(130)
  expect(log('stopped').at(-1)?.step).toBe(Number(step))
  const file = `step-${step.padStart(6, '0')}.png`
  expect(read('stopped', 'samples.png')).toEqual(read('stopped', 'samples', file))
  const steps = Number(step) + 1
  await succeed('train', '--resume', dir, '--steps', String(steps))
  expect(log('stopped').map((line) => line.step)).toEqual(Array.from({ length: steps }, (_, i) => i + 1))
})

test('the end of npm, and a terminal that is closed, save a checkpoint as Ctrl-C does', async () => {
  const dir = join(folder, 'orphan')
  const lock = join(dir, 'lock.json')
  const reached = () => readCheckpoint(join(dir, 'checkpoint.safetensors')).step
  const flags = ['--steps', '1000000', '--log-every', '1']
  const options = { stdio: 'ignore', detached: true } as const // so that they can be killed together
  const npm = spawn('npm', ['run', 'train', '--', ...SMALL, ...flags, '--out', dir], options)
  try {
    await until(() => existsSync(join(dir, 'log.jsonl')) && log('orphan').length > 2)
    npm.kill('SIGTERM') // which reaches npm alone, and ends it at once
    await until(() => !existsSync(lock))
  } catch (error) {
    process.kill(-(npm.pid as number), 'SIGKILL')
    throw error
  }
  const first = reached()
  expect(log('orphan').at(-1)?.step).toBe(first)

  const { child, ended } = start('train', '--resume', dir)
  await Promise.race([ended, until(() => (log('orphan').at(-1)?.step ?? 0) > first)])
  child.kill('SIGHUP')
  const { code, reason } = await ended
  expect(reason).toMatch(/^Stopped at step \d+; continue with/)
  expect(code).toBe(130)
  expect(reached()).toBeGreaterThan(first)
  expect(log('orphan').at(-1)?.step).toBe(reached())
})

test('sample gives the same bytes for the same seed', async () => {
  await trained
  await Promise.all([
    succeed('sample', straight, '--count', '5'),
    succeed('sample', straight, '--count', '5', '--out', join(folder, 'again.png')),
  ])
  await Promise.all([
    succeed(
      'sample',
      join(straight, 'checkpoint.safetensors'),
      '--seed',
      '1',
      '--out',
      join(folder, 'one.png'),
    ),
    succeed('sample', straight, '--count', '300', '--out', join(folder, 'values.npy')),
  ])
  const zero = read('straight', 'samples-seed0.png')
  expect(isPng(zero)).toBe(true)
  expect(read('again.png').equals(zero)).toBe(true)
  expect(read('one.png').equals(zero)).toBe(false)
  const values = read('values.npy')
  expect(values.toString('latin1')).toContain("'shape': (300, 8, 8, 1)")
  expect(values.length % 64).toBe((300 * 64 * 4) % 64)
})

test('points: trained with another loss, scored, drawn, and continued', async () => {
  const dir = join(folder, 'points')
  const small = [
    '--data',
    'ring',
    '--width',
    '8',
    '--latent',
    '2',
    '--batch',
    '16',
    '--loss',
    'least-squares',
  ]
  const { out } = await succeed('train', ...small, '--steps', '3', '--out', dir)
  expect(out).toMatch(/^model {4}gan: .*, loss least-squares$/m)
  expect(out).toContain('8 Gaussians on a ring')
  expect(JSON.parse(read('points', 'run.json').toString())).toMatchObject({
    config: { model: 'gan', options: { loss: 'leastSquares' }, fields: { x: { toy: 'ring' } } },
    data: { name: 'ring' },
  })
  expect(isPng(read('points', 'samples.png'))).toBe(true)
  expect((await succeed('evaluate', dir)).out).toMatch(/modes covered, of 2500 samples +\d of 8 +8 of 8/)
  const scores = JSON.parse(read('points', 'evaluation.json').toString())
  expect(scores).toMatchObject({ data: 'ring', step: 3, real: { modes: 8 } })
  expect(scores.generated.js).toBeGreaterThan(scores.real.js)
  await expect(evaluate([dir, '--count', '9'])).rejects.toThrow('--count: expected at least 2500, got 9')
  const values = join(folder, 'points.npy')
  await succeed('sample', dir, '--count', '5', '--out', values)
  expect(read('points.npy').toString('latin1')).toContain("'shape': (5, 2)")
  await expect(train(['--resume', dir, '--steps', '9', '--data', 'grid'])).rejects.toThrow(
    '--data grid contradicts the run',
  )
  await expect(train(['--resume', dir, '--steps', '9', '--loss', 'hinge'])).rejects.toThrow(
    '--loss hinge contradicts the run',
  )
})

test('digits: scored while they train and afterwards, and written for other tools', async () => {
  const dir = join(folder, 'digits')
  const small = ['--width', '4', '--latent', '8', '--batch', '4', '--steps', '4', '--out', dir]
  const scored = ['train', 'dcgan', ...small, '--metrics-every', '2'] as const
  await succeed(...scored)
  const lines = read('digits', 'metrics.jsonl').toString().trim().split('\n')
  expect(lines.map((line) => JSON.parse(line).step)).toEqual([2, 4])
  expect(JSON.parse(lines[0])).toMatchObject({ frechet: expect.any(Number), coverage: expect.any(Number) })

  const out = join(folder, 'exported')
  const { out: said } = await succeed('evaluate', dir, '--count', '40', '--pairs', '5', '--export', out)
  expect(said).toMatch(/Fréchet distance +\d+\.\d+ +\d+\.\d+ +\d+\.\d x real/)
  expect(said).toContain("not comparable with Inception's")
  expect(said).toMatch(/perceptual path length in z, full, of 5 pairs: /)
  const made = JSON.parse(read('digits', 'evaluation.json').toString())
  expect(made).toMatchObject({
    data: 'mnist',
    step: 4,
    count: 40,
    classifier: expect.stringMatching(/^\w{12}$/),
  })
  expect(made.frechetOverFloor).toBeCloseTo(made.generated.frechet / made.real.frechet, 9)
  expect(isPng(read('digits', 'neighbours.png'))).toBe(true)
  for (const name of ['generated', 'real']) {
    const files = readdirSync(join(out, name)).sort()
    expect(files.length).toBe(40)
    expect(files[39]).toBe('000039.png')
    expect(isPng(read('exported', name, files[39]))).toBe(true)
  }
  const array = read('exported', 'generated.npy')
  expect(array.toString('latin1')).toContain(
    "'descr': '|u1', 'fortran_order': False, 'shape': (40, 28, 28, 1)",
  )

  // What was exported is scored as a file of anybody's samples, as it was scored before up to its rounding to bytes.
  const file = join(out, 'generated.npy')
  expect((await succeed('evaluate', file)).out).toMatch(
    /Fréchet distance +\d+\.\d+ +\d+\.\d+ +\d+\.\d x real/,
  )
  const again = JSON.parse(read('exported', 'generated.json').toString())
  expect(again.real).toEqual(made.real)
  expect(again.generated.frechet / made.generated.frechet).toBeCloseTo(1, 1)
  expect(isPng(read('exported', 'generated-neighbours.png'))).toBe(true)
  await expect(evaluate([file, '--count', '9'])).rejects.toThrow('--count: is for a run')
  writeFileSync(join(folder, 'odd.npy'), npy(new Uint8Array(12), [1, 2, 2, 3]))
  await expect(evaluate([join(folder, 'odd.npy')])).rejects.toThrow(
    'expected digits [N, 28, 28, 1] or, stacked, [N, 28, 28, 3], got [1,2,2,3]',
  )

  // Others than digits have nothing to be scored by, but go to other tools.
  await expect(evaluate([straight])).rejects.toThrow(/idx:.* cannot be scored: evaluate knows digits/)
  // Nothing of an earlier export stays beside them.
  await succeed('evaluate', straight, '--count', '3', '--export', out)
  const exported = ['000000.png', '000001.png', '000002.png']
  expect(readdirSync(join(out, 'generated')).sort()).toEqual(exported)
  expect(existsSync(join(out, 'real'))).toBe(false)
  writeFileSync(join(out, 'generated', 'notes.txt'), '')
  await expect(evaluate([straight, '--count', '2', '--export', out])).rejects.toThrow(
    `${join(out, 'generated')} would be replaced, but holds notes.txt, too: choose another folder`,
  )
  expect(readdirSync(join(out, 'generated')).sort()).toEqual([...exported, 'notes.txt'])
  await expect(evaluate([dir, '--count', '10001'])).rejects.toThrow('--count: expected at most 10000')
  await expect(evaluate([straight, '--features'])).rejects.toThrow('--features: is of digits')
  await expect(train([...SMALL, '--metrics-every', '2', '--out', join(folder, 'none')])).rejects.toThrow(
    '--metrics-every: there is nothing to score idx:',
  )
})

test('stacked digits: trained in colour, scored by modes', async () => {
  const dir = join(folder, 'stacked')
  const small = ['--width', '4', '--latent', '8', '--batch', '4', '--steps', '2', '--out', dir]
  const { out } = await succeed('train', 'dcgan', '--data', 'stacked', ...small)
  expect(out).toContain('three digits at a time, one in each colour: 60,000 28x28x3 images from')
  expect(JSON.parse(read('stacked', 'run.json').toString())).toMatchObject({
    config: { fields: { x: { kind: 'image', size: 28, channels: 3, stacked: true } } },
    data: { name: 'stacked' },
  })
  expect((await succeed('evaluate', dir, '--count', '60')).out).toMatch(
    /modes covered +\d+ of 1000 +\d+ of 1000/,
  )
  expect(JSON.parse(read('stacked', 'evaluation.json').toString())).toMatchObject({
    data: 'stacked',
    count: 60,
  })
  await expect(train(['--resume', dir, '--steps', '9', '--data', 'mnist'])).rejects.toThrow(
    '--data mnist contradicts the run',
  )
})

test('latents: sheets of a small StyleGAN, the same for the same seed', async () => {
  const dir = join(folder, 'styles')
  const tiny = ['--max-width', '4', '--depth', '2', '--steps', '2', '--out']
  await succeed('train', 'stylegan-lite', ...SMALL, ...tiny, dir)
  for (const kind of ['interpolate', 'arithmetic', 'mix', 'noise', 'truncate']) {
    await succeed('latent', dir, kind)
    expect(isPng(read('styles', `${kind}-seed0.png`)), kind).toBe(true)
  }
  // Sixty frames.
  expect(read('styles', 'interpolate-seed0-animated.png').toString('latin1', 37, 45)).toBe('acTL\0\0\0\x3c')
  for (const space of ['z', 'w']) {
    const flags = ['--target', '7', '--space', space, '--steps', '20', '--starts', '3']
    await succeed('latent', dir, 'invert', ...flags, '--out', join(folder, `${space}.png`))
    expect(isPng(read(`${space}.png`))).toBe(true)
    const { errors, error, latent: found } = JSON.parse(read(`${space}.json`).toString())
    expect(found.length).toBe(8)
    expect(errors.length).toBe(21)
    expect(error).toBeLessThan(errors[0])
  }
  await succeed('train', 'stylegan2-lite', ...SMALL, ...tiny, join(folder, 'styles2'))
  for (const kind of ['mix', 'noise']) {
    await succeed('latent', join(folder, 'styles2'), kind)
    expect(isPng(read('styles2', `${kind}-seed0.png`)), kind).toBe(true)
  }
  const again = join(folder, 'again-mix.png')
  await succeed('latent', dir, 'mix', '--out', again)
  expect(read('again-mix.png').equals(read('styles', 'mix-seed0.png'))).toBe(true)
  expect((await run('latent', straight, 'mix')).reason).toBe(
    'dcgan has no styles to mix: latent mix is for models that have them',
  )
  await expect(latent([dir, 'shake'])).rejects.toThrow(/expected one of interpolate, .*, got 'shake'/)
  await expect(latent([dir, 'arithmetic', '--b', '1,x'])).rejects.toThrow(
    '--b: expected places from 0 to 255',
  )
  await expect(latent([dir, 'invert', '--target', 'x.gif'])).rejects.toThrow('--target: expected a .png file')
})

test('what is wrong with the input is said before anything starts, and nothing is harmed', async () => {
  await trained
  const labels = join(folder, 'labels')
  writeFileSync(labels, idx([40]))
  const cut = join(folder, 'cut.safetensors')
  writeFileSync(cut, read('straight', 'checkpoint.safetensors').subarray(0, 5000))
  const before = read('straight', 'checkpoint.safetensors')
  const cases: [(argv: string[]) => Promise<number>, string[], string][] = [
    [train, ['stylegan9'], "no model 'stylegan9'; there are cgan, dcgan, gan"],
    [train, ['--steps', 'ten'], "--steps: expected a whole number, at least 1, got 'ten'"],
    [train, ['--data', 'idx:none'], 'none: no such file'],
    [train, [...SMALL, '--out', straight], `${straight} exists already`],
    [train, ['--resume', straight, '--steps', '9', '--batch', '8'], '--batch 8 contradicts the run'],
    [train, ['--resume', straight, '--steps', '9', '--lr', '1'], '--lr 1 contradicts the run'],
    [train, ['--resume', straight, '--steps', '9', '--data', 'mnist'], '--data mnist contradicts the run'],
    [train, ['--resume', folder], `${join(folder, 'run.json')}: no such file`],
    [
      train,
      ['dcgan', '--data', 'ring'],
      'dcgan learns from images; ring has points (ring): on these train gan, wgan, wgan-gp',
    ],
    [train, ['wgan', '--loss', 'hinge'], '--loss is no option of wgan, which has --lr'],
    [evaluate, [straight], 'cannot be scored: evaluate knows digits (mnist, stacked) and points'],
    [sample, [folder], `${join(folder, 'checkpoint.safetensors')}: no such file`],
    [sample, [cut], cut],
    [sample, [data], data],
    [sample, [straight, '--out', 'x.gif'], "--out: expected a .png or .npy file, got 'x.gif'"],
    [sample, [], 'which run?'],
  ]
  for (const [main, argv, message] of cases) await expect(main(argv)).rejects.toThrow(message)
  expect(read('straight', 'checkpoint.safetensors').equals(before)).toBe(true)

  const { code, reason } = await run('train', '--data', `idx:${labels}`)
  expect(reason).toContain(`${labels}: has 1 dimension`)
  expect(code).toBe(1)
})

test('what needs no training is told without starting anything', async () => {
  await trained
  const said = vi.spyOn(console, 'log').mockImplementation(() => {})
  const tell = async (main: typeof train, ...argv: string[]): Promise<string> => {
    said.mockClear()
    expect(await main(argv)).toBe(0)
    return said.mock.calls.join('\n')
  }
  try {
    expect(await tell(train, '--list')).toMatch(
      /^dcgan {2}Radford .*\n {2}learns from images\n(?: {2}--.*\n)*? {2}--width 64 /m,
    )
    expect(await tell(train, '--help')).toContain('--log-every N')
    expect(await tell(train, 'wgan', '--help')).toMatch(
      /^Of wgan, with the paper's values:\n(?: {2}--.*\n)* {2}--clip 0.01 /m,
    )
    expect(await tell(sample, '--help')).toContain('--count N')
    expect(await tell(train, '--resume', straight)).toContain('is at step 6 already')
  } finally {
    said.mockRestore()
  }
})

test('regularisers and tricks: refused where they do not fit, kept in the checkpoint, resumed as they were', async () => {
  const refused = await run(
    'train',
    'wgan',
    '--data',
    'ring',
    '--trick',
    'unroll',
    '--out',
    join(folder, 'no'),
  )
  expect(refused.code).not.toBe(0)
  expect(refused.reason).toMatch(/wgan does not take --trick unroll: it takes .*; unroll fits dcgan, gan/)
  const unknown = await run('train', 'gan', '--data', 'ring', '--reg', 'r2', '--out', join(folder, 'no'))
  expect(unknown.reason).toMatch(/--reg: no 'r2'; there are gp, r1/)
  expect(existsSync(join(folder, 'no'))).toBe(false)

  const out = join(folder, 'stabilised')
  const flags = ['--data', 'ring', '--width', '4', '--batch', '8', '--log-every', '1']
  const aids = ['--reg', 'r1=0.5', '--trick', 'noise,pack,replay=8']
  const { out: said } = await succeed('train', 'gan', ...flags, ...aids, '--steps', '4', '--out', out)
  expect(said).toContain('reg      r1=0.5\ntrick    noise,noise-steps=4,replay=8,pack')
  expect(JSON.parse(read('stabilised', 'run.json').toString()).config.aids).toEqual({
    r1: 0.5,
    noise: 0.1,
    'noise-steps': 4,
    pack: 2,
    replay: 8,
  })
  expect(metrics('stabilised')[0]).toHaveProperty('penalty')
  const other = await run('train', '--resume', out, '--trick', 'noise,pack', '--steps', '6')
  expect(other.reason).toMatch(/--trick noise,noise-steps=4,pack contradicts the run in .*, which has noise/)
  await succeed('train', '--resume', out, '--trick', 'noise,pack,replay=8', '--steps', '6')
  expect(log('stabilised').map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6])
})
