/** Data sets by name, from the files that hold them: the same on the command line and on a page. Pure. */
import { DataError } from '../../engine/index.ts'
import { type DataSet, pointSet, stack } from './dataSet.ts'
import { type Images, parseIdx, parseLabels } from './idx.ts'
import { isToyName } from './toys.ts'

/** What a data set is made of, of which a page is told. */
export interface DataFiles {
  /** IDX files, unpacked; none for points. */
  images?: Uint8Array
  labels?: Uint8Array
}

/** How a data set is asked for: its name, and what its files are called in messages. */
export interface DataName {
  /** `mnist`, `stacked`, `idx:PATH`, or the name of a distribution of points. */
  name: string
  /** What its images are called in messages, and its labels if there are any. */
  images?: string
  labels?: string
}

export const STACKED_NAME = 'stacked'

/** Throws DataError naming what is missing or wrong. */
export function openDataSet(
  { name, images: source = name, labels: beside }: DataName,
  files: DataFiles,
): DataSet {
  if (isToyName(name)) return pointSet(name)
  if (!files.images) throw new DataError(`${source}: no images were given`)
  const images = parseIdx(files.images, source)
  const labels = files.labels && {
    values: parseLabels(files.labels, beside ?? 'labels'),
    name: beside ?? 'labels',
  }
  const set = imageSet(images, labels)
  return name === STACKED_NAME ? stack(set) : set
}

/** Images, and labels for each of them, as a data set. Throws DataError when their numbers differ. */
export function imageSet(
  { name, count, size, channels, bytes }: Images,
  labels?: { values: Uint8Array; name: string },
): DataSet {
  if (labels && labels.values.length !== count)
    throw new DataError(`${labels.name}: holds ${labels.values.length} labels for ${count} images in ${name}`)
  return {
    name,
    count,
    columns: {
      image: { field: { kind: 'image', size, channels }, bytes },
      ...(labels && {
        label: { field: { kind: 'label', classes: classesOf(labels.values) }, values: labels.values },
      }),
    },
  }
}

/** "0" to the largest label. */
const classesOf = (labels: Uint8Array): string[] =>
  Array.from({ length: labels.reduce((most, label) => Math.max(most, label), 0) + 1 }, (_, i) => String(i))
