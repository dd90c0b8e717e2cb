/** A small classifier of digits, whose features and opinions generated digits are scored by. */
import {
  add,
  byteTable,
  capture,
  gather,
  gatherBytes,
  grad,
  logSumExp,
  mean,
  mul,
  nn,
  noGrad,
  oneHot,
  optim,
  pad,
  permute,
  randomIntegers,
  reshape,
  type safetensors,
  scope,
  seed,
  softmax,
  sub,
  sum,
  type Tensor,
  tensor,
} from '../../engine/index.ts'
import type { Images } from '../data/idx.ts'
import { ImageStore } from '../data/source.ts'
import type { Described } from './metrics/index.ts'

/** Grey images of the digits, and which digit each shows. */
export interface Labelled {
  images: Images
  labels: Uint8Array
}

export const CLASSES = 10
/** Values of the layer before the last: the features. */
export const FEATURES = 64
const SIZE = 28

/** Three convs that halve the size and two dense layers, with batch norm before every ReLU: some 51,000 parameters. */
export class Classifier {
  private readonly convs: nn.Conv2d[]
  private readonly hidden: nn.Linear
  private readonly norms: nn.BatchNorm[]
  private readonly out: nn.Linear

  constructor() {
    const options = { stride: 2, padding: 1, bias: false }
    this.convs = [
      new nn.Conv2d(1, 16, 4, options),
      new nn.Conv2d(16, 32, 4, options),
      new nn.Conv2d(32, 32, 3, options),
    ]
    this.hidden = new nn.Linear(4 * 4 * 32, FEATURES, { bias: false })
    // Each with the ReLU that follows.
    this.norms = [16, 32, 32, FEATURES].map((channels) => new nn.BatchNorm(channels, { slope: 0 }))
    this.out = new nn.Linear(FEATURES, CLASSES)
  }

  /** Images [N, 28, 28, 1] in [-1, 1] -> features [N, 64] */
  features(x: Tensor): Tensor {
    const maps = this.convs.reduce((y, conv, i) => this.norms[i].forward(conv.forward(y)), x) // [N,4,4,32]
    return this.norms[this.convs.length].forward(this.hidden.forward(reshape(maps, [x.shape[0], -1])))
  }

  /** Features [N, 64] -> logits [N, 10] */
  logits(features: Tensor): Tensor {
    return this.out.forward(features)
  }
}

/** -log p(label), averaged: logits [N, classes], labels [N]. */
export function crossEntropy(logits: Tensor, labels: Tensor): Tensor {
  const right = sum(mul(logits, oneHot(labels, { depth: logits.shape[1] })), { axes: 1 })
  return mean(sub(logSumExp(logits, { axes: 1 }), right))
}

export interface TrainingOptions {
  epochs?: number
  batch?: number
  /** Adam's rate at its highest; after the first steps it falls to 0 along a line. */
  lr?: number
  /** Called with steps done, of how many, and the loss; not after every step. */
  onStep?(step: number, steps: number, loss: number): void
}

const SEED = 0
/** Steps in which the rate rises. */
const WARM_UP = 50
/** Steps between two losses read: often enough to show, rarely enough to cost nothing. */
const READ_EVERY = 20

/** A classifier trained on `digits`, from a seed of its own; the caller's to dispose. */
export async function trainClassifier(
  { images, labels }: Labelled,
  { epochs = 3, batch = 128, lr = 5e-3, onStep }: TrainingOptions = {},
): Promise<Classifier> {
  seed(SEED)
  const steps = Math.ceil((epochs * images.count) / batch)
  const net = scope(() => new Classifier())
  const params = nn.parameters(net)
  const rate = (done: number): number => lr * Math.min(1, (done + 1) / WARM_UP) * (1 - done / steps)
  const optimizer = new optim.Adam(params, { lr: rate })
  const pictures = new ImageStore({
    bytes: images.bytes,
    field: { kind: 'image', size: images.size, channels: images.channels },
  })
  const names = byteTable(labels, [1])
  const places = firstPlaces(batch)
  const step = capture(() =>
    scope(() => {
      const indices = randomIntegers([batch], images.count)
      const right = reshape(gatherBytes(names, indices), [batch])
      const loss = crossEntropy(net.logits(net.features(moved(pictures.at(indices), places))), right)
      optimizer.step(grad(loss, params))
      return loss
    }),
  )
  try {
    for (let done = 1; done <= steps; done++) {
      const loss = step()
      if (done % READ_EVERY === 0 || done === steps) onStep?.(done, steps, await loss.item())
    }
  } finally {
    step.dispose()
    optimizer.dispose()
    pictures.dispose()
    names.storage.dispose()
    places.dispose()
  }
  return net
}

/** Pixels that images are moved by, at most: what is learned of one then holds for its neighbours. */
const REACH = 1
const WIDE = SIZE + 2 * REACH

/** The places of SIZE rows of each of N images WIDE rows high, the first of them: [N, SIZE]. */
export const firstPlaces = (N: number): Tensor =>
  tensor(
    Float32Array.from({ length: N * SIZE }, (_, i) => Math.floor(i / SIZE) * WIDE + (i % SIZE)),
    [N, SIZE],
  )

/** Images [N, 28, 28, 1], each moved by up to a pixel each way at random; -1 comes in from beyond its edge. */
export function moved(x: Tensor, places: Tensor): Tensor {
  const [N] = x.shape
  const drawn = (): Tensor => add(places, randomIntegers([N, 1], 2 * REACH + 1))
  const padding = [
    [0, 0],
    [REACH, REACH],
    [REACH, REACH],
    [0, 0],
  ] as const
  const framed = add(pad(add(x, 1), { padding }), -1)
  const rows = gather(reshape(framed, [N * WIDE, WIDE]), drawn()) // [N,28,30]
  const columns = permute(rows, [0, 2, 1]) // [N,30,28]
  const picked = gather(reshape(columns, [N * WIDE, SIZE]), drawn()) // [N,28,28], its columns as rows
  return reshape(permute(picked, [0, 2, 1]), x.shape)
}

/** Images described at once. */
const CHUNK = 500

/** Features and probabilities of images [N, 28, 28, 1] in [-1, 1]. */
export async function describe(net: Classifier, images: Float32Array): Promise<Described> {
  const each = SIZE * SIZE
  const count = images.length / each
  const features = new Float32Array(count * FEATURES)
  const probabilities = new Float32Array(count * CLASSES)
  for (let from = 0; from < count; from += CHUNK) {
    const chunk = images.subarray(from * each, Math.min(count, from + CHUNK) * each)
    const made = scope(() =>
      noGrad(() =>
        nn.evaluating(net, () => {
          const y = net.features(tensor(chunk, [chunk.length / each, SIZE, SIZE, 1]))
          return [y, softmax(net.logits(y), { axis: 1 })]
        }),
      ),
    )
    const [y, p] = await Promise.all(made.map((t) => t.data()))
    for (const t of made) t.dispose()
    features.set(y, from * FEATURES)
    probabilities.set(p, from * CLASSES)
  }
  return {
    features: { values: features, size: FEATURES },
    probabilities: { values: probabilities, size: CLASSES },
  }
}

/** Its values, for a file. */
export async function savedTensors(net: Classifier): Promise<Record<string, safetensors.SavedTensor>> {
  const entries = Object.entries(nn.stateDict(net)).map(
    async ([name, t]) => [name, { shape: t.shape, data: await t.data() }] as const,
  )
  return Object.fromEntries(await Promise.all(entries))
}
