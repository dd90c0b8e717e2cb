import { expect } from 'vitest'
import * as G from '../../src/engine/index.ts'
import { checkOp } from '../checkOp.ts'
import { evaluate, gpuTest, normalFrom, onEachPath, randomOf } from '../harness.ts'
import * as R from '../ref/index.ts'

type Padding = R.Padding
/** x [N, H, W, Cin], w [kh, kw, Cin, Cout], stride, padding */
const CONVS: [number[], number[], R.Pair, Padding][] = [
  [[1, 1, 1, 1], [1, 1, 1, 1], 1, 0],
  [[1, 5, 7, 3], [3, 3, 3, 4], 1, 1],
  [[2, 8, 8, 1], [4, 4, 1, 5], 2, 1],
  [[2, 7, 6, 4], [3, 3, 4, 8], 2, [0, 1, 0, 1]],
  [[1, 9, 9, 2], [5, 5, 2, 3], 3, 2],
  [[3, 4, 4, 8], [4, 4, 8, 1], 1, 0],
  [[2, 5, 8, 3], [2, 3, 3, 4], [1, 2], 0],
  [[1, 7, 7, 2], [2, 1, 2, 3], 3, 0], // some pixels are never seen
  [[1, 2, 3, 3], [5, 4, 3, 2], 1, [3, 2, 2, 2]], // the kernel is larger than the image
  [[1, 3, 2, 32], [3, 3, 32, 8], 1, 1], // few pixels, many channels: the sum is split
  [[1, 9, 8, 8], [3, 3, 8, 12], 1, 1], // tiles of 64 rows and more
  [[1, 17, 16, 5], [1, 1, 5, 9], 1, 0], // and of 256
  // The taps of a row as one: with values to spare at the edges, and windows that the padding does not fill
  [
    [2, 7, 9, 3],
    [2, 4, 3, 9],
    [1, 2],
    [1, 0, 2, 1],
  ],
  [[1, 8, 6, 1], [3, 5, 1, 4], 2, [0, 2, 1, 1]],
  [[2, 6, 6, 2], [2, 2, 2, 8], 2, 0],
]
/** x [N, H, W, Cin], w [kh, kw, Cout, Cin], stride, padding, output padding */
const TRANSPOSED: [number[], number[], R.Pair, Padding, R.Pair][] = [
  [[2, 4, 3, 5], [4, 4, 3, 5], 2, 1, 0],
  [[1, 4, 5, 4], [3, 3, 3, 4], 2, 1, 1],
  [[1, 3, 4, 2], [5, 5, 3, 2], 3, 1, [2, 1]],
  [[3, 1, 1, 8], [4, 4, 4, 8], 1, 0, 0],
  [[2, 4, 5, 3], [2, 2, 1, 3], 2, 0, 0],
  [[1, 3, 2, 3], [1, 2, 2, 3], [3, 4], 0, [0, 3]], // strides beyond the kernel leave zeros
  [
    [1, 4, 4, 6],
    [3, 5, 9, 6],
    [2, 1],
    [1, 0, 2, 1],
    [1, 0],
  ],
  [[2, 5, 7, 16], [4, 4, 8, 16], 2, 1, 0],
  [[1, 2, 2, 64], [3, 3, 3, 64], 1, 1, 0],
  // A product whose columns are the taps
  [[2, 4, 3, 9], [4, 4, 1, 9], 2, 1, 0],
  [
    [1, 3, 4, 14],
    [3, 3, 3, 14],
    [2, 3],
    [1, 0, 0, 1],
    [1, 2],
  ],
  [[1, 2, 3, 20], [3, 5, 2, 20], [4, 1], 0, [3, 0]],
]

const checkConv = ([x, w, stride, padding]: (typeof CONVS)[number]) =>
  checkOp(`[${x}] by [${w}], stride ${stride}, padding ${padding}`, [x, w], (o, x, w) =>
    o.conv2d(x, w, { stride, padding }),
  )
const checkTransposed = ([x, w, stride, padding, outputPadding]: (typeof TRANSPOSED)[number]) =>
  checkOp(
    `[${x}] by [${w}] transposed, stride ${stride}, padding ${padding}, ${outputPadding}`,
    [x, w],
    (o, x, w) => o.convTranspose2d(x, w, { stride, padding, outputPadding }),
  )

const checkTrio = () => {
  CONVS.forEach(checkConv)
  TRANSPOSED.forEach(checkTransposed)
  for (const [x, w, stride, padding] of CONVS) {
    const [kh, kw, , cout] = w
    const window = { kernel: [kh, kw] as [number, number], stride, padding }
    const { shape } = R.conv2d(R.zeros(x), R.zeros(w), window)
    checkOp(`conv2dWeightGrad [${x}] by [${[kh, kw, cout]}], stride ${stride}`, [x, shape], (o, x, dy) =>
      o.conv2dWeightGrad(x, dy, window),
    )
  }
  for (const cout of [1, 5, 8])
    checkOp(`a bias of ${cout}`, [[2, 3, 4, 4], [3, 2, 4, cout], [cout]], (o, x, w, bias) =>
      o.conv2d(x, w, { bias, padding: 1 }),
    )
  for (const [cout, slope] of [
    [5, 0],
    [8, 0.2],
    [1, 0.2],
  ])
    checkOp(`a bias and a leaky ReLU, ${cout}`, [[2, 3, 4, 4], [3, 2, 4, cout], [cout]], (o, x, w, bias) =>
      o.conv2d(x, w, { bias, slope, padding: 1 }),
    )
  checkOp(
    'a leaky ReLU of a split sum',
    [
      [1, 3, 2, 32],
      [3, 3, 32, 8],
    ],
    (o, x, w) => o.conv2d(x, w, { slope: 0.1, padding: 1 }),
  )
  checkOp('a bias on one channel, transposed', [[2, 3, 4, 9], [4, 4, 1, 9], [1]], (o, x, w, bias) =>
    o.convTranspose2d(x, w, { bias, stride: 2, padding: 1 }),
  )
  checkOp('a bias, transposed', [[2, 3, 4, 3], [4, 4, 6, 3], [6]], (o, x, w, bias) =>
    o.convTranspose2d(x, w, { bias, stride: 2, padding: 1 }),
  )
}
const checkTall = () => {
  checkConv([[1, 17, 16, 5], [1, 1, 5, 9], 1, 0])
  checkTransposed([[1, 16, 17, 4], [2, 1, 8, 4], 1, 0, 0])
}
onEachPath(checkTrio, checkTall)

gpuTest('third derivatives', async () => {
  const window = { stride: 2, padding: 1 }
  const random = randomOf('third')
  const normals = (shape: number[]) =>
    R.ref(
      Float32Array.from({ length: R.size(shape) }, () => normalFrom(random)),
      shape,
    )
  const [x, w] = [normals([1, 5, 5, 2]), normals([3, 3, 2, 3])]
  const [rx, rw, vx, vw] = [x, w, x, w].map((t) => normals(t.shape))

  // P = |dL/dx|² for L = Σ y³ / 3 with y = conv(x, w); then Q = its derivative along r; then Q's along v.
  const P = ([x, w]: R.Ref[]): number => {
    const y = R.conv2d(x, w, window)
    return R.sum(R.square(R.convTranspose2d(R.square(y), w, window))).data[0]
  }
  const Q = (at: R.Ref[]): number => R.directionalDerivative(P, at, [rx, rw], 1e-4)
  const [gx, gw] = await evaluate(() => {
    const leaves = [x, w].map((t) => G.tensor(Float32Array.from(t.data), t.shape, { requiresGrad: true }))
    const L = G.div(G.sum(G.pow(G.conv2d(leaves[0], leaves[1], window), 3)), 3)
    const [dx] = G.grad(L, [leaves[0]], { createGraph: true })
    const [px, pw] = G.grad(G.sum(G.square(dx)), leaves, { createGraph: true })
    const along = (t: G.Tensor, r: R.Ref) => G.sum(G.mul(t, G.tensor(Float32Array.from(r.data), r.shape)))
    return G.grad(G.add(along(px, rx), along(pw, rw)), leaves)
  })
  const dot = (g: ArrayLike<number>, v: R.Ref) => v.data.reduce((s, d, i) => s + d * g[i], 0)
  const norm = Math.hypot(...gx.data, ...gw.data)
  for (const [dx, dw] of [
    [vx, vw],
    [vx, R.zeros(w.shape)],
    [R.zeros(x.shape), vw],
  ]) {
    const expected = R.directionalDerivative(Q, [x, w], [dx, dw], 1e-4)
    expect(Math.abs(dot(gx.data, dx) + dot(gw.data, dw) - expected) / norm).toBeLessThan(1e-4)
  }
})
