/** Compiled kernels: WGSL file + defines → expanded source → pipeline. Each source is compiled once for a device. */
import { LimitError, ShaderError } from '../errors.ts'
import type { Gpu } from './device.ts'
import { COMPUTE } from './params.ts'
import { type Defines, type Expanded, preprocess, type Reflection, reflect } from './wgsl.ts'

export interface Kernel {
  name: string
  pipeline: GPUComputePipeline
  layout: GPUBindGroupLayout
  id: number
  reflection: Reflection
  /** Why it cannot run, once that is known. */
  error?: Error
}

const kernels = new WeakMap<Gpu, { byKey: Map<string, Kernel>; bySource: Map<string, Kernel> }>()

/** The kernel of `src/shaders/<name>.wgsl` under `defines`. Throws its error once it is known that it does not compile. */
export function compile(g: Gpu, name: string, defines: Defines): Kernel {
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
  const kernel: Kernel = g.failures.guard(
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
      const bindGroupLayouts = reflection.params.length ? [layout, g.params.layout] : [layout]
      const pipeline = device.createComputePipeline({
        label: key, // which variant, for whoever looks from outside (npm run isa, a debugger)
        layout: device.createPipelineLayout({ bindGroupLayouts }),
        compute: { module, entryPoint: 'main' },
      })
      return { name, pipeline, layout, id, reflection }
    },
    { explain },
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
