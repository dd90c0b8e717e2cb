// Settings that nobody can have: refused where they come in, by flags, links and checkpoints alike.
import { describe, expect, test } from 'vitest'
import { HYPERPARAMETERS, main as train } from '../../scripts/train.ts'
import { choicesFor } from '../../src/app/config.ts'
import { parseSetting, settingsFrom, wrongAids } from '../../src/app/state.ts'
import { checkConfig, models, ranges } from '../../src/models/index.ts'
import { kebab } from '../../src/models/kebab.ts'

const NEVER = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, 1e39]

describe.each(Object.entries(models))('%s', (model, { defaults, presets, losses }) => {
  test('every option has a range, with its values in it and no others', () => {
    for (const [name, value] of Object.entries(defaults)) {
      expect(ranges[name].has(value), name).toBe(true)
      for (const never of NEVER) expect(ranges[name].has(never), `${name} ${never}`).toBe(false)
      expect(HYPERPARAMETERS[kebab(name)].kind, name).toBe(ranges[name])
    }
    for (const { options } of Object.values(presets))
      for (const [name, value] of Object.entries(options)) expect(ranges[name].has(value), name).toBe(true)
  })

  test('a configuration is refused by the name of what is wrong', () => {
    const config = { model, options: {}, data: { size: 32, channels: 1 }, batch: 8, seed: 0 }
    checkConfig({ ...config, options: defaults })
    const wrong = (change: object) => () => checkConfig({ ...config, ...change })
    for (const name of Object.keys(defaults))
      expect(wrong({ options: { [name]: Number.POSITIVE_INFINITY } })).toThrow(
        `${name} of ${model}: expected`,
      )
    expect(wrong({ options: { nonsense: 1 } })).toThrow(`${model} has no option 'nonsense'; it has`)
    expect(wrong({ options: { constructor: 1 } })).toThrow(`${model} has no option 'constructor'`)
    expect(wrong({ options: { lr: '1' } })).toThrow(`lr of ${model}: expected a number from 0`)
    expect(wrong({ batch: 0 })).toThrow(`batch of ${model}: expected a whole number, at least 1, got 0`)
    expect(wrong({ seed: 0.5 })).toThrow(`seed of ${model}: expected a whole number from 0`)
    expect(wrong({ loss: 'constructor' })).toThrow(`${model} has no loss 'constructor'`)
    for (const loss of losses) checkConfig({ ...config, loss })
  })
})

test.each([
  ['gan --beta1 5', "--beta1: expected a number from 0, below 1, got '5'"],
  ['gan --beta1 1', "--beta1: expected a number from 0, below 1, got '1'"],
  ['gan --beta2 2', "--beta2: expected a number from 0, below 1, got '2'"],
  ['gan --ema-decay 5', "--ema-decay: expected a number from 0, below 1, got '5'"],
  ['gan --lr Infinity', "--lr: expected a number from 0 to 3e+38, got 'Infinity'"],
  ['gan --lr 1e39', "--lr: expected a number from 0 to 3e+38, got '1e39'"],
  ['gan --decay-steps 1.5', "--decay-steps: expected a whole number, at least 0, got '1.5'"],
  ['wgan --clip 0', "--clip: expected a number above 0, at most 3e+38, got '0'"],
  ['wgan-gp --residual 2', "--residual: expected a whole number from 0 to 1, got '2'"],
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
    '#seed=-1&width=1e9&batch=Infinity&lr=NaN&reg=clip=Infinity&trick=noise=1e39&model=__proto__&data=x'
  expect(settingsFrom(senseless, choices)).toEqual(own)
  expect(settingsFrom('#seed=1.5&width=&batch=1&lr=1e39', choices)).toEqual(own)
  expect(settingsFrom('#seed=7&lr=0.01&reg=r1=2', choices)).toEqual({
    ...own,
    seed: 7,
    lr: 0.01,
    reg: 'r1=2',
  })
  expect(parseSetting('seed', '4294967296')).toBeUndefined()
  expect(parseSetting('lr', '0.5')).toBe(0.5)
  expect(wrongAids('reg', 'clip=Infinity')).toMatch('--reg clip: expected a number above 0')
})
