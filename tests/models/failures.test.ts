/** What is said when training fails in a known way, and that each is said once. */
import { describe, expect, test } from 'vitest'
import { pointSet, spread, spreadOf } from '../../src/models/data/dataSet.ts'
import type { MetricKind } from '../../src/models/family.ts'
import { Failures } from '../../src/models/training/failures.ts'

const KINDS: Record<string, MetricKind> = {
  lossD: 'loss',
  lossG: 'loss',
  'D(x)': 'opinion of real',
  'D(G(z))': 'opinion of generated',
  'D(G(z)) after': 'opinion of generated',
  'gradient generator': 'norm',
  'gradient discriminator': 'norm',
}
const healthy = {
  step: 1,
  lossD: 1.2,
  lossG: 0.8,
  'D(x)': 0.6,
  'D(G(z))': 0.4,
  'D(G(z)) after': 0.4,
  'gradient generator': 2,
  'gradient discriminator': 3,
}

describe('lines of the log', () => {
  const saidOf = (lines: Record<string, number>[], kinds = KINDS): string[] => {
    const failures = new Failures()
    return lines.flatMap((line) => failures.ofLine(line, kinds))
  }
  const repeat = (line: Record<string, number>, times: number) =>
    Array.from({ length: times }, (_, i) => ({ ...line, step: i + 1 }))

  test('nothing is said of a healthy run', () => {
    expect(saidOf(repeat(healthy, 50))).toEqual([])
  })

  test('a discriminator that is always right is told of, once, when it lasts', () => {
    const certain = { ...healthy, 'D(x)': 0.998, 'D(G(z))': 0.001 }
    expect(saidOf(repeat(certain, 9))).toEqual([])
    expect(saidOf([...repeat(certain, 9), healthy, ...repeat(certain, 9)])).toEqual([])
    expect(saidOf(repeat(certain, 40))).toEqual([
      'Step 10: the discriminator is certain of every sample (D(x) 0.998, D(G(z)) 0.001): the generator learns little from it.',
    ])
  })

  test('one that is right of real samples alone, or of generated ones, is not certain of every sample', () => {
    expect(saidOf(repeat({ ...healthy, 'D(x)': 1 }, 40))).toEqual([])
    expect(saidOf(repeat({ ...healthy, 'D(G(z))': 0 }, 40))).toEqual([])
    // -log 0.995 - log 0.995 is 0.01003
    expect(saidOf(repeat({ ...healthy, 'D(x)': 0.995, 'D(G(z))': 0.005 }, 40))).toEqual([])
    expect(saidOf(repeat({ ...healthy, 'D(x)': 1, 'D(G(z))': 0 }, 40)).length).toBe(1)
  })

  test("a critic's loss may be 0, and scores are no opinions", () => {
    const critic = { step: 1, lossD: 0, lossG: 0, W: 1, 'gradient critic': 1 }
    const kinds = { lossD: 'loss', lossG: 'loss', W: 'score', 'gradient critic': 'norm' } as const
    expect(saidOf(repeat(critic, 40), kinds)).toEqual([])
  })

  test('large gradients are told of, once for each network', () => {
    expect(saidOf(repeat({ ...healthy, 'gradient discriminator': 100 }, 5))).toEqual([])
    const said = saidOf(repeat({ ...healthy, 'gradient discriminator': 101, 'gradient generator': 3456 }, 5))
    expect(said).toEqual([
      "Step 1: the norm 'gradient generator' is 3.46e+3, over 100: a lower learning rate may be steadier.",
      "Step 1: the norm 'gradient discriminator' is 101, over 100: a lower learning rate may be steadier.",
    ])
  })
})

describe('samples', () => {
  test('that no longer vary are told of, once', () => {
    const failures = new Failures()
    expect(failures.ofSamples(50, 0.5, 1)).toEqual([])
    expect(failures.ofSamples(100, 0.1, 1)).toEqual([
      'Step 100: the generated samples hardly vary (by 0.10, the data by 1.0): the generator may have collapsed to one of them.',
    ])
    expect(failures.ofSamples(150, 0.1, 1)).toEqual([])
  })

  test('that do not vary yet have time to begin', () => {
    const failures = new Failures()
    expect(failures.ofSamples(0, 0, 1)).toEqual([])
    expect(failures.ofSamples(299, 0, 1)).toEqual([])
    expect(failures.ofSamples(300, 0, 1).length).toBe(1)
  })

  test('that are no numbers have not collapsed', () => {
    const failures = new Failures()
    for (const none of [Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(failures.ofSamples(500, none, 1)).toEqual([])
      expect(failures.ofSamples(500, none, none)).toEqual([])
    }
    const none = Object.fromEntries(Object.keys(healthy).map((name) => [name, Number.NaN]))
    expect(failures.ofLine(none, KINDS)).toEqual([])
  })

  test('vary by their standard deviation, averaged over the values', () => {
    expect(spread(Float32Array.of(1, 5, 1, 7, 1, 9), 3)).toBeCloseTo(Math.sqrt(8 / 3) / 2, 6)
    const bytes = Uint8Array.of(0, 0, 0, 0, 255, 255, 0, 0)
    const field = { kind: 'image', size: 2, channels: 1 } as const
    expect(spreadOf({ field, bytes })).toBeCloseTo(0.5, 6)
    // x and y of a ring of radius 1 have a variance of 1/2 each
    expect(spreadOf(pointSet('ring').columns.points)).toBeCloseTo(Math.hypot(Math.SQRT1_2, 0.1), 6)
  })
})
