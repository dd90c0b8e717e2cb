/** Runs a kernel: WGSL file + defines → pipeline → bind group → dispatch. Buffers and params go by name. */

import { LimitError, ShaderError } from '../errors.ts'
import type { Tensor } from '../tensor/tensor.ts'
import { COMPUTE, type Gpu, gpu } from './device.ts'
import type { About } from './dispatch.ts'
import { roundUp } from './pool.ts'
import { type Defines, type Expanded, preprocess, type Reflection, reflect } from './wgsl.ts'

export interface Launch {
  /** The op as its user knows it, for errors; the kernel's name if left out. */
  op?: string
  /** Baked into the source: one pipeline for each set of values. */
  defines?: Defines
  /** Every storage buffer that the source declares, by name. */
  buffers: Record<string, Tensor>
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

interface Kernel {
  name: string
  pipeline: GPUComputePipeline
  layout: GPUBindGroupLayout
  id: number
  reflection: Reflection
  /** Why it cannot run, once that is known. */
  error?: Error
}

/** Sees what each launch has written. */
type Watcher = (op: string, outputs: Tensor[]) => void
let watcher: Watcher | undefined
/** Whether launches are watched: then they have to be made, not replayed. */
export const isWatched = (): boolean => watcher !== undefined

/** Runs `fn`; `see` is told of its launches, and may launch kernels itself, unseen. */
export function watchLaunches(see: Watcher, fn: () => void): void {
  watcher = see
  try {
    fn()
  } finally {
    watcher = undefined
  }
}

const MAX_BIND_GROUPS = 8192
const kernels = new WeakMap<Gpu, { byKey: Map<string, Kernel>; bySource: Map<string, Kernel> }>()

/** Dispatches `src/shaders/<name>.wgsl`. Throws ShaderError naming a missing buffer or param, LimitError for a grid too large. */
export function run(
  name: string,
  { op = name, defines = {}, buffers, params = {}, flops, threads, workgroup = 64 }: Launch,
): void {
  const g = gpu()
  const kernel = compile(g, name, { ...defines, WG: workgroup })
  const grid = foldGrid(
    Math.ceil(threads / workgroup),
    name,
    g.device.limits.maxComputeWorkgroupsPerDimension,
  )
  const live = typeof params === 'function' ? params : undefined
  const slot = kernel.reflection.params.length ? g.allocateParams() : undefined
  if (slot !== undefined) writeParams(kernel, g.arenaView, slot, live ? live() : (params as Params))
  const dispatch = {
    kernel: name,
    pipeline: kernel.pipeline,
    bindGroup: bind(g, op, kernel, buffers),
    params: slot,
    grid,
    ...((g.watch || g.recording) && {
      about: { ...describe(op, kernel, defines, buffers, params), flops: flops?.() },
    }),
  }
  g.recording?.add(dispatch, g.arenaView, live && ((view, at) => writeParams(kernel, view, at, live())))
  g.dispatch(dispatch)
  const see = watcher
  if (!see) return
  watcher = undefined
  see(
    op,
    kernel.reflection.buffers.flatMap(({ name: buffer, writes }) => (writes ? [buffers[buffer]] : [])),
  )
  watcher = see
}

/** Shapes in the place of tensors, which would hold on to their buffers and to the tape. */
function describe(
  op: string,
  { reflection }: Kernel,
  defines: Defines,
  buffers: Record<string, Tensor>,
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

function compile(g: Gpu, name: string, defines: Defines): Kernel {
  let cache = kernels.get(g)
  if (!cache) {
    cache = { byKey: new Map(), bySource: new Map() }
    kernels.set(g, cache)
  }
  const key = `${name} ${JSON.stringify(defines)}`
  const known = cache.byKey.get(key)
  if (known?.error) throw known.error
  if (known) return known
  const expanded = preprocess(`${name}.wgsl`, defines)
  let kernel = cache.bySource.get(expanded.source)
  if (!kernel) {
    kernel = build(g, name, key, expanded, cache.bySource.size)
    cache.bySource.set(expanded.source, kernel)
  }
  cache.byKey.set(key, kernel)
  return kernel
}

function build(g: Gpu, name: string, key: string, { source, origins }: Expanded, id: number): Kernel {
  const { device } = g
  const reflection = reflectOrThrow(name, source)
  const limit = device.limits.maxStorageBuffersPerShaderStage
  if (reflection.buffers.length > limit)
    throw new LimitError(
      `${name}: ${reflection.buffers.length} storage buffers, over this device's maxStorageBuffersPerShaderStage of ${limit}`,
    )
  let module: GPUShaderModule
  const explain = async (error: GPUError): Promise<Error> => {
    const info = await module.getCompilationInfo()
    const first = info.messages.find((m) => m.type === 'error')
    const at = first && origins[first.lineNum - 1]
    const where = at ? `${at.file}:${at.line}: ${first.message}` : error.message
    kernel.error = new ShaderError(`${name}.wgsl does not compile: ${where}\n${numbered(source)}`)
    return kernel.error
  }
  const kernel: Kernel = g.guard(
    name,
    () => {
      module = device.createShaderModule({ label: name, code: source })
      // Explicit, since 'auto' drops the bindings that a variant happens not to use.
      const layout = device.createBindGroupLayout({
        label: name,
        entries: reflection.buffers.map(({ binding, writes }) => ({
          binding,
          visibility: COMPUTE,
          buffer: { type: writes ? 'storage' : 'read-only-storage' },
        })),
      })
      const bindGroupLayouts = reflection.params.length ? [layout, g.paramsLayout] : [layout]
      const pipeline = device.createComputePipeline({
        label: key, // which variant, for whoever looks from outside (npm run isa, a debugger)
        layout: device.createPipelineLayout({ bindGroupLayouts }),
        compute: { module, entryPoint: 'main' },
      })
      return { name, pipeline, layout, id, reflection }
    },
    explain,
  )
  return kernel
}

function reflectOrThrow(name: string, source: string): Reflection {
  try {
    return reflect(source)
  } catch (error) {
    throw new ShaderError(`${name}.wgsl does not parse: ${(error as Error).message}\n${numbered(source)}`)
  }
}

const numbered = (source: string): string =>
  source
    .split('\n')
    .map((line, i) => `${String(i + 1).padStart(4)} ${line}`)
    .join('\n')

function bind(g: Gpu, op: string, kernel: Kernel, buffers: Record<string, Tensor>): GPUBindGroup {
  const entries = kernel.reflection.buffers.map(({ name, binding, writes }) => {
    const tensor = buffers[name]
    if (!tensor) throw new ShaderError(`${kernel.name}: no tensor given for buffer '${name}'`)
    return { binding, tensor, writes, storage: tensor.storageOf(op) }
  })
  for (const a of entries) {
    a.storage.buffer.batch = g.batch
    g.recording?.use(a.storage)
    if (a.writes && entries.some((b) => b !== a && b.storage.buffer === a.storage.buffer))
      throw new ShaderError(`${kernel.name}: the buffer written as binding ${a.binding} is bound twice`)
  }
  const key = `${kernel.id}|${entries.map((e) => `${e.storage.buffer.id}+${e.tensor.byteOffset}+${e.tensor.size}`).join('|')}`
  let group = g.bindGroups.get(key)
  if (!group) {
    group = g.device.createBindGroup({
      label: kernel.name,
      layout: kernel.layout,
      entries: entries.map(({ binding, tensor, storage }) => ({
        binding,
        // Whole vec4s, so that a kernel may read the last ones of a size that is no multiple of 4.
        resource: {
          buffer: storage.buffer.buffer,
          offset: tensor.byteOffset,
          size: roundUp(tensor.size * 4, 16),
        },
      })),
    })
    if (g.bindGroups.size >= MAX_BIND_GROUPS) g.bindGroups.clear()
    g.bindGroups.set(key, group)
  }
  return group
}

function writeParams({ name: kernel, reflection }: Kernel, view: DataView, at: number, params: Params): void {
  for (const { name, offset, type } of reflection.params) {
    const value = params[name]
    if (value === undefined) throw new ShaderError(`${kernel}: no value given for param '${name}'`)
    if (type === 'f32') view.setFloat32(at + offset, value, true)
    else view.setUint32(at + offset, value, true)
  }
}
