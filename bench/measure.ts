/** One row of the table of kernels: checked against its CPU twin first, then timed, in every variant. */
import type { Gpu } from '../src/engine/gpu/device.ts'
import type { Dispatch } from '../src/engine/gpu/dispatch.ts'
import { scope, type Tensor, tensor } from '../src/engine/index.ts'
import { profile } from '../src/engine/profiling/profile.ts'
import { ref, relativeError } from '../tests/ref/index.ts'
import { type Clock, finished } from './clock.ts'
import type { KernelResult } from './result.ts'
import { type Expected, type Row, type Session, TOLERANCE } from './row.ts'

/** How the engine sees the adapter, which is what it chooses kernels by. */
type Path = Pick<Gpu, 'hasQuads' | 'isSoftware'>

/** The ways in which kernels are chosen that this adapter can run, its own first. */
export function variantsOf({
  hasQuads,
  isSoftware,
}: Path): { name: string; path: Path; isDefault: boolean }[] {
  const all = [
    { name: 'quads', path: { hasQuads: true, isSoftware: true } },
    { name: 'tall', path: { hasQuads: false, isSoftware: true } },
    { name: 'rows', path: { hasQuads: false, isSoftware: false } },
  ]
  return all
    .filter(({ path }) => hasQuads || !path.hasQuads)
    .map((v) => ({ ...v, isDefault: v.path.hasQuads === hasQuads && v.path.isSoftware === isSoftware }))
    .sort((a, b) => Number(b.isDefault) - Number(a.isDefault))
}

/** A result for each variant that launches other kernels than those before it. */
export async function measureRow(g: Gpu, clock: Clock, row: Row): Promise<KernelResult[]> {
  const own: Path = { hasQuads: g.hasQuads, isSoftware: g.isSoftware }
  const results: KernelResult[] = []
  const known: Launches[] = []
  let expected: Expected[] | undefined
  for (const { name, path, isDefault } of variantsOf(own)) {
    Object.assign(g, path)
    const base = { op: row.op, shape: row.shape, variant: name, isDefault, ...row.work }
    try {
      expected ??= row.reference(row.inputs.map(({ data, shape }) => ref(data, shape)))
      const measured = await measureVariant(g, clock, row, expected, known)
      if (measured) results.push({ ...base, ...measured })
    } catch (error) {
      results.push({ ...base, status: 'failed', error: (error as Error).message })
    }
  }
  Object.assign(g, own)
  // Where every path launches the same, there is only one variant.
  return results.length === 1 ? [{ ...results[0], variant: 'only' }] : results
}

/** Which kernels ran on which grids. */
type Launches = Pick<Dispatch, 'pipeline' | 'grid'>[]

const sameLaunches = (a: Launches, b: Launches): boolean =>
  a.length === b.length &&
  a.every((x, i) => x.pipeline === b[i].pipeline && x.grid.every((n, d) => n === b[i].grid[d]))

type Measured = Pick<
  KernelResult,
  'status' | 'error' | 'relativeError' | 'dispatches' | 'cold' | 'warm' | 'noisy'
>

/** Undefined when it launches what one of `known` did, to which it is added. */
async function measureVariant(
  g: Gpu,
  clock: Clock,
  row: Row,
  expected: Expected[],
  known: Launches[],
): Promise<Measured | undefined> {
  const inputs = row.inputs.map(({ data, shape }) => tensor(data, shape))
  let session: Session | undefined
  try {
    session = row.begin(inputs)
    const { run } = session
    await finished(g)

    let first: Tensor[] = []
    let cold = 0
    const { passes } = await profile(g, async () => {
      const start = performance.now()
      first = scope(run)
      await finished(g)
      cold = performance.now() - start
    })
    const launches = passes.flatMap(({ dispatches }) => dispatches)
    const values = await Promise.all(first.map((t) => t.data()))
    for (const t of first) t.dispose()
    if (known.some((other) => sameLaunches(launches, other))) return undefined
    known.push(launches)

    const error = largestError(values, expected)
    const { tolerance = TOLERANCE } = row
    const seen = { dispatches: launches.length, relativeError: Number.isFinite(error) ? error : undefined }
    if (!(error <= tolerance))
      return {
        ...seen,
        status: 'wrong',
        error: `differs from its CPU twin by ${error.toExponential(1)}, more than ${tolerance}`,
      }
    const { times, noisy } = await clock.time(g, () => {
      for (const t of scope(run)) t.dispose()
    })
    return { ...seen, status: 'ok', cold, warm: times, noisy }
  } finally {
    session?.dispose?.()
    for (const t of inputs) t.dispose()
  }
}

/** Of the results, the largest relative error, as a norm. */
function largestError(values: Float32Array[], expected: Expected[]): number {
  if (values.length !== expected.length) return Number.POSITIVE_INFINITY
  return Math.max(
    ...expected.map(({ data, positions }, i) =>
      relativeError(positions ? Array.from(positions, (p) => values[i][p]) : values[i], data),
    ),
  )
}
