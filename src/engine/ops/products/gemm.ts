/** How a product of M x K by K x N is tiled: the defines that lib/gemm.wgsl and conv2d_weight.wgsl share. */
import { type Gpu, gpu } from '../../gpu/device.ts'
import { run } from '../../gpu/kernel.ts'
import type { Defines } from '../../gpu/wgsl.ts'
import { empty, type Tensor } from '../../tensor/tensor.ts'
import { slopeDefines } from '../lanes.ts'
import { full, leakyRelu } from '../pointwise.ts'
import { sumParts } from '../reduce.ts'
import { type Again, chooseVariant } from './tuned.ts'

/** What an invocation owns of the result. */
interface Tile {
  /** Whether the four invocations of a quad share the rows they load, and so own four times as many. */
  quad: boolean
  /** Rows it loads. */
  TM: number
  /** Groups of up to four columns it loads. */
  NV: number
}

const TILES = {
  rows4: { quad: false, TM: 4, NV: 1 },
  rows8: { quad: false, TM: 8, NV: 1 },
  quad2: { quad: true, TM: 2, NV: 1 },
  quad4: { quad: true, TM: 4, NV: 1 },
  quad4x2: { quad: true, TM: 4, NV: 2 },
  quad8x2: { quad: true, TM: 8, NV: 2 },
} satisfies Record<string, Tile>
type TileName = keyof typeof TILES
/** What `forceVariant` takes for products. */
export const TILE_NAMES = Object.keys(TILES) as TileName[]

/** Multiply-adds from which a larger tile, a third faster on SwiftShader, is worth the quarter of a second that its code takes. */
const LARGE = 4e6

/**
 * The tile for a product of M x N values, of so many multiply-adds, of the problem that `key` names and `again` computes
 * on other tensors.
 */
function tileFor(
  g: Gpu,
  kernel: string,
  key: readonly number[],
  M: number,
  N: number,
  work: number,
  again: () => Again,
): Tile {
  // Operands shared by quad swaps pay where loads are dear, as on CPU-run adapters, and when the tile is filled.
  const quads = g.hasQuads && M >= 8 && N >= 8
  const usual = (): TileName => {
    if (!g.isSoftware || !quads) return g.isSoftware && M >= 256 ? 'rows8' : 'rows4'
    // LLVM (llvmpipe, eight lanes to a subgroup) does more with four rows than with all that it would have to keep of eight.
    const isLlvm = (g.info.subgroupMaxSize ?? 4) > 4
    if (work >= LARGE && M >= 32 && N >= 32 && !isLlvm) return 'quad8x2'
    return M >= 64 ? 'quad4' : 'quad2'
  }
  const variants = TILE_NAMES.filter((name) => g.hasQuads || !TILES[name].quad)
  return TILES[chooseVariant({ problem: `${kernel} ${key.join('x')}`, variants, usual, again })]
}

/** `compute` of `gemm` on tensors of its own. */
function again<G extends { a: Tensor; b: Tensor; bias?: Tensor }>(
  gemm: G,
  compute: (gemm: G) => unknown,
): Again {
  const like = ({ shape }: Tensor): Tensor => full(shape, 0.5)
  const { a, b, bias } = gemm
  const operands = { a: like(a), b: like(b), ...(bias && { bias: like(bias) }) }
  return { operands, launch: () => void compute({ ...gemm, ...operands }) }
}

/** Columns of an invocation, their type, and how b and y are bound. */
function columnDefines(N: number, NV: number): Defines {
  const NU = Math.min(N, 4)
  return {
    NU: `${NU}u`,
    NV: `${NV}u`,
    V: NU === 1 ? 'f32' : `vec${NU}f`,
    T: 'V',
    BITS: NU === 1 ? 'i32' : `vec${NU}i`,
    SCALAR_V: NU === 1,
    VEC_Y: N % 4 === 0,
    LAST_N: `${N % 4 === 0 ? N - 4 : N - 1}u`,
  }
}

interface Grid {
  tilesM: number
  tilesN: number
  units: number
  threads: number
  workgroup: number
}

/** Tiles over rows, columns and z, and the invocations that compute them. */
function gridFor(g: Gpu, M: number, N: number, z: number, { quad, TM, NV }: Tile): Grid {
  const rotations = quad ? 4 : 1
  const tilesM = Math.ceil(M / (TM * rotations))
  const tilesN = Math.ceil(N / (Math.min(N, 4) * NV * rotations))
  const units = tilesM * tilesN * z
  const threads = units * rotations
  return { tilesM, tilesN, units, threads, workgroup: workgroupFor(g, threads) }
}

/** A CPU-run adapter deals whole workgroups to its threads: small ones share the work evenly. */
function workgroupFor({ isSoftware }: Gpu, threads: number): number {
  if (!isSoftware) return 64
  let size = 64
  while (size > 4 && threads / size < 32) size /= 2
  return size
}

const gridDefines = ({ tilesM, tilesN, units }: Grid, { quad, TM, NV }: Tile): Defines => ({
  QUAD: quad,
  ROTATIONS: quad ? 4 : 1,
  RESULTS: quad ? `${4 * TM * NV}u` : undefined,
  TILES_M: `${tilesM}u`,
  TILES_N: `${tilesN}u`,
  UNITS: `${units}u`,
})

/** Invocations below which an adapter idles, and k is worth splitting. */
const busyThreads = ({ isSoftware }: Gpu): number => (isSoftware ? 64 : 4096)

export interface RowGemm {
  kernel: 'matmul' | 'conv2d' | 'conv2d_transpose'
  /** As its user knows it. */
  op: string
  a: Tensor
  b: Tensor
  bias?: Tensor
  /** Of a leaky ReLU of the result, if it is to have one. */
  slope?: number
  /** Shape of the result, [z, M, N] in memory order (phases of a transposed conv interleave). */
  shape: readonly number[]
  M: number
  N: number
  KC: number
  taps: number
  /** Batches, or phases. */
  Z: number
  /** Whether all taps of all rows point into a. */
  inside: boolean
  /** Whether the rows that taps point to begin at whole vec4s where KC is a multiple of 4; so unless said otherwise. */
  aligned?: boolean
  bTransposed: boolean
  yTransposed?: boolean
  /** Useful FLOPs, where these are not of the sizes above. */
  flops?: () => number
  /** The kernel's own defines; `lanes` is 4 where a is bound as vec4s. */
  defines: (lanes: number) => Defines
}

/** The result of a kernel built on lib/gemm.wgsl, of `shape`. Splits k, and adds the parts afterwards, when there are few tiles. */
export function rowGemm(gemm: RowGemm): Tensor {
  const { kernel, op, a, b, bias, slope, shape, M, N, KC, taps, Z } = gemm
  const { inside, aligned = true, bTransposed, yTransposed, flops, defines } = gemm
  const g = gpu()
  const tile = tileFor(g, kernel, [Z, M, N, taps, KC], M, N, M * N * KC * taps * Z, () =>
    again(gemm, rowGemm),
  )
  const KU = KC % 4 === 0 ? 4 : KC % 3 === 0 ? 3 : KC % 2 === 0 ? 2 : 1
  const vecA = KU === 4 && aligned
  const steps = KC / KU
  const slices = !yTransposed ? splitsOf(steps, taps, busyThreads(g) / gridFor(g, M, N, Z, tile).threads) : 1
  const grid = gridFor(g, M, N, Z * slices, tile)
  const y = empty(slices > 1 ? [slices, ...shape] : shape, op)
  const columns = columnDefines(N, tile.NV)
  run(kernel, {
    op,
    defines: {
      ...columns,
      ...gridDefines(grid, tile),
      ...defines(vecA ? 4 : 1),
      M: `${M}u`,
      N: `${N}u`,
      Z: `${Z}u`,
      TM: `${tile.TM}u`,
      KC: `${KC}u`,
      KU: `${KU}u`,
      TERMS: `${KU}u`,
      TAPS: `${taps}u`,
      KSTEPS: `${steps / slices}u`,
      Y_SIZE: `${y.size / slices}u`,
      VEC_A: vecA,
      INSIDE: inside,
      VEC_B: !bTransposed && N % 4 === 0,
      VEC_BT: bTransposed && KU === 4,
      B_TRANSPOSED: bTransposed,
      VEC_Y: columns.VEC_Y && !yTransposed,
      Y_TRANSPOSED: yTransposed,
      HAS_BIAS: bias !== undefined && slices === 1,
      ...(slices === 1 && slopeDefines(slope)),
    },
    buffers: { a, b, y, ...(bias && slices === 1 && { bias }) },
    flops,
    threads: grid.threads,
    workgroup: grid.workgroup,
  })
  if (slices === 1) return y
  const whole = sumParts(y, [1, slices], shape, bias)
  return slope === undefined ? whole : leakyRelu(whole, { slope })
}

/** A divisor of `steps`, near `wanted`, that leaves each slice work worth a pass. */
function splitsOf(steps: number, taps: number, wanted: number): number {
  let best = 1
  for (let s = 2; s <= Math.min(wanted, 32); s++) if (steps % s === 0 && (steps / s) * taps >= 8) best = s
  return best
}

/** The largest divisor of n up to `most`. */
export function divisorUpTo(n: number, most: number): number {
  for (let d = Math.min(n, most); d > 1; d--) if (n % d === 0) return d
  return 1
}

export interface ColumnGemm {
  op: string
  /** [images, H, W, C] of one batch */
  a: Tensor
  b: Tensor
  /** Of the result, [batches, M, N] in memory order. */
  shape: readonly number[]
  M: number
  N: number
  C: number
  /** Output lines of one batch, pixels of a line. */
  lines: number
  WO: number
  batches: number
  aBatch: number
  bBatch: number
  /** The conv's geometry. */
  defines: Defines
}

/** The result of conv2d_weight.wgsl, of `shape`. Splits the lines, and adds the parts afterwards, when there are few tiles. */
export function columnGemm(gemm: ColumnGemm): Tensor {
  const { op, a, b, shape, M, N, C, lines, WO, batches, aBatch, bBatch, defines } = gemm
  const g = gpu()
  const pixels = lines * WO
  const { quad, TM, NV } = tileFor(
    g,
    'conv2d_weight',
    [batches, M, N, lines, WO],
    M,
    N,
    batches * pixels * M * N,
    () => again(gemm, columnGemm),
  )
  const tile = { quad, TM: Math.max(TM, 4), NV } // rows come in fours
  const terms = quad ? Math.min(lines, 4) : 1
  const wanted = busyThreads(g) / gridFor(g, M, N, batches, tile).threads
  const least = Math.max(Math.ceil(8 / WO), Math.ceil(lines / Math.max(1, Math.min(wanted, 64))))
  const perSlice = Math.ceil(least / terms) * terms
  const slices = Math.ceil(lines / perSlice)
  const grid = gridFor(g, M, N, batches * slices, tile)
  const y = empty(slices > 1 ? [batches, slices, M, N] : shape, op)
  const vecA = C % 4 === 0
  run('conv2d_weight', {
    op,
    defines: {
      ...columnDefines(N, tile.NV),
      ...gridDefines(grid, tile),
      ...defines,
      M: `${M}u`,
      N: `${N}u`,
      TM: `${tile.TM}u`,
      MV: `${tile.TM / 4}u`,
      TERMS: terms,
      C,
      WO,
      LINES: lines,
      LINES_PER_SLICE: perSlice,
      SLICES: `${slices}u`,
      A_LOADS: vecA ? 1 : 4,
      A_WIDTH: vecA ? 4 : 1,
      A_BATCH: `${aBatch}u`,
      B_BATCH: `${bBatch}u`,
      VEC_A: vecA,
      VEC_B: N % 4 === 0,
      SPAN: vecA && !quad && tile.TM === 4,
    },
    buffers: { a, b, y },
    params: { pixels: WO },
    threads: grid.threads,
    workgroup: grid.workgroup,
  })
  return slices === 1 ? y : sumParts(y, [batches, slices], shape)
}
