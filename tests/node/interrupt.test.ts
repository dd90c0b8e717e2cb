// What ends a command early, besides the signals that train.test.ts sends.
import { afterEach, expect, test, vi } from 'vitest'
import { onInterrupt } from '../../scripts/interrupt.ts'

afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

test('output that nobody takes any more asks for the end, once', () => {
  const first = vi.fn()
  const done = onInterrupt(first)
  const listeners = process.stdout.listenerCount('error')
  process.stdout.emit('error', new Error('EPIPE'))
  process.stderr.emit('error', new Error('EIO'))
  expect(first).toHaveBeenCalledTimes(1)
  done()
  process.stdout.emit('error', new Error('EPIPE')) // what is said afterwards harms nothing either
  onInterrupt(first)()
  expect(process.stdout.listenerCount('error')).toBe(listeners)
  expect(first).toHaveBeenCalledTimes(1)
})

test.each([
  ['run', 1],
  ['', 0],
])('the end of the shell that npm (%j) started asks for the end', (event, times) => {
  vi.useFakeTimers()
  vi.stubEnv('npm_lifecycle_event', event)
  const first = vi.fn()
  const done = onInterrupt(first)
  vi.advanceTimersByTime(5000)
  expect(first).not.toHaveBeenCalled()
  vi.spyOn(process, 'ppid', 'get').mockReturnValue(1)
  vi.advanceTimersByTime(5000)
  expect(first).toHaveBeenCalledTimes(times)
  done()
})
