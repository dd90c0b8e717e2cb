// Fields: which of a data set's a family takes, and what is said when it cannot learn from them.
import { describe, expect, test } from 'vitest'
import { DataError } from '../../src/engine/errors.ts'
import { pointSet } from '../../src/models/data/dataSet.ts'
import {
  type Fields,
  fits,
  image,
  label,
  matchFields,
  sample,
  sampleOf,
  shapeOf,
} from '../../src/models/data/fields.ts'
import { imageSet } from '../../src/models/data/open.ts'
import { families, familiesFor, fieldsFor, presetOf, sourceOf } from '../../src/models/index.ts'

const grey = { kind: 'image', size: 8, channels: 1 } as const
const colour = { kind: 'image', size: 8, channels: 3 } as const
const digits = { kind: 'label', classes: ['0', '1', '2'] } as const
const ring = { kind: 'points', dims: 2, unit: 1, toy: 'ring' } as const

describe('matching', () => {
  const match = (takes: Parameters<typeof matchFields>[0], fields: Fields) =>
    matchFields(takes, fields, 'm', 'set')

  test('each need takes the first field of its kind that is left', () => {
    expect(match({ x: image() }, { label: digits, picture: grey, other: colour })).toEqual({ x: 'picture' })
    expect(match({ a: image(), b: image() }, { p: grey, q: colour })).toEqual({ a: 'p', b: 'q' })
    expect(match({ x: image(), y: label() }, { l: digits, i: grey })).toEqual({ x: 'i', y: 'l' })
    expect(match({ x: sample() }, { points: ring })).toEqual({ x: 'points' })
    expect(match({ x: sample() }, { i: grey })).toEqual({ x: 'i' })
  })

  test.each<[string, Parameters<typeof matchFields>[0], Fields, string]>([
    [
      'no labels',
      { x: image(), y: label() },
      { i: grey },
      'm learns from images and labels; set has 8x8x1 images',
    ],
    ['points for images', { x: image() }, { points: ring }, 'm learns from images; set has points (ring)'],
    [
      'labels alone',
      { x: sample() },
      { l: digits },
      'm learns from images or points; set has labels of 3 classes',
    ],
    [
      'one image for two',
      { a: image(), b: image() },
      { i: grey, l: digits },
      'm learns from images and images; set has 8x8x1 images and labels of 3 classes',
    ],
    ['nothing', { x: image() }, {}, 'm learns from images; set has nothing'],
  ])('%s is a DataError that says what there is', (_, takes, fields, message) => {
    expect(() => match(takes, fields)).toThrow(DataError)
    expect(() => match(takes, fields)).toThrow(new DataError(message))
    expect(fits(takes, fields)).toBe(false)
  })
})

test('a field has a shape, and a set of them something that can be generated', () => {
  expect([grey, colour, digits, ring].map(shapeOf)).toEqual([[8, 8, 1], [8, 8, 3], [], [2]])
  expect(sampleOf({ l: digits, i: grey })).toBe(grey)
  expect(sampleOf({ l: digits })).toBeUndefined()
})

describe('of families', () => {
  const images = { name: 'i', count: 3, size: 8, channels: 1, bytes: new Uint8Array(3 * 64) }
  const plain = imageSet(images)
  const labels = imageSet(images, { values: Uint8Array.of(0, 1, 2), name: 'l' })

  test('the fields of a run are called as the family does', () => {
    expect(fieldsFor('cgan', labels)).toEqual({ x: grey, y: digits })
    expect(fieldsFor('dcgan', labels)).toEqual({ x: grey })
    expect(fieldsFor('gan', pointSet('ring'))).toEqual({ x: ring })
    expect(() => fieldsFor('cgan', plain)).toThrow(
      /^cgan learns from images and labels; i has 8x8x1 images: on these train dcgan, gan, /,
    )
    expect(() => fieldsFor('dcgan', pointSet('ring'))).toThrow(
      new DataError('dcgan learns from images; ring has points (ring): on these train gan, wgan, wgan-gp'),
    )
    expect(() => fieldsFor('nonsense', plain)).toThrow(/no model 'nonsense'; there are cgan, dcgan/)
  })

  test('another data set than the run is of is refused before anything is made', () => {
    const fields = fieldsFor('cgan', labels)
    const two = imageSet(images, { values: Uint8Array.of(0, 1, 1), name: 'l' })
    expect(() => sourceOf(two, { model: 'cgan', fields })).toThrow(
      'i has labels of 2 classes, but the run was trained on labels of 3 classes',
    )
    expect(() => sourceOf(plain, { model: 'dcgan', fields: { x: colour } })).toThrow(
      'i has 8x8x1 images, but the run was trained on 8x8x3 images',
    )
  })

  test('labelled images are for all families of images; points for those with a preset', () => {
    const ofImages = familiesFor({ i: grey, l: digits })
    expect(ofImages).toEqual(expect.arrayContaining(['cgan', 'dcgan', 'gan', 'wgan']))
    expect(familiesFor({ i: grey })).not.toContain('cgan')
    expect(familiesFor({ points: ring })).toEqual(
      Object.keys(families).filter((name) => families[name].presets.points),
    )
    expect(presetOf('gan', { x: ring }, true)).toBe(families.gan.presets.points)
    expect(presetOf('gan', { x: grey }, false)).toBe(families.gan.presets.gpu)
    expect(presetOf('gan', { x: grey }, true)).toBe(families.gan.presets.software)
    expect(() => presetOf('cgan', { x: ring }, true)).toThrow(
      'cgan makes images, not points; on points train gan, wgan, wgan-gp',
    )
  })
})
