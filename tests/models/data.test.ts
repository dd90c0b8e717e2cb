/** Data sets on the GPU: what is drawn of them, and that what belongs together stays together. */
import { describe, expect, test } from 'vitest'
import { memory, randomState, seed, setRandomState } from '../../src/engine/index.ts'
import { type DataSet, fieldsOf, pointSet, spreadOf, stack } from '../../src/models/data/dataSet.ts'
import { shapeOf } from '../../src/models/data/fields.ts'
import { imageSet } from '../../src/models/data/open.ts'
import { Source } from '../../src/models/data/source.ts'
import { unstacked } from '../../src/models/evaluation/digits.ts'
import { fieldsFor, sourceOf } from '../../src/models/index.ts'
import { evaluate, gpuTest } from '../harness.ts'

/** Image i is grey all over, of brightness 60 i; its label is i. */
const greys: DataSet = imageSet(
  {
    name: 'four greys',
    count: 4,
    size: 8,
    channels: 1,
    bytes: Uint8Array.from({ length: 4 * 64 }, (_, i) => 60 * Math.floor(i / 64)),
  },
  { values: Uint8Array.of(0, 1, 2, 3), name: 'labels' },
)

const brightness = (values: ArrayLike<number>): number[] =>
  Array.from(values, (x) => Math.round(((x + 1) * 255) / 2 / 60))

/** Runs `body` with a source of `set`'s fields by their own names. */
async function withSource(
  set: DataSet,
  body: (source: Source) => Promise<void>,
  { apart = false, matched = Object.fromEntries(Object.keys(set.columns).map((name) => [name, name])) } = {},
): Promise<void> {
  seed(3)
  const source = new Source(set, matched, apart)
  try {
    await body(source)
  } finally {
    source.dispose()
  }
}

/** The values of each field of what `draw` gives. */
async function drawn(draw: () => ReturnType<Source['draw']>): Promise<Record<string, Float32Array>> {
  const names: string[] = []
  const values = await evaluate(() => {
    const fields = draw()
    names.push(...Object.keys(fields))
    return Object.values(fields)
  })
  return Object.fromEntries(names.map((name, i) => [name, values[i].data]))
}

/** The brightness of each image, of which it has one alone. */
function digitsOf(images: Float32Array): number[] {
  const digits = brightness(images)
  const firsts = digits.filter((_, i) => i % 64 === 0)
  expect(digits).toEqual(firsts.flatMap((digit) => Array(64).fill(digit)))
  return firsts
}

describe('a draw', () => {
  gpuTest('has each image with its own label', () =>
    withSource(greys, async (source) => {
      const shapes = await evaluate(() => Object.values(source.draw(50)))
      expect(shapes.map(({ shape }) => shape)).toEqual([[50, 8, 8, 1], [50]])
      const { image, label } = await drawn(() => source.draw(50))
      expect([...label]).toEqual(digitsOf(image))
      expect(new Set(label)).toEqual(new Set([0, 1, 2, 3]))
    }),
  )

  gpuTest('is by the names of whoever takes it, and of the fields that are taken alone', () =>
    withSource(
      greys,
      async (source) => {
        const { y, ...rest } = await drawn(() => source.draw(50))
        expect(Object.keys(rest)).toEqual([])
        expect(new Set(y)).toEqual(new Set([0, 1, 2, 3]))
      },
      { matched: { y: 'label' } },
    ),
  )

  gpuTest('of fields that are apart draws each of them by itself', () => {
    const { image } = greys.columns
    const two: DataSet = { ...greys, columns: { a: image, b: image } }
    const equal = ({ a, b }: Record<string, Float32Array>): number => {
      const [left, right] = [digitsOf(a), digitsOf(b)]
      return left.filter((digit, i) => digit === right[i]).length
    }
    return withSource(two, async (together) => {
      expect(equal(await drawn(() => together.draw(64)))).toBe(64)
      await withSource(
        two,
        async (source) => {
          // 16 of 64 on average; 40 are eight standard deviations off
          expect(equal(await drawn(() => source.draw(64)))).toBeLessThan(40)
        },
        { apart: true },
      )
    })
  })

  gpuTest('is another each time, and the same from the same state', () =>
    withSource(greys, async (source) => {
      const state = randomState()
      const first = await drawn(() => source.draw(32))
      expect(await drawn(() => source.draw(32))).not.toEqual(first)
      setRandomState(state)
      expect(await drawn(() => source.draw(32))).toEqual(first)
    }),
  )
})

describe('the first samples', () => {
  gpuTest('are those of the set in their order, again from the beginning after the last', () =>
    withSource(greys, async (source) => {
      const before = randomState()
      const { image, label } = await drawn(() => source.first(6))
      expect(digitsOf(image)).toEqual([0, 1, 2, 3, 0, 1])
      expect([...label]).toEqual([0, 1, 2, 3, 0, 1])
      expect(randomState(), 'nothing is drawn').toEqual(before)
    }),
  )

  gpuTest('of points, which have no order, are drawn', () =>
    withSource(pointSet('ring'), async (source) => {
      const [points] = await evaluate(() => Object.values(source.first(5)))
      expect(points.shape).toEqual([5, 2])
    }),
  )
})

gpuTest('what a source holds is freed with it, and what it makes on the way at once', () =>
  withSource(greys, async (source) => {
    await drawn(() => source.draw(8))
    const before = memory().liveBuffers
    await drawn(() => source.draw(8))
    await drawn(() => source.first(8))
    expect(memory().liveBuffers).toBe(before)
  }),
)

gpuTest('stacked images have an image of their own in each channel, drawn one by one', async () => {
  const data = stack(greys)
  const fields = fieldsOf(data)
  expect(fields).toEqual({ image: { kind: 'image', size: 8, channels: 3, stacked: true } }) // no labels
  expect(shapeOf(fields.image)).toEqual([8, 8, 3])
  expect(spreadOf(data.columns.image)).toBe(spreadOf(greys.columns.image))
  seed(3)
  const source = sourceOf(data, { model: 'dcgan', fields: fieldsFor('dcgan', data) })
  const { x } = await drawn(() => source.draw(64))
  source.dispose()
  const digits = brightness(x)
  const seen = new Set<string>()
  for (let n = 0; n < 64; n++) {
    const sample = digits.slice(n * 64 * 3, (n + 1) * 64 * 3)
    const [r, g, b] = sample
    expect(sample).toEqual(Array.from({ length: 64 }, () => [r, g, b]).flat())
    seen.add(`${r}${g}${b}`)
  }
  expect(seen.size).toBeGreaterThan(25) // of 64 modes; with the same image in every channel it would be 4
})

test('stacked images come apart into their channels', () => {
  expect([...unstacked(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12), 2)]).toEqual([
    1, 4, 2, 5, 3, 6, 7, 10, 8, 11, 9, 12,
  ])
})
