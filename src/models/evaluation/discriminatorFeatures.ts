/**
 * What a discriminator has learned to see: digits told apart by a linear classifier on its features (Radford et al. 2015,
 * arXiv:1511.06434, section 5).
 */
import {
  add,
  capture,
  concat,
  gather,
  grad,
  maxPool2d,
  mean,
  mul,
  neg,
  nn,
  oneHot,
  optim,
  randomIntegers,
  relu,
  reshape,
  scope,
  seed,
  square,
  sub,
  sum,
  type Tensor,
  tensor,
} from '../../engine/index.ts'
import type { ImageField } from '../data/fields.ts'
import type { Images } from '../data/idx.ts'
import { type Model, read } from '../family.ts'
import type { Labelled } from './classifier.ts'
import { labelsOf } from './metrics/labels.ts'
import { countOf, type Rows } from './metrics/rows.ts'

/** A discriminator whose layers can be looked into. */
interface Layered {
  /** What each conv layer makes of images [N, H, W, C], after its non-linearity: [N, h, w, c]. */
  maps(x: Tensor): Tensor[]
}

/** The network of `model` that can be looked into, such as DCGAN's discriminator. */
export const layeredOf = ({ networks }: Model): Layered | undefined =>
  Object.values(networks).find((net): net is Layered => 'maps' in net)

const GRID = 4
const CHUNK = 500

/** Each map's largest values on a 4x4 grid, flattened: [N, 16 c]. */
function pooled(map: Tensor): Tensor {
  const [N, height, width] = map.shape
  const [sh, sw] = [height, width].map((size) => Math.floor(size / GRID))
  const kernel = [height - (GRID - 1) * sh, width - (GRID - 1) * sw] as const
  return reshape(maxPool2d(map, { kernel, stride: [sh, sw] }), [N, -1])
}

/** Features of images [N, size, size, channels] in [-1, 1]: all layers' maps pooled, one after the other. */
export async function discriminatorFeatures(
  network: Layered,
  { size, channels }: Pick<ImageField, 'size' | 'channels'>,
  images: Float32Array,
): Promise<Rows> {
  const each = size * size * channels
  const count = images.length / each
  let values: Float32Array | undefined
  for (let from = 0; from < count; from += CHUNK) {
    const chunk = images.subarray(from * each, Math.min(count, from + CHUNK) * each)
    const x = (): Tensor => tensor(chunk, [chunk.length / each, size, size, channels])
    const made = await read(() =>
      nn.evaluating(network, () => concat(network.maps(x()).map(pooled), { axis: 1 })),
    )
    const width = made.length / (chunk.length / each)
    values ??= new Float32Array(count * width)
    values.set(made, from * width)
  }
  const all = values ?? new Float32Array()
  return { values: all, size: all.length / count }
}

const SVM = { steps: 500, batch: 250, lr: 3e-3, decay: 1e-4 }

/**
 * Share of test rows that a linear classifier on `train` names rightly: an L2-SVM for each class, as the paper takes, with
 * squared hinge and weight decay, by Adam. Every feature is first brought to mean 0 and deviation 1 over `train`.
 */
export async function linearAccuracy(
  { rows: train, labels }: { rows: Rows; labels: Uint8Array },
  test: { rows: Rows; labels: Uint8Array },
  classes = 10,
): Promise<number> {
  seed(0)
  const [x, unseen] = standardised(train, test.rows)
  const shape = [countOf(train), train.size]
  const table = tensor(x.values, shape)
  const names = tensor(Float32Array.from(labels))
  const net = scope(() => new nn.Linear(train.size, classes))
  const params = nn.parameters(net)
  const optimizer = new optim.Adam(params, { lr: (done) => SVM.lr * (1 - done / SVM.steps) })
  const step = capture(() =>
    scope(() => {
      const drawn = randomIntegers([SVM.batch], shape[0])
      const sides = sub(mul(oneHot(gather(names, drawn), { depth: classes }), 2), 1) // 1 for its class, -1 for others
      const scores = net.forward(gather(table, drawn))
      const hinge = mean(sum(square(relu(add(neg(mul(sides, scores)), 1))), { axes: 1 }))
      const loss = add(hinge, mul(sum(square(net.weight)), SVM.decay))
      optimizer.step(grad(loss, params))
      return loss
    }),
  )
  let right = 0
  try {
    for (let i = 0; i < SVM.steps; i++) {
      const loss = step()
      if (i % 50 === 0) await loss.item() // so as not to run ahead of a slow adapter
    }
    const scores = await read(() => net.forward(tensor(unseen.values, [countOf(unseen), unseen.size])))
    labelsOf({ values: scores, size: classes }).forEach((label, i) => {
      right += Number(label === test.labels[i])
    })
  } finally {
    step.dispose()
    optimizer.dispose()
    for (const t of [table, names, ...params]) t.dispose()
  }
  return right / test.labels.length
}

/** Both with the mean and deviation of the first taken off. */
function standardised(train: Rows, test: Rows): [Rows, Rows] {
  const { values, size } = train
  const count = countOf(train)
  const means = new Float64Array(size)
  const squares = new Float64Array(size)
  values.forEach((x, i) => {
    means[i % size] += x / count
    squares[i % size] += (x * x) / count
  })
  const scale = squares.map((s, i) => {
    const variance = s - means[i] ** 2
    return variance > 1e-12 ? 1 / Math.sqrt(variance) : 0
  })
  const apply = (rows: Rows): Rows => ({
    size,
    values: rows.values.map((x, i) => (x - means[i % size]) * scale[i % size]),
  })
  return [apply(train), apply(test)]
}

/** The first images of every class, as many of each as make `count`. */
export function balanced({ images, labels }: Labelled, count: number, classes = 10): Labelled {
  const left = new Array<number>(classes).fill(count / classes)
  const places = [...labels.keys()].filter((i) => left[labels[i]]-- > 0)
  const each = images.bytes.length / images.count
  const bytes = new Uint8Array(places.length * each)
  places.forEach((place, i) => {
    bytes.set(images.bytes.subarray(place * each, (place + 1) * each), i * each)
  })
  const chosen: Images = { ...images, count: places.length, bytes }
  return { images: chosen, labels: Uint8Array.from(places, (place) => labels[place]) }
}
