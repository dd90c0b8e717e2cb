/** Which buffers a launch reads and writes. Bind groups are kept for the next launch of the kernel on the same places. */
import { ShaderError } from '../errors.ts'
import type { Bindable } from './bindable.ts'
import type { Gpu } from './device.ts'
import type { Kernel } from './pipelines.ts'
import { roundUp } from './pool.ts'

const MAX_BIND_GROUPS = 8192

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
