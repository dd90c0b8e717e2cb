import { expect, test } from 'vitest'
import { type Flag, helpLines, readArgs } from '../../scripts/args.ts'
import { kebab } from '../../src/models/kebab.ts'
import { count, decay, oneOf, toggle } from '../../src/models/options.ts'

const FLAGS = {
  steps: { kind: 'count', about: 'how long' },
  seed: { kind: 'seed', about: 'where to begin' },
  lr: { kind: 'number', about: 'how fast' },
  out: { kind: 'text', value: 'DIR', about: 'where to' },
  list: { kind: 'switch', about: 'what there is' },
  adapter: { kind: ['default', 'software'], about: 'which' },
} satisfies Record<string, Flag>

/** Of a family. */
const options = {
  nCritic: count(5, ''),
  beta1: decay(0.5, ''),
  residual: toggle(false, ''),
  loss: oneOf(['hinge', 'nonSaturating'], ''),
}
const explain = (flag: string): string | undefined => (flag === 'clip' ? 'clip is of another' : undefined)
const read = (...argv: string[]) => readArgs(argv, FLAGS, 1, { options, explain })

test('reads flags of every kind, in any order', () => {
  const argv = [
    '--steps',
    '12',
    'dcgan',
    '--lr=2e-4',
    '--seed',
    '0',
    '--out',
    'a b',
    '--n-critic',
    '5',
    '--residual',
    '--loss',
    'non-saturating',
    '--list',
  ]
  expect(read(...argv)).toEqual({
    values: { steps: 12, lr: 2e-4, seed: 0, out: 'a b', list: true },
    options: { nCritic: 5, residual: true, loss: 'nonSaturating' },
    positionals: ['dcgan'],
  })
  expect(read('--adapter', 'software').values.adapter).toBe('software')
  expect(read()).toEqual({ values: {}, options: {}, positionals: [] })
  for (const [text, value] of [
    ['yes', true],
    ['no', false],
  ] as const)
    expect(read(`--residual=${text}`).options).toEqual({ residual: value })
  // a switch takes no argument after it
  expect(read('--residual', 'no')).toMatchObject({ options: { residual: true }, positionals: ['no'] })
})

test.each([
  ['--steps 0', "--steps: expected a whole number, at least 1, got '0'"],
  ['--steps 1.5', "--steps: expected a whole number, at least 1, got '1.5'"],
  ['--steps many', "--steps: expected a whole number, at least 1, got 'many'"],
  ['--steps=', "--steps: expected a whole number, at least 1, got ''"],
  ['--steps', '--steps needs a value: a whole number, at least 1'],
  ['--steps --list', "--steps: expected a whole number, at least 1, got '--list'"],
  ['--seed -1', "--seed: expected a whole number from 0 to 4294967295, got '-1'"],
  ['--seed 4294967296', "--seed: expected a whole number from 0 to 4294967295, got '4294967296'"],
  ['--lr -0.1', "--lr: expected a number from 0 to 3e+38, got '-0.1'"],
  ['--lr Infinity', "--lr: expected a number from 0 to 3e+38, got 'Infinity'"],
  ['--out', '--out needs a value: some text'],
  ['--list=yes', "--list: expected no value, got 'yes'"],
  ['--adapter fast', "--adapter: expected one of default, software, got 'fast'"],
  ['--n-critic 0', "--n-critic: expected a whole number, at least 1, got '0'"],
  ['--n-critic', '--n-critic needs a value: a whole number, at least 1'],
  ['--beta1 1', "--beta1: expected a number from 0, below 1, got '1'"],
  ['--residual=2', "--residual: expected yes or no, got '2'"],
  ['--loss wasserstein', "--loss: expected one of hinge, non-saturating, got 'wasserstein'"],
  ['--nCritic 2', 'unknown flag --nCritic; --help lists them'],
  ['--clip 2', 'clip is of another'],
  ['--setps 3', 'unknown flag --setps; --help lists them'],
  ['-s 3', 'unknown flag -s; --help lists them'],
  ['--toString', 'unknown flag --toString; --help lists them'],
  ['dcgan wgan', "unexpected argument 'wgan'; --help shows what is"],
])('%s is an error that says why', (line, message) => {
  expect(() => read(...line.split(' '))).toThrow(expect.objectContaining({ message }))
})

test('help has a line per flag, with the values aligned', () => {
  expect(helpLines({ steps: FLAGS.steps, out: FLAGS.out })).toEqual([
    '  --steps N  how long',
    '  --out DIR  where to',
  ])
})

test('names become flags', () => {
  expect(['lr', 'nCritic'].map(kebab)).toEqual(['lr', 'n-critic'])
})
