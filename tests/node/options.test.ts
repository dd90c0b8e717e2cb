// Options: what each kind of them may be, and how flags, links and files say it.
import { describe, expect, test } from 'vitest'
import { DataError } from '../../src/engine/errors.ts'
import { families } from '../../src/models/index.ts'
import {
  accepts,
  amount,
  changed,
  count,
  countOrNone,
  decay,
  defaultsOf,
  fraction,
  type Option,
  oneOf,
  optionOf,
  optionText,
  positive,
  readOption,
  toggle,
  valuesOf,
} from '../../src/models/options.ts'

const NO_NUMBERS = [
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  1e39,
  '1',
  '',
  true,
  null,
  undefined,
  {},
]

interface Kind {
  option: Option
  words: string
  good: unknown[]
  bad: unknown[]
  /** Texts, and what they say. */
  says: Record<string, unknown>
  badTexts: string[]
}

const KINDS: Record<string, Kind> = {
  count: {
    option: count(2, ''),
    words: 'a whole number, at least 1',
    good: [1, 2, 1e9],
    bad: [0, -1, 1.5, ...NO_NUMBERS],
    says: { '3': 3, '1e3': 1000 },
    badTexts: ['0', '-1', '1.5', '', ' ', 'two', '1e300'],
  },
  countOrNone: {
    option: countOrNone(0, ''),
    words: 'a whole number, 0 for none',
    good: [0, 1, 1e9],
    bad: [-1, 0.5, ...NO_NUMBERS],
    says: { '0': 0, '7': 7 },
    badTexts: ['-1', '0.5', '', 'none'],
  },
  amount: {
    option: amount(1, ''),
    words: 'a number from 0 to 3e+38',
    good: [0, 1e-9, 5, 3e38],
    bad: [-1e-9, ...NO_NUMBERS],
    says: { '0': 0, '2e-4': 2e-4 },
    badTexts: ['-1', 'NaN', 'Infinity', '1e39', '', 'much'],
  },
  positive: {
    option: positive(1, ''),
    words: 'a number above 0, at most 3e+38',
    good: [1e-9, 5],
    bad: [0, -1, ...NO_NUMBERS],
    says: { '.5': 0.5 },
    badTexts: ['0', '-1', '', 'x'],
  },
  fraction: {
    option: fraction(0.5, ''),
    words: 'a number from 0 to 1',
    good: [0, 0.3, 1],
    bad: [-0.1, 1.1, ...NO_NUMBERS],
    says: { '0': 0, '1': 1 },
    badTexts: ['1.1', '-0.1', '', '50%'],
  },
  decay: {
    option: decay(0.9, ''),
    words: 'a number from 0, below 1',
    good: [0, 0.999],
    bad: [1, -0.1, 2, ...NO_NUMBERS],
    says: { '0': 0, '0.5': 0.5 },
    badTexts: ['1', '-1', '', 'x'],
  },
  toggle: {
    option: toggle(false, ''),
    words: 'yes or no',
    good: [true, false],
    bad: [0, 1, 'yes', '', null, undefined],
    says: { yes: true, no: false, true: true, false: false, '1': true, '0': false },
    badTexts: ['', '2', 'YES', 'constructor', 'toString'],
  },
  oneOf: {
    option: oneOf(['nonSaturating', 'hinge'], ''),
    words: 'one of non-saturating, hinge',
    good: ['nonSaturating', 'hinge'],
    bad: ['non-saturating', 'constructor', '', 0, true, undefined],
    says: { 'non-saturating': 'nonSaturating', hinge: 'hinge' },
    badTexts: ['nonSaturating', 'Hinge', '', 'constructor'],
  },
}

test('every kind that an option of a family has is tried here', () => {
  const kinds = Object.values(families).flatMap(({ options }) =>
    Object.values(options).map(({ kind }) => kind),
  )
  for (const kind of new Set(kinds)) expect(Object.keys(KINDS)).toContain(kind)
})

describe.each(Object.entries(KINDS))('%s', (_, { option, words, good, bad, says, badTexts }) => {
  test('takes its values and no others', () => {
    for (const value of good) expect(accepts(option, value), `${value}`).toBe(true)
    for (const value of bad) expect(accepts(option, value), `${value}`).toBe(false)
    for (const value of bad) {
      const read = () => valuesOf('m', { own: option }, { own: value })
      expect(read, `${value}`).toThrow(DataError)
      expect(read, `${value}`).toThrow(`m: own: expected ${words}, got `)
    }
  })

  test('is read from a flag, and a wrong one is told of by its name', () => {
    for (const [text, value] of Object.entries(says)) {
      expect(readOption('ownName', option, text), text).toBe(value)
      expect(optionOf(option, optionText(value as number)), text).toBe(value)
    }
    for (const text of badTexts) {
      expect(optionOf(option, text), text).toBeUndefined()
      expect(() => readOption('ownName', option, text), text).toThrow(
        new DataError(`--own-name: expected ${words}, got '${text}'`),
      )
    }
  })
})

describe('of a family', () => {
  const options = { width: count(64, ''), loss: oneOf(['a', 'b'], '') }

  test('values are the paper’s where nothing else is said', () => {
    expect(defaultsOf(options)).toEqual({ width: 64, loss: 'a' })
    expect(valuesOf('m', options, { loss: 'b' })).toEqual({ width: 64, loss: 'b' })
    expect(changed(options, { width: 64, loss: 'b', other: 1, constructor: 2 })).toEqual({ loss: 'b' })
  })

  test('one that it does not have is named, with those that it has', () => {
    expect(() => valuesOf('m', options, { depth: 1 })).toThrow(
      new DataError("m has no option 'depth'; it has width, loss"),
    )
    expect(() => valuesOf('m', options, { constructor: 1 })).toThrow("m has no option 'constructor'")
    expect(() => valuesOf('m', {}, { depth: 1 })).toThrow("m has no option 'depth'; it has none")
  })
})

describe.each(Object.entries(families))('%s', (_, { options, presets }) => {
  test('its own values and those of its presets are in range, and each has help', () => {
    for (const [name, option] of Object.entries(options)) {
      expect(accepts(option, option.value), name).toBe(true)
      expect(option.about.trim(), name).not.toBe('')
    }
    for (const preset of Object.values(presets)) {
      valuesOf('preset', options, preset.options)
      expect(Number.isInteger(preset.batch) && Number.isInteger(preset.steps)).toBe(true)
    }
  })
})
