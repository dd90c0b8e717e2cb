import { expect, test } from 'vitest'
import { duration, Progress, progressLine } from '../../scripts/progress.ts'

/** A terminal that keeps what is written, and a clock that is set by hand. */
function made(isTTY: boolean, steps = 100, columns = 200) {
  const seen = { text: '', time: 0 }
  const out = { isTTY, columns, write: (text: string) => (seen.text += text) }
  return { seen, progress: new Progress(steps, 0, out, () => seen.time) }
}
const line = (step: number, ms = 500) => ({ step, ms, lossD: 0.5 })

test('a line has step, rate, time left and the metrics', () => {
  expect(progressLine({ step: 5, ms: 200, lossD: 0.5, 'D(x)': 0.75 }, 1200)).toBe(
    '   5/1200  5.00 steps/s, 3:59 left  lossD 0.50  D(x) 0.75',
  )
  expect(progressLine({ step: 1, ms: 2500 }, 2)).toBe('1/2  2.50 s/step, 0:03 left')
  expect(progressLine({ step: 1, ms: 0.1118 }, 9, 'sample')).toBe('1/9  8940 samples/s, 0:00 left')
})

test.each([
  [0.4, '0:00'],
  [75, '1:15'],
  [3599.6, '1:00:00'],
  [3675, '1:01:15'],
])('%s s are %s', (seconds, text) => expect(duration(seconds)).toBe(text))

test('elsewhere than on a terminal: a line every 10 seconds, and the last', () => {
  const { seen, progress } = made(false)
  for (let step = 1; step <= 50; step++) {
    seen.time += 500
    progress.update(line(step))
  }
  progress.end()
  progress.end() // changes nothing
  expect(seen.text.split('\n').map((l) => l.split('  ')[0].trim())).toEqual([
    '20/100',
    '40/100',
    '50/100',
    '',
  ])
  expect(seen.text).not.toContain('\r')
})

test.each([
  [100, '████░░░░░░░░░░░░░░░░  20/100  2.00 steps/s, 0:40 left  lossD 0.50'],
  [53, '█░░░░░░  20/100  2.00 steps/s, 0:40 left  lossD 0.50'],
  [44, ' 20/100 2.00 steps/s, 0:40 left lossD 0.50'],
  [20, ' 20/100 2.00 steps/'],
])('on a terminal of %i columns: one line, redrawn', (columns, expected) => {
  const { seen, progress } = made(true, 100, columns)
  progress.update(line(10))
  seen.time += 1000
  progress.update(line(20))
  progress.say('Something happened.')
  progress.end()
  const [said, bar, end] = seen.text.replaceAll('\r\x1b[K', '|').split('\n')
  expect(said).toBe(`${expected}|Something happened.`)
  expect(bar).toBe(`${expected}|${expected}`)
  expect(end).toBe('')
})

test('the rate leaves out the first line, which holds compiling, and follows the last 20 seconds', () => {
  const { seen, progress } = made(false, 1000)
  progress.update(line(1, 60_000))
  progress.update(line(11, 100))
  seen.time = 10_000
  progress.update(line(21, 100))
  expect(seen.text).toContain('10.0 steps/s, 1:38 left')
  seen.time = 20_000
  for (let step = 31; step <= 231; step += 10) progress.update(line(step, 1000))
  seen.text = ''
  progress.end()
  expect(seen.text).toContain('1.00 s/step')
})

test('training that starts again from an earlier step counts on from there', () => {
  const { seen, progress } = made(false)
  progress.update(line(10))
  progress.rewind(4)
  progress.update(line(5))
  progress.end()
  expect(seen.text).toBe('  5/100  lossD 0.50\n')
})
