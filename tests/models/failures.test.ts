/** What is said when training fails in a known way, and that each is said once. */
import { describe, expect, test } from 'vitest'
import { spread, spreadOf } from '../../src/models/data/data.ts'
import { Failures } from '../../src/models/training/failures.ts'

const healthy = { step: 1, lossD: 1.2, lossG: 0.8, 'D(x)': 0.6, 'D(G(z))': 0.4, gradD: 3, gradG: 2 }

describe('lines of the log', () => {
  const saidOf = (lines: Record<string, number>[]): string[] => {
    const failures = new Failures()
    return lines.flatMap((line) => failures.ofLine(line))
  }
  const repeat = (line: Record<string, number>, times: number) =>
    Array.from({ length: times }, (_, i) => ({ ...line, step: i + 1 }))

  test('nothing is said of a healthy run', () => {
    expect(saidOf(repeat(healthy, 50))).toEqual([])
  })

  test('a discriminator that is always right is told of, once, when it lasts', () => {
    const certain = { ...healthy, lossD: 0.003 }
    expect(saidOf(repeat(certain, 9))).toEqual([])
    expect(saidOf([...repeat(certain, 9), healthy, ...repeat(certain, 9)])).toEqual([])
    expect(saidOf(repeat(certain, 40))).toEqual([
      "Step 10: the discriminator's loss is nearly 0 (0.0030): it sees through every sample, and the generator learns little from it.",
    ])
  })

  test("a critic's loss may be 0", () => {
    const { 'D(x)': _, ...critic } = { ...healthy, lossD: 0 }
    expect(saidOf(repeat(critic, 40))).toEqual([])
  })

  test('large gradients are told of, once for each network', () => {
    expect(saidOf(repeat({ ...healthy, gradD: 100 }, 5))).toEqual([])
    const said = saidOf(repeat({ ...healthy, gradD: 101, gradG: 3456 }, 5))
    expect(said).toEqual([
      "Step 1: the discriminator's gradient has a norm of 101, over 100: a lower learning rate may be steadier.",
      "Step 1: the generator's gradient has a norm of 3.46e+3, over 100: a lower learning rate may be steadier.",
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
    expect(failures.ofLine({ ...healthy, lossD: Number.NaN, gradD: Number.NaN, gradG: Number.NaN })).toEqual(
      [],
    )
  })

  test('vary by their standard deviation, averaged over the values', () => {
    expect(spread(Float32Array.of(1, 5, 1, 7, 1, 9), 3)).toBeCloseTo(Math.sqrt(8 / 3) / 2, 6)
    const bytes = Uint8Array.of(0, 0, 0, 0, 255, 255, 0, 0)
    const images = { name: 'two', count: 2, size: 2, channels: 1, bytes }
    expect(spreadOf(images)).toBeCloseTo(0.5, 6)
    // x and y of a ring of radius 1 have a variance of 1/2 each
    expect(spreadOf({ toy: 'ring' })).toBeCloseTo(Math.hypot(Math.SQRT1_2, 0.1), 6)
  })
})
