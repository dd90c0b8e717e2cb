/** Kernel launches, how they go into a compute pass, and who may look on. */
import type { Held } from './bindable.ts'
import type { Defines } from './wgsl.ts'

/** What a launch was asked to do. */
export interface About {
  /** The op as its user knows it. */
  op: string
  defines: Defines
  params: Readonly<Record<string, number>>
  /** Useful FLOPs, where they cannot be told from the rest. */
  flops?: number
  /** The optimiser or average that made it, of a launch that updates parameters or an average (see `launchesOf`). */
  owner?: object
  /** What is bound, by name: its shape, whether it is written, the number of its buffer in the pool, its place there. */
  buffers: Readonly<
    Record<string, { shape: readonly number[]; writes: boolean; id: number; offset?: number }>
  >
}

/** One kernel launch, ready to encode. */
export interface Dispatch {
  kernel: string
  pipeline: GPUComputePipeline
  /** Why the pipeline cannot run, once that is known. */
  compiled: { readonly error?: Error }
  bindGroup: GPUBindGroup
  /** Byte offset of the kernel's Params in the buffer that is bound for them; undefined when it has none. */
  params: number | undefined
  grid: readonly [number, number]
  /** Only of launches made while somebody measures or records: nothing else needs it. */
  about?: About
}

/** Launches of one compute pass, and where the GPU writes when it began and ended. */
export interface Pass {
  dispatches: readonly Dispatch[]
  timestampWrites?: GPUComputePassTimestampWrites
}

/** Sees every submit as it is made, while somebody measures (see profile.ts). */
export interface Watch {
  /** Whether each launch gets a pass of its own: then a submit may hold no more than BATCH. */
  readonly each: boolean
  /** Encoding begins. */
  encode(): void
  /** The passes that these launches go in. */
  passes(dispatches: readonly Dispatch[]): Pass[]
  /** The passes are encoded; copies may follow. */
  encoded(encoder: GPUCommandEncoder): void
  submitted(): void
}

/** Writes what differs from replay to replay (a rate, a counter) into the params of a launch. */
export type WriteLive = (view: DataView, at: number) => void

/** Sees every launch as it is made, while a step is recorded (see capture.ts). */
export interface Recorder {
  /** A launch whose params lie in `arena`; `live` writes those that differ each time. */
  add(dispatch: Dispatch, arena: DataView, live?: WriteLive): void
  /** A launch is bound to `storage`. */
  use(storage: Held): void
  /** Throws: what the step has asked for cannot be replayed. */
  refuse(what: string): void
}

/** Given to WebGPU by reference, so that encoding a launch makes no garbage. */
const offset = new Uint32Array(1)

/** `paramsGroup` is bound at each launch's offset. */
export function encodePass(
  encoder: GPUCommandEncoder,
  { dispatches, timestampWrites }: Pass,
  paramsGroup: GPUBindGroup,
): void {
  const pass = encoder.beginComputePass({ timestampWrites })
  for (const d of dispatches) {
    pass.setPipeline(d.pipeline)
    pass.setBindGroup(0, d.bindGroup)
    if (d.params !== undefined) {
      offset[0] = d.params
      pass.setBindGroup(1, paramsGroup, offset, 0, 1)
    }
    pass.dispatchWorkgroups(d.grid[0], d.grid[1])
  }
  pass.end()
}
