// Data sets in memory: by name from their files, with their labels, stacked, as points.
import { expect, test } from 'vitest'
import { DataError } from '../../src/engine/errors.ts'
import { fieldsOf, imagesOf, isLabelColumn, pointSet, stack } from '../../src/models/data/dataSet.ts'
import { parseLabels } from '../../src/models/data/idx.ts'
import { imageSet, openDataSet } from '../../src/models/data/open.ts'
import { idx } from './idx.ts'

/** A file of labels. */
const labelled = (...labels: number[]): Uint8Array =>
  Uint8Array.of(0, 0, 8, 1, 0, 0, 0, labels.length, ...labels)
const names = { name: 'mnist', images: 'digits', labels: 'their labels' }

test('images come alone, or with a label each', () => {
  const alone = openDataSet(names, { images: idx([3, 4, 4]) })
  expect(alone).toMatchObject({ name: 'digits', count: 3 })
  expect(fieldsOf(alone)).toEqual({ image: { kind: 'image', size: 4, channels: 1 } })
  const set = openDataSet(names, { images: idx([3, 4, 4]), labels: labelled(2, 0, 2) })
  expect(fieldsOf(set)).toEqual({
    image: { kind: 'image', size: 4, channels: 1 },
    label: { kind: 'label', classes: ['0', '1', '2'] }, // up to the largest
  })
  const label = set.columns.label
  expect(isLabelColumn(label) && [...label.values]).toEqual([2, 0, 2])
  expect([...imagesOf(set).bytes.subarray(0, 3)]).toEqual([0, 37, 74])
})

test('as many labels as images', () => {
  const open = (...labels: number[]) =>
    openDataSet(names, { images: idx([3, 4, 4]), labels: labelled(...labels) })
  for (const labels of [
    [1, 2],
    [1, 2, 3, 4],
  ]) {
    expect(() => open(...labels)).toThrow(DataError)
    expect(() => open(...labels)).toThrow(
      `their labels: holds ${labels.length} labels for 3 images in digits`,
    )
  }
  const images = { name: 'i', count: 1, size: 1, channels: 1, bytes: new Uint8Array(1) }
  expect(() => imageSet(images, { values: new Uint8Array(2), name: 'l' })).toThrow(
    'l: holds 2 labels for 1 images in i',
  )
})

test('a file that is missing or wrong is named', () => {
  expect(() => openDataSet(names, {})).toThrow('digits: no images were given')
  expect(() => openDataSet({ name: 'idx:x' }, {})).toThrow('idx:x: no images were given')
  expect(() => openDataSet(names, { images: labelled(1) })).toThrow(
    'digits: has 1 dimension, so labels perhaps',
  )
  expect(() => openDataSet(names, { images: idx([3, 4, 4]), labels: idx([3, 4, 4]) })).toThrow(
    'their labels: is not an IDX file of labels',
  )
})

test('labels are read from an IDX file, and nothing else is', () => {
  const file = labelled(7, 8, 9)
  expect([...parseLabels(file, 'x')]).toEqual([7, 8, 9])
  expect(() => parseLabels(file.subarray(0, 10), 'cut')).toThrow('cut: holds 2 labels, its header says 3')
  expect(() => parseLabels(Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 3), 'pictures')).toThrow(DataError)
})

test('stacked are grey images alone, without labels', () => {
  const files = { images: idx([3, 4, 4]), labels: labelled(0, 1, 2) }
  const set = openDataSet({ ...names, name: 'stacked' }, files)
  expect(fieldsOf(set)).toEqual({ image: { kind: 'image', size: 4, channels: 3, stacked: true } })
  expect(imagesOf(set).bytes).toHaveLength(48)
  const colours = openDataSet({ name: 'colours' }, { images: idx([3, 4, 4, 3]) })
  expect(() => stack(colours)).toThrow('colours: only grey images can be stacked, these have 3 channels')
})

test('points are a distribution, and no images', () => {
  const set = openDataSet({ name: 'ring' }, {})
  expect(set).toEqual(pointSet('ring'))
  expect(fieldsOf(set)).toEqual({ points: { kind: 'points', dims: 2, unit: 1, toy: 'ring' } })
  expect(() => imagesOf(set)).toThrow('ring: holds no images')
  expect(() => stack(set)).toThrow('ring: holds no images')
  expect(() => pointSet('torus')).toThrow("no points 'torus'; there are normal, bimodal, ring, grid, spiral")
})
