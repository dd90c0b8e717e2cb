import { expect, test } from 'vitest'
import { History } from '../../src/app/history.ts'

const line = (step: number) => ({ step, ms: 2, lossD: step })

test('a short log is kept as it is, and what was after a step can be forgotten', () => {
  const history = new History([line(1), line(2)])
  history.add([line(3)])
  expect(history.lines).toEqual([line(1), line(2), line(3)])
  history.rewind(2)
  expect(history.lines).toEqual([line(1), line(2)])
})

test('a log of any length is kept by at most 4,000 lines that cover all of it', () => {
  const history = new History()
  for (let step = 1; step <= 100_000; step++) history.add([line(step)])
  const { lines } = history
  expect(lines.length).toBeLessThanOrEqual(4000)
  expect(lines.length).toBeGreaterThan(2000 - 1)
  expect(lines.at(-1)?.step).toBe(100_000)
  const steps = lines.map(({ step }) => step)
  expect(Math.max(...steps.slice(1).map((step, i) => step - steps[i]))).toBeLessThanOrEqual(32)
  // A line is the mean of those that it stands for, at the step of the last of them.
  const [{ step, lossD, ms }] = lines
  expect([lossD, ms]).toEqual([(1 + step) / 2, 2])
})

test('what was after a step is forgotten of a long log, too', () => {
  const history = new History(Array.from({ length: 10_001 }, (_, i) => line(i + 1)))
  history.rewind(9000)
  expect(history.lines.at(-1)?.step).toBeLessThanOrEqual(9000)
  expect(history.lines.at(-1)?.step).toBeGreaterThan(9000 - 8)
  history.add([line(9001)])
  expect(history.lines.at(-1)).toEqual(line(9001))
})

test('a long log given at once is kept as one that came line by line', () => {
  const all = Array.from({ length: 9000 }, (_, i) => line(i + 1))
  const oneByOne = new History()
  for (const each of all) oneByOne.add([each])
  expect(new History(all).lines).toEqual(oneByOne.lines)
})
