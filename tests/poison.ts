/**
 * NaN in every buffer that holds nothing yet, or nothing any more: a kernel that leaves a part of its result unwritten, or
 * reads what it should not, cannot pass a test by the zeros of fresh memory or by what the buffer's last user left there.
 */
import type { Gpu } from '../src/engine/gpu/device.ts'
import type { PoolBuffer, PoolObserver } from '../src/engine/gpu/pool.ts'

/** Of larger buffers the beginning will do. */
const MOST_BYTES = 2 ** 20
const WORKGROUP = 256

const NAME = 'poison'

const SOURCE = `
@group(0) @binding(0) var<storage, read_write> y: array<vec4u>;
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) at: vec3u) {
  if (at.x < arrayLength(&y)) { y[at.x] = vec4u(0x7fc00000u); }
}`

class Poison implements PoolObserver {
  private readonly pipeline: GPUComputePipeline
  private readonly bindGroups = new WeakMap<PoolBuffer, GPUBindGroup>()

  constructor(private readonly g: Gpu) {
    const module = g.device.createShaderModule({ label: NAME, code: SOURCE })
    this.pipeline = g.device.createComputePipeline({ label: NAME, layout: 'auto', compute: { module } })
  }

  /** A buffer that was given back has its NaN already. */
  take(buffer: PoolBuffer): void {
    if (!this.bindGroups.has(buffer)) this.fill(buffer)
  }

  giveBack(buffer: PoolBuffer): void {
    this.fill(buffer)
  }

  /** A launch like the engine's, so in order with them, but seen by nobody who watches or records. */
  private fill(buffer: PoolBuffer): void {
    const { batches, watch, lost } = this.g
    if (watch || lost) return
    const size = Math.min(buffer.bytes, MOST_BYTES)
    batches.begin(false)
    buffer.batch = batches.current
    batches.dispatch({
      kernel: NAME,
      pipeline: this.pipeline,
      compiled: {},
      bindGroup: this.bindGroupOf(buffer, size),
      params: undefined,
      grid: [Math.ceil(size / 16 / WORKGROUP), 1],
    })
  }

  private bindGroupOf(buffer: PoolBuffer, size: number): GPUBindGroup {
    const known = this.bindGroups.get(buffer)
    if (known) return known
    const resource = { buffer: buffer.buffer, size }
    const layout = this.pipeline.getBindGroupLayout(0)
    const made = this.g.device.createBindGroup({ layout, entries: [{ binding: 0, resource }] })
    this.bindGroups.set(buffer, made)
    return made
  }
}

const poisons = new WeakMap<Gpu, Poison>()

/** From now on, what `g` allocates or frees is NaN. Harmless when repeated. */
export function poison(g: Gpu): void {
  const observer = poisons.get(g) ?? new Poison(g)
  poisons.set(g, observer)
  g.pool.observers.add(observer)
}

/** Runs `body` without it, where launches are counted. */
export async function withoutPoison<T>(g: Gpu, body: () => Promise<T>): Promise<T> {
  const observer = poisons.get(g)
  if (observer) g.pool.observers.delete(observer)
  try {
    return await body()
  } finally {
    if (observer) g.pool.observers.add(observer)
  }
}
