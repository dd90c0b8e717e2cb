/** Words that people and programs give: command lines, settings in a link, results of earlier runs. */
import { faultsOf as faultsOfProfile } from '../../bench/profile/result.ts'
import { faultsOf } from '../../bench/result.ts'
import { type Flag, readAdapter } from '../../scripts/args.ts'
import { readFamilyArgs } from '../../scripts/familyArgs.ts'
import { planNew, prepare, type Wishes } from '../../scripts/plan.ts'
import { choicesFor, configFrom } from '../../src/app/config.ts'
import { hashOf, IMAGES, ownSettings, type Settings, settingsFrom } from '../../src/app/state.ts'
import { isTunedTable } from '../../src/engine/ops/products/tuned.ts'
import { pointSet } from '../../src/models/data/dataSet.ts'
import { imageSet } from '../../src/models/data/open.ts'
import { toys } from '../../src/models/data/toys.ts'
import { families } from '../../src/models/index.ts'
import { kebab } from '../../src/models/kebab.ts'
import type { OptionValue } from '../../src/models/options.ts'
import { names, parse, textOf } from '../../src/models/training/stabilisers/names.ts'
import { result } from '../node/benchResult.ts'
import { damagedJson, damagedText } from './damage.ts'
import type { Target } from './files.ts'
import { sound } from './judge.ts'
import type { Random } from './random.ts'

const FLAGS = {
  steps: { kind: 'count', about: '' },
  seed: { kind: 'seed', about: '' },
  margin: { kind: 'number', about: '' },
  out: { kind: 'text', about: '' },
  peers: { kind: 'switch', about: '' },
  host: { kind: ['chrome', 'node'], about: '' },
} as const satisfies Record<string, Flag>

const NUMBERS = [
  ...['0', '1', '-1', '2', '0.5', '1e3', '1e-9', '1e308', '1e999', '-0', '+5', '0x10', '1_000', '4294967296'],
  ...['9007199254740993', 'Infinity', 'NaN', '', ' ', '5 ', '٣', '1e', '--1', 'null'],
]
const ODD = [
  '',
  ' ',
  '-',
  '--',
  '---',
  '-x',
  '__proto__',
  'constructor',
  'toString',
  '漢字',
  '😀',
  'a=b',
  '../..',
  '*',
]

/** Of all families. */
const OPTIONS = [...new Set(Object.values(families).flatMap(({ options }) => Object.keys(options)))]
const digits = imageSet(
  { name: 'digits', count: 1, size: 28, channels: 1, bytes: new Uint8Array(784) },
  { name: 'labels', values: Uint8Array.of(9) },
)

const someNumber = (random: Random): string => random.pick(NUMBERS)
const someWord = (random: Random, words: readonly string[]): string =>
  random.is(0.6)
    ? random.pick(words)
    : random.is(0.5)
      ? damagedText(random, random.pick(words))
      : random.pick(ODD)

function argv(random: Random): string[] {
  const flags = [...Object.keys(FLAGS), ...OPTIONS.map(kebab)]
  return random
    .some(5, () => {
      const flag = random.is(0.9) ? `--${someWord(random, flags)}` : someWord(random, flags)
      const value = random.is(0.7) ? someNumber(random) : someWord(random, ['chrome', 'node', 'x'])
      return random.is(0.2) ? [flag] : random.is(0.3) ? [`${flag}=${value}`] : [flag, value]
    })
    .flat()
}

const aidText = (random: Random): string =>
  random
    .some(
      3,
      () => `${someWord(random, [...names, 'diffaugment'])}${random.is(0.5) ? `=${someNumber(random)}` : ''}`,
    )
    .join(random.is(0.9) ? ',' : random.pick([';', ',,', ' ']))

const maybe = <T>(random: Random, make: () => T): T | undefined => (random.is(0.4) ? make() : undefined)
const count = (random: Random): number => random.pick([1, 2, 3, 7, 64, 1e6, 2 ** 31, 2 ** 53 - 1])

/** As readArgs and train.ts make them. */
function wishesOf(random: Random): Wishes {
  const options = Object.fromEntries(
    random.some(3, () => [
      someWord(random, OPTIONS),
      random.pick<OptionValue>([0, 1, 2, 0.5, 0.999, 1e-9, 1e9, 1e308, true, 'hinge']),
    ]),
  )
  return {
    options,
    model: maybe(random, () => random.pick(Object.keys(families))),
    data: someWord(random, [...Object.keys(toys), 'idx:', 'idx:/nowhere', `idx:${import.meta.dirname}`]),
    reg: maybe(random, () => aidText(random)),
    trick: maybe(random, () => aidText(random)),
    steps: maybe(random, () => count(random)),
    batch: maybe(random, () => count(random)),
    seed: maybe(random, () => random.pick([0, 1, 2 ** 32 - 1])),
    every: { log: maybe(random, () => count(random)) ?? 10 },
  }
}

const adapter = { name: 'a', software: true, vendor: '', architecture: '', device: '', description: '' }
const json = (value: unknown): string => JSON.stringify(value)
/** The order of the names says nothing. */
const sorted = (settings: object): string => json(Object.entries(settings).sort())
/** Whether a value is the same after it was written and read. */
const survives = (value: unknown): boolean => {
  const again: unknown = JSON.parse(json(value))
  return json(again) === json(value) && !json(value).includes('null')
}

export const WORDS: readonly Target[] = [
  {
    name: 'flags',
    make(random) {
      const given = argv(random)
      return {
        input: json(given),
        isOwn: true,
        run() {
          const { values, options } = readFamilyArgs(given, FLAGS)
          for (const [name, value] of Object.entries({ ...options, ...values }))
            sound(value !== undefined && !Number.isNaN(value), `--${name} is ${value}`)
        },
      }
    },
  },
  {
    name: '--adapter',
    make(random) {
      const given = someWord(random, ['default', 'software', 'low-power'])
      const host = random.pick(['chrome', 'node'] as const)
      return { input: `${host} ${json(given)}`, isOwn: true, run: () => readAdapter(given, host) }
    },
  },
  {
    name: 'a new run',
    make(random) {
      const wishes = wishesOf(random)
      return {
        input: json(wishes),
        isOwn: true,
        run() {
          const { config, steps, every } = planNew(wishes, prepare(wishes), adapter)
          sound(survives(config), `the configuration ${json(config)} is not what it is once written`)
          for (const [what, n] of Object.entries({ steps, ...every }))
            sound(Number.isSafeInteger(n) && n > 0, `${what} is ${n}`)
        },
      }
    },
  },
  {
    name: 'stabilisers',
    make(random) {
      const flag = random.pick(['reg', 'trick'] as const)
      const text = aidText(random)
      return {
        input: `--${flag} ${json(text)}`,
        isOwn: true,
        run() {
          const settings = parse(flag, text)
          sound(survives(settings), `${json(settings)} is not what it is once written`)
          sound(
            sorted(parse(flag, textOf(flag, settings))) === sorted(settings),
            `${textOf(flag, settings)} is another`,
          )
        },
      }
    },
  },
  {
    name: 'a link',
    make(random) {
      const choices = choicesFor(random.is(0.5))
      const { name } = random.pick(choices.models)
      const own = hashOf(ownSettings(choices, name, IMAGES) as Settings, choices)
      const hash = random.is(0.5)
        ? damagedText(random, own)
        : `#${random.some(5, () => `${someWord(random, ['model', 'data', 'seed', 'width', 'batch', 'lr', 'reg', 'trick'])}=${random.is(0.5) ? someNumber(random) : someWord(random, [...Object.keys(families), ...Object.keys(toys), aidText(random)])}`).join('&')}`
      return {
        input: json(hash),
        run() {
          const settings = settingsFrom(hash, choices)
          sound(
            json(settingsFrom(hashOf(settings, choices), choices)) === json(settings),
            `${hashOf(settings, choices)} is another`,
          )
          const data = Object.hasOwn(toys, settings.data) ? pointSet(settings.data) : digits
          sound(survives(configFrom(settings, data)), `${json(settings)} makes no configuration`)
        },
      }
    },
  },
  {
    name: 'results and tables',
    make(random) {
      const value = damagedJson(
        random,
        random.is(0.5)
          ? result
          : { adapter: 'a', kernels: 'k', found: { x: { variant: 'a', usual: 'b', ratio: 1 } } },
      )
      return {
        input: json(value) ?? 'undefined',
        run() {
          for (const line of [...faultsOf(value), ...faultsOfProfile(value)])
            sound(line.length > 0, 'an empty line')
          isTunedTable(value)
        },
      }
    },
  },
]
