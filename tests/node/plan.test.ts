// What a run will do, from what was asked for.
import { expect, test } from 'vitest'
import { MAX_LINES, planNew, prepare, type Wishes } from '../../scripts/plan.ts'

const adapter = { name: 'a', software: true, vendor: '', architecture: '', device: '', description: '' }

/** Steps between lines of the log of a run of so many steps. */
function logEvery(steps: number, every: Wishes['every'] = {}): number {
  const wishes: Wishes = { options: {}, data: 'ring', steps, every }
  return planNew(wishes, prepare(wishes), adapter).every.log
}

test('the log of a run of any length stays below 100 MB, unless more lines are asked for', () => {
  // More metrics than any model has, under the longest of their names, with as many digits as a number can have.
  const metrics = Array.from({ length: 16 }, (_, i) => [`D(G(z)) after ${i}`, -Math.fround(Math.PI * 1e-30)])
  const line = JSON.stringify({ step: 1e9, ms: 1234.567890123456, ...Object.fromEntries(metrics) })
  expect(MAX_LINES * (line.length + 1)).toBeLessThan(100e6)
  for (const steps of [1, 5000, 1e6, 1e6 + 1, 86_400_000, 1e9])
    expect(Math.ceil(steps / logEvery(steps))).toBeLessThanOrEqual(MAX_LINES)
  expect(logEvery(5000)).toBe(10)
  expect(logEvery(1e9, { log: 1 })).toBe(1)
})
