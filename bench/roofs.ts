/** What the adapter can do at best, measured with kernels that do nothing else: the roofs that rows are held against. */
import type { Gpu } from '../src/engine/gpu/device.ts'
import { run } from '../src/engine/gpu/kernel.ts'
import { addShaders } from '../src/engine/gpu/wgsl.ts'
import { type Tensor, zeros } from '../src/engine/index.ts'
import { empty } from '../src/engine/tensor/tensor.ts'
import { type Clock, finished } from './clock.ts'
import type { Roofs } from './result.ts'
import { quantiles } from './stats.ts'

const files = import.meta.glob<string>('./shaders/*.wgsl', { query: '?raw', import: 'default', eager: true })
addShaders(Object.fromEntries(Object.entries(files).map(([path, text]) => [path.split('/').at(-1), text])))

/** One measurement of all roofs; Roofs has two. */
export interface RoofRun {
  multiplyAdd: { best: number; accumulators: number; workgroup: number; fused: boolean }
  bandwidth: { bytes: number; copy: number; read: number; write: number }[]
  dispatchGpu: Roofs['dispatchGpu']
  dispatchCpu: Roofs['dispatchCpu']
  emptySubmit: Roofs['emptySubmit']
  readback: Roofs['readback']
}

export async function measureRoofs(g: Gpu, clock: Clock): Promise<RoofRun> {
  const y = zeros([64])
  const roofs = {
    multiplyAdd: await multiplyAdd(g, clock, y),
    bandwidth: await bandwidth(g, clock),
    ...(await dispatches(g, clock, y)),
    emptySubmit: await repeated(30, async () => {
      g.device.queue.submit([])
      await g.device.queue.onSubmittedWorkDone()
    }),
    readback: await repeated(30, async () => void (await g.read(y.storageOf('readback').buffer, 0, 4))),
  }
  y.dispose()
  return roofs
}

/** vec4s an invocation sends through each round of the loop. */
const PER_ROUND = 32
const ROUNDS = 64

async function multiplyAdd(g: Gpu, clock: Clock, y: Tensor): Promise<RoofRun['multiplyAdd']> {
  // Enough to fill any GPU, and to last milliseconds on a CPU.
  const threads = g.isSoftware ? 2 ** 13 : 2 ** 20
  const flops = threads * 2 * 4 * PER_ROUND * ROUNDS
  let found: RoofRun['multiplyAdd'] = { best: 0, accumulators: 0, workgroup: 0, fused: false }
  const attempt = async (accumulators: number, workgroup: number, fused: boolean): Promise<void> => {
    const work = () =>
      run('multiply_add', {
        defines: {
          ACCUMULATORS: accumulators,
          UNROLL: PER_ROUND / accumulators,
          ROUNDS: `${ROUNDS}u`,
          FUSED: fused,
        },
        buffers: { y },
        params: { a: 0.999, b: 0.001 },
        threads,
        workgroup,
      })
    const best = flops / (await warmTime(g, clock, work)) / 1e6
    if (best > found.best) found = { best, accumulators, workgroup, fused }
  }
  for (const workgroup of [32, 64, 256])
    for (const accumulators of [1, 2, 4, 8]) await attempt(accumulators, workgroup, false)
  await attempt(found.accumulators, found.workgroup, true)
  return found
}

const MIB = 2 ** 20
/** Of one buffer: in any cache, in a large one, and in none. */
const SIZES = [MIB, 16 * MIB, 128 * MIB]

async function bandwidth(g: Gpu, clock: Clock): Promise<RoofRun['bandwidth']> {
  const rows: RoofRun['bandwidth'] = []
  for (const bytes of SIZES) {
    if (bytes > g.device.limits.maxStorageBufferBindingSize) continue
    const [x, y] = [zeros([bytes / 4]), empty([bytes / 4])]
    const rate = async (mode: 'COPY' | 'READ' | 'WRITE'): Promise<number> => {
      const moved = mode === 'COPY' ? 2 * bytes : bytes
      let best = 0
      for (const per of [1, 4]) {
        const work = () =>
          run('stream', {
            defines: { [mode]: true, PER: `${per}u` },
            buffers: mode === 'WRITE' ? { y } : { x, y },
            params: { n: bytes / 16, value: -1 },
            threads: bytes / 16 / per,
          })
        best = Math.max(best, moved / (await warmTime(g, clock, work)) / 1e6)
      }
      return best
    }
    rows.push({ bytes, copy: await rate('COPY'), read: await rate('READ'), write: await rate('WRITE') })
    x.dispose()
    y.dispose()
  }
  g.trim()
  return rows
}

/** The median of `work`, compiled before, in ms. */
async function warmTime(g: Gpu, clock: Clock, work: () => void): Promise<number> {
  work()
  await finished(g)
  return (await clock.quickly(g, work)).median
}

/** Dispatches of one submit. */
const BATCH = 48

/** What each of many dispatches costs, µs: on the GPU, and in JavaScript until it is submitted. */
async function dispatches(
  g: Gpu,
  clock: Clock,
  y: Tensor,
): Promise<Pick<RoofRun, 'dispatchGpu' | 'dispatchCpu'>> {
  const batch = (): void => {
    for (let i = 0; i < BATCH; i++) run('nothing', { buffers: { y }, threads: 1, workgroup: 1 })
    g.flush()
  }
  batch()
  await finished(g)
  const { p10, median, p90 } = await clock.quickly(g, batch)
  const perDispatch = (ms: number): number => (1000 * ms) / BATCH
  const cpu = await repeated(30, async () => batch())
  return {
    dispatchGpu: { p10: perDispatch(p10), median: perDispatch(median), p90: perDispatch(p90) },
    dispatchCpu: { p10: cpu.p10 / BATCH, median: cpu.median / BATCH, p90: cpu.p90 / BATCH },
  }
}

/** µs of each of `count` calls. */
async function repeated(count: number, call: () => Promise<void>): Promise<Roofs['readback']> {
  const times: number[] = []
  for (let i = 0; i < count; i++) {
    const start = performance.now()
    await call()
    times.push(1000 * (performance.now() - start))
  }
  return quantiles(times)
}
