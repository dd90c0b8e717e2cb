import { expect, test } from 'vitest'
import { type Flag, helpLines, readArgs } from '../../scripts/args.ts'
import { kebab } from '../../src/models/kebab.ts'
import { count } from '../../src/models/ranges.ts'

const FLAGS = {
  steps: { kind: 'count', about: 'how long' },
  seed: { kind: 'seed', about: 'where to begin' },
  lr: { kind: 'number', about: 'how fast' },
  out: { kind: 'text', value: 'DIR', about: 'where to' },
  list: { kind: 'switch', about: 'what there is' },
  adapter: { kind: ['default', 'software'], about: 'which' },
} satisfies Record<string, Flag>

const read = (...argv: string[]) => readArgs(argv, FLAGS, 1, { 'n-critic': { kind: count, about: '' } })

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
    '--list',
  ]
  expect(read(...argv)).toEqual({
    values: { steps: 12, lr: 2e-4, seed: 0, out: 'a b', list: true },
    numbers: { 'n-critic': 5 },
    positionals: ['dcgan'],
  })
  expect(read('--adapter', 'software').values.adapter).toBe('software')
  expect(read()).toEqual({ values: {}, numbers: {}, positionals: [] })
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
  ['--setps 3', 'unknown flag --setps; --help lists them'],
  ['-s 3', 'unknown flag -s; --help lists them'],
  ['--toString', 'unknown flag --toString; --help lists them'],
  ['dcgan wgan', "unexpected argument 'wgan'; --help shows what is"],
])('%s is an error that says why', (line, message) => {
  expect(() => read(...line.split(' '))).toThrow(new Error(message))
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
