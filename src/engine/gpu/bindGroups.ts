/** Which buffers a launch reads and writes. Bind groups are kept for the next launch of the kernel on the same places. */
import { ShaderError } from '../errors.ts'
import type { Bindable } from './bindable.ts'
import type { Gpu } from './device.ts'
import type { Kernel } from './pipelines.ts'
import { type PoolBuffer, roundUp } from './pool.ts'

const MAX_BIND_GROUPS = 8192

interface Descriptor extends GPUBindGroupDescriptor {
  entries: { binding: number; resource: GPUBufferBinding }[]
}

/** What each bind group was made of. */
const descriptors = new WeakMap<GPUBindGroup, Descriptor>()

/** Binds `buffers` by name, and marks them as used by the batch being recorded. Throws ShaderError naming what is wrong. */
export function bind(g: Gpu, op: string, kernel: Kernel, buffers: Record<string, Bindable>): GPUBindGroup {
  const entries = kernel.reflection.buffers.map(({ name, binding, writes }) => {
    const tensor = buffers[name]
    if (!tensor) throw new ShaderError(`${kernel.name}: no tensor given for buffer '${name}'`)
    return { binding, tensor, writes, storage: tensor.storageOf(op) }
  })
  for (const a of entries) {
    a.storage.buffer.batch = g.batches.current
    if (a.writes) a.storage.buffer.written = g.recording ? undefined : g.batches.current
    g.recording?.use(a.storage)
    if (a.writes && entries.some((b) => b !== a && b.storage.buffer === a.storage.buffer))
      throw new ShaderError(`${kernel.name}: the buffer written as binding ${a.binding} is bound twice`)
  }
  const key = `${kernel.id}|${entries.map((e) => `${e.storage.buffer.id}+${e.tensor.byteOffset}+${e.tensor.size}`).join('|')}`
  let group = g.bindGroups.get(key)
  if (!group) {
    const bound = entries.map(({ binding, tensor, storage }) => ({
      binding,
      // Whole vec4s, so that a kernel may read the last ones of a size that is no multiple of 4.
      resource: {
        buffer: storage.buffer.buffer,
        offset: tensor.byteOffset,
        size: roundUp(tensor.size * 4, 16),
      },
    }))
    group = create(g, { label: kernel.name, layout: kernel.layout, entries: bound })
    if (g.bindGroups.size >= MAX_BIND_GROUPS) g.bindGroups.clear()
    g.bindGroups.set(key, group)
  }
  return group
}

/** `group` with `to` in the place of `from`. */
export function rebind(g: Gpu, group: GPUBindGroup, from: PoolBuffer, to: PoolBuffer): GPUBindGroup {
  const descriptor = descriptors.get(group)
  if (!descriptor?.entries.some(({ resource }) => resource.buffer === from.buffer)) return group
  const entries = descriptor.entries.map(({ binding, resource }) => ({
    binding,
    resource: resource.buffer === from.buffer ? { ...resource, buffer: to.buffer } : resource,
  }))
  return create(g, { ...descriptor, entries })
}

function create(g: Gpu, descriptor: Descriptor): GPUBindGroup {
  const group = g.device.createBindGroup(descriptor)
  descriptors.set(group, descriptor)
  return group
}
