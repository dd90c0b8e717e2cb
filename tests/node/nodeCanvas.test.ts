import { expect, test, vi } from 'vitest'
import { withoutInfinities } from '../../scripts/nodeCanvas.ts'

test('a canvas under Node ignores what is not finite, as those of browsers do', () => {
  const arc = vi.fn()
  const own = { lineWidth: 1, arc, fillText: vi.fn(), measureText: () => ({ width: 5 }) }
  const context = withoutInfinities(own)
  context.arc(1, 2, 3, 0, 6)
  expect(arc.mock.contexts).toEqual([own])
  // Of 1e39 float32, in which the library draws, makes an infinity.
  for (const never of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e39, -1e39])
    context.arc(1, never, 3, 0, 6)
  context.arc(1e38, 2, 3, 0, 6)
  expect(arc.mock.calls).toEqual([
    [1, 2, 3, 0, 6],
    [1e38, 2, 3, 0, 6],
  ])
  context.fillText('a', 1, 2)
  expect(own.fillText).toHaveBeenCalledWith('a', 1, 2)
  context.lineWidth = 4
  expect(own.lineWidth).toBe(4)
  expect(context.measureText().width).toBe(5)
})
