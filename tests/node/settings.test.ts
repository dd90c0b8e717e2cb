// Settings that nobody can have: refused where they come in, by flags, links and checkpoints alike.
import { describe, expect, test } from 'vitest'
import { main as train } from '../../scripts/train.ts'
import { choicesFor } from '../../src/app/config.ts'
import { parseSetting, settingsFrom, wrongAids } from '../../src/app/state.ts'
import type { Field, Fields } from '../../src/models/data/fields.ts'
import { checkConfig, families, familyOf } from '../../src/models/index.ts'
import { kebab } from '../../src/models/kebab.ts'
import { accepts, defaultsOf, expected, readOption } from '../../src/models/options.ts'

const NEVER = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, 1e39]

/** Images, and labels, for all that a family takes. */
const fieldsFor = (model: string): Fields =>
  Object.fromEntries(
    Object.entries(familyOf(model).takes).map(([name, { kinds }]): [string, Field] => [
      name,
      kinds.includes('image')
        ? { kind: 'image', size: 32, channels: 1 }
        : { kind: 'label', classes: ['a', 'b'] },
    ]),
  )

describe.each(Object.entries(families))('%s', (model, { options, presets, takes }) => {
  const defaults = defaultsOf(options)

  test('every option has a range, with its values in it and no others', () => {
    for (const [name, option] of Object.entries(options)) {
      expect(accepts(option, option.value), name).toBe(true)
      for (const never of NEVER) {
        expect(accepts(option, never), `${name} ${never}`).toBe(false)
        expect(() => readOption(name, option, String(never))).toThrow(
          `--${kebab(name)}: expected ${expected(option)}, got '${never}'`,
        )
      }
    }
    for (const { options: own } of Object.values(presets))
      for (const [name, value] of Object.entries(own)) expect(accepts(options[name], value), name).toBe(true)
  })

  test('a configuration is refused by the name of what is wrong', () => {
    const config = { model, options: {}, fields: fieldsFor(model), batch: 8, seed: 0 }
    checkConfig({ ...config, options: defaults })
    const wrong = (change: object) => () => checkConfig({ ...config, ...change })
    for (const [name, option] of Object.entries(options))
      expect(wrong({ options: { [name]: Number.POSITIVE_INFINITY } })).toThrow(
        `${model}: ${name}: expected ${expected(option)}, got`,
      )
    expect(wrong({ options: { nonsense: 1 } })).toThrow(`${model} has no option 'nonsense'; it has`)
    expect(wrong({ options: { constructor: 1 } })).toThrow(`${model} has no option 'constructor'`)
    expect(wrong({ options: { lr: '1' } })).toThrow(`${model}: lr: expected a number from 0`)
    expect(wrong({ batch: 0 })).toThrow(`batch of ${model}: expected a whole number, at least 1, got 0`)
    expect(wrong({ seed: 0.5 })).toThrow(`seed of ${model}: expected a whole number from 0`)
    expect(wrong({ model: 'constructor' })).toThrow(/no model 'constructor'; there are/)
    expect(wrong({ fields: {} })).toThrow(`of these ${Object.keys(takes).join(', ')} is missing`)
    for (const name of Object.keys(takes))
      expect(wrong({ fields: { ...config.fields, [name]: { kind: 'constructor' } } })).toThrow(
        `of these ${name} is missing`,
      )
    if (!('loss' in options)) return
    expect(wrong({ options: { loss: 'constructor' } })).toThrow(`${model}: loss: expected one of`)
    for (const loss of options.loss.words ?? []) checkConfig({ ...config, options: { loss } })
  })
})

test.each([
  ['gan --beta1 5', "--beta1: expected a number from 0, below 1, got '5'"],
  ['gan --beta1 1', "--beta1: expected a number from 0, below 1, got '1'"],
  ['gan --beta2 2', "--beta2: expected a number from 0, below 1, got '2'"],
  ['gan --ema-decay 5', "--ema-decay: expected a number from 0, below 1, got '5'"],
  ['gan --lr Infinity', "--lr: expected a number from 0 to 3e+38, got 'Infinity'"],
  ['gan --lr 1e39', "--lr: expected a number from 0 to 3e+38, got '1e39'"],
  ['gan --decay-steps 1.5', "--decay-steps: expected a whole number, 0 for none, got '1.5'"],
  ['wgan --clip 0', "--clip: expected a number above 0, at most 3e+38, got '0'"],
  ['wgan-gp --residual=2', "--residual: expected yes or no, got '2'"],
  ['wgan-gp --residual=constructor', "--residual: expected yes or no, got 'constructor'"],
  ['gan --loss wasserstein', '--loss: expected one of non-saturating, '],
  ['wgan --loss hinge', '--loss is no option of wgan, which has --lr'],
  ['stylegan-lite --mixing 1.1', "--mixing: expected a number from 0 to 1, got '1.1'"],
  ['stylegan2-lite --path-decay 1', "--path-decay: expected a number from 0, below 1, got '1'"],
  ['gan --steps 1e300', "--steps: expected a whole number, at least 1, got '1e300'"],
  ['gan --data ring --reg clip=Infinity', '--reg clip: expected a number above 0'],
  ['gan --data ring --trick ttur=1e39', '--trick ttur: expected a number above 0'],
])('train %s is refused before anything starts', async (line, message) => {
  await expect(train(line.split(' '))).rejects.toThrow(message)
})

test("a link's settings that make no sense are left out", () => {
  const choices = choicesFor(true)
  const own = settingsFrom('', choices)
  const senseless =
    '#seed=-1&width=0.5&batch=Infinity&lr=NaN&reg=clip=Infinity&trick=noise=1e39&model=__proto__&data=x'
  expect(settingsFrom(senseless, choices)).toEqual(own)
  expect(settingsFrom('#seed=1.5&width=&batch=1&lr=1e39&loss=constructor', choices)).toEqual(own)
  expect(settingsFrom('#seed=7&lr=0.01&loss=hinge&reg=r1=2', choices)).toEqual({
    ...own,
    seed: 7,
    options: { ...own.options, lr: 0.01, loss: 'hinge' },
    reg: 'r1=2',
  })
  expect(parseSetting('seed', '4294967296')).toBeUndefined()
  expect(parseSetting('batch', '32')).toBe(32)
  expect(wrongAids('reg', 'clip=Infinity')).toMatch('--reg clip: expected a number above 0')
})
