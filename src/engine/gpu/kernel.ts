/** Runs a kernel: WGSL file + defines → pipeline → bind group → dispatch. Buffers and params go by name. */
import { LimitError, ShaderError } from '../errors.ts'
import type { Bindable } from './bindable.ts'
import { bind } from './bindGroups.ts'
import { gpu } from './device.ts'
import type { About } from './dispatch.ts'
import { compile, type Kernel } from './pipelines.ts'
import { isWatched, launchOwner, tellWatcher } from './watching.ts'
import type { Defines } from './wgsl.ts'

export interface Launch {
  /** The op as its user knows it, for errors; the kernel's name if left out. */
  op?: string
  /** Baked into the source: one pipeline for each set of values. */
  defines?: Defines
  /** Every storage buffer that the source declares, by name. */
  buffers: Record<string, Bindable>
  /** Every member of `Params`, by name; a function where they differ each time that a recorded step is replayed. */
  params?: Params | (() => Params)
  /** Useful FLOPs, where the defines and buffers do not tell (see work.ts); asked for when somebody measures. */
  flops?: () => number
  /** Invocations wanted; the file's `main` must ignore those beyond. */
  threads: number
  /** Invocations of a workgroup; the define WG. */
  workgroup?: number
}

type Params = Record<string, number>

/** Dispatches `src/shaders/<name>.wgsl`. Throws ShaderError naming a missing buffer or param, LimitError for a grid too large. */
export function run(
  name: string,
  { op = name, defines = {}, buffers, params = {}, flops, threads, workgroup = 64 }: Launch,
): void {
  const g = gpu()
  const { arenaView } = g.batches
  const kernel = compile(g, name, { ...defines, WG: workgroup })
  const grid = foldGrid(
    Math.ceil(threads / workgroup),
    name,
    g.device.limits.maxComputeWorkgroupsPerDimension,
  )
  const live = typeof params === 'function' ? params : undefined
  const values = typeof params === 'function' ? params() : params
  const slot = g.batches.begin(kernel.reflection.params.length > 0)
  if (slot !== undefined) writeParams(kernel, arenaView, slot, values)
  const dispatch = {
    kernel: name,
    pipeline: kernel.pipeline,
    compiled: kernel,
    bindGroup: bind(g, op, kernel, buffers),
    params: slot,
    grid,
    ...((g.watch || g.recording) && {
      about: { ...describe(op, kernel, defines, buffers, params), flops: flops?.(), owner: launchOwner() },
    }),
  }
  g.recording?.add(dispatch, arenaView, live && ((view, at) => writeParams(kernel, view, at, live())))
  g.batches.dispatch(dispatch)
  if (isWatched())
    tellWatcher(
      op,
      kernel.reflection.buffers.flatMap(({ name: buffer, writes }) => (writes ? [buffers[buffer]] : [])),
    )
}

/** Shapes in the place of tensors, which would hold on to their buffers and to the tape. */
function describe(
  op: string,
  { reflection }: Kernel,
  defines: Defines,
  buffers: Record<string, Bindable>,
  params: Launch['params'],
): About {
  // What changes from replay to replay says nothing about the work.
  const known = typeof params === 'object' ? params : {}
  const bound = reflection.buffers.map(({ name, writes }) => {
    const { shape, byteOffset: offset } = buffers[name]
    return [name, { shape, writes, id: buffers[name].storageOf(op).buffer.id, offset }] as const
  })
  return { op, defines, params: known, buffers: Object.fromEntries(bound) }
}

/** Workgroups as (x, y) within the limit of a dimension; `globalIndex` in lib/index.wgsl undoes the fold. */
export function foldGrid(groups: number, kernel: string, limit: number): [number, number] {
  if (groups <= limit) return [groups, 1]
  const y = Math.ceil(groups / limit)
  if (y > limit)
    throw new LimitError(
      `${kernel}: ${groups} workgroups exceed ${limit} x ${limit} (maxComputeWorkgroupsPerDimension)`,
    )
  return [Math.ceil(groups / y), y]
}

function writeParams({ name: kernel, reflection }: Kernel, view: DataView, at: number, params: Params): void {
  for (const { name, offset, type } of reflection.params) {
    const value = params[name]
    if (value === undefined) throw new ShaderError(`${kernel}: no value given for param '${name}'`)
    if (type === 'f32') view.setFloat32(at + offset, value, true)
    else view.setUint32(at + offset, value, true)
  }
}
