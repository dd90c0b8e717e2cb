// Regularisers and tricks by name: what flags and links say, and what is refused.
import { describe, expect, test } from 'vitest'
import type { Fields } from '../../src/models/data/fields.ts'
import { checkAids, families, stabilisersOf } from '../../src/models/index.ts'
import {
  namesOf,
  parse,
  type Settings,
  stabilisers,
  textOf,
} from '../../src/models/training/stabilisers/names.ts'

describe('parse', () => {
  test('names bring their values, and take others', () => {
    expect(parse('reg', 'r1=0.02,weightnorm')).toEqual({ r1: 0.02, weightnorm: 1 })
    expect(parse('trick', ' pack = 3 , noise,noise-steps=100')).toEqual({
      pack: 3,
      noise: 0.1,
      'noise-steps': 100,
    })
    expect(parse('trick', 'diffaugment')).toEqual({ color: 1, translation: 0.125, cutout: 0.5 })
  })

  test('textOf is what parse reads', () => {
    const settings = parse('trick', 'noise=0.2,pack,noise-steps=100')
    expect(textOf('trick', settings)).toBe('noise=0.2,noise-steps=100,pack')
    expect(parse('trick', textOf('trick', settings))).toEqual(settings)
    expect(textOf('reg', settings)).toBe('')
  })

  test('every name has a value in its range, that others are told from', () => {
    for (const [name, { value, range }] of Object.entries(stabilisers)) {
      expect(range.has(value), name).toBe(true)
      for (const none of [-1, 0, Number.NaN, Number.POSITIVE_INFINITY, 1e39])
        expect(range.has(none), `${name}=${none}`).toBe(false)
    }
  })

  const refuse = (flag: 'reg' | 'trick', text: string, message: RegExp) =>
    test(`refuses '${text}'`, () => expect(() => parse(flag, text)).toThrow(message))
  refuse('reg', 'r2', /--reg: no 'r2'; there are gp, r1, dragan, .*ortho-offdiag/)
  refuse('reg', 'pack', /--reg: no 'pack'; pack is a --trick; there are/)
  refuse('trick', 'diffaugment=1', /expected NAME or NAME=VALUE, got 'diffaugment=1'/)
  refuse('trick', 'pack=', /expected NAME or NAME=VALUE, got 'pack='/)
  refuse(
    'trick',
    'pack=1.5',
    /--trick pack: expected a whole number, at least 2 \(samples that D.*\), got '1.5'/,
  )
  refuse('trick', 'smooth=1.2', /--trick smooth: expected a number above 0.5 and below 1/)
  refuse(
    'reg',
    'clip=Infinity',
    /--reg clip: expected a number above 0, at most 3e\+38 \(.*\), got 'Infinity'/,
  )
  refuse('reg', 'r1=1e39', /--reg r1: expected a number above 0, at most 3e\+38 \(.*\), got '1e39'/)
  refuse('trick', 'noise-steps=1e20', /--trick noise-steps: expected a whole number, at least 1/)
  refuse('trick', 'ttur=', /expected NAME or NAME=VALUE/)
  refuse('reg', 'r1,r1=2', /r1 is given twice/)
  refuse('trick', '', /--trick: no ''/)
  refuse('trick', 'toString', /--trick: no 'toString'/)
})

describe('checkAids', () => {
  const digits: Fields = { x: { kind: 'image', size: 28, channels: 1 } }
  const ring: Fields = { x: { kind: 'points', dims: 2, unit: 1, toy: 'ring' } }
  const check = (aids: Settings, of: Partial<Parameters<typeof checkAids>[1]> = {}) =>
    checkAids(aids, { model: 'gan', fields: ring, options: {}, batch: 64, ...of })

  test('accepts what fits', () => {
    check({ pack: 2, stddev: 4, noise: 0.1, r1: 1, smooth: 0.9, flip: 0.1 })
    check({ smooth: 0.9 }, { options: { loss: 'leastSquares' } })
    check(parse('trick', 'diffaugment'), { model: 'stylegan-lite', fields: digits })
  })

  const refuse = (what: string, run: () => void, message: RegExp) =>
    test(`refuses ${what}`, () => expect(run).toThrow(message))
  refuse(
    'what a model does not take, naming what it takes and where that fits',
    () => check({ unroll: 5 }, { model: 'wgan' }),
    /wgan does not take --trick unroll: it takes noise, .*ttur.*; unroll fits dcgan, gan/,
  )
  refuse(
    'a penalty for a model that has its own',
    () => check({ gp: 10 }, { model: 'stylegan-lite', fields: digits }),
    /stylegan-lite does not take --reg gp: it takes no --reg; gp fits dcgan, gan, sngan/,
  )
  refuse('changes of images for points', () => check({ cutout: 0.5 }), /cutout changes images.*points/)
  refuse(
    'targets for a loss without them',
    () => check({ smooth: 0.9 }, { options: { loss: 'hinge' } }),
    /--trick smooth changes the targets of D, which the loss hinge has not; non-saturating, minimax, flipped, least-squares have/,
  )
  refuse('two that exclude each other', () => check({ smooth: 0.9, soft: 0.3 }), /smooth and soft exclude/)
  refuse('a detail of nothing', () => check({ 'noise-steps': 3 }), /means nothing without noise/)
  refuse(
    'a batch that makes no packs',
    () => check({ pack: 3 }),
    /the batch of 64 does not divide into packs of 3/,
  )
  refuse(
    'packs that make no groups',
    () => check({ pack: 2, stddev: 3 }),
    /32 packs do not divide into groups of 3/,
  )
  refuse(
    'a value out of range',
    () => check({ pack: 0 }),
    /--trick pack: expected a whole number, at least 2, got 0/,
  )
  refuse(
    'an unknown name',
    () => check({ nonsense: 1 } as Settings),
    /no stabiliser 'nonsense'; there are gp/,
  )

  test('every name fits some model', () => {
    for (const name of [...namesOf('reg'), ...namesOf('trick')])
      expect(
        Object.keys(families).some((model) => stabilisersOf(model).includes(name)),
        name,
      ).toBe(true)
  })
})
