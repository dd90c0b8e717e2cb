/** Which compute pipelines are launched in a page, and from what WGSL, whoever makes them. */

export interface Source {
  code: string
  entryPoint?: string
  constants?: Record<string, number>
}

const modules = new WeakMap<GPUShaderModule, string>()
const sources = new WeakMap<GPUComputePipeline, Source>()
const current = new WeakMap<GPUComputePassEncoder, GPUComputePipeline>()
let launched: Set<GPUComputePipeline> | undefined

const sourceOf = ({ compute: { module, entryPoint, constants } }: GPUComputePipelineDescriptor): Source => ({
  code: modules.get(module) ?? '',
  entryPoint,
  constants: constants && { ...constants },
})

/** Call once, before anything is made that launchedIn() shall know. */
export function watchPipelines(): void {
  const device = GPUDevice.prototype
  const pass = GPUComputePassEncoder.prototype
  const { createShaderModule, createComputePipeline, createComputePipelineAsync } = device
  const { setPipeline, dispatchWorkgroups } = pass
  device.createShaderModule = function (descriptor) {
    const made = createShaderModule.call(this, descriptor)
    modules.set(made, descriptor.code)
    return made
  }
  device.createComputePipeline = function (descriptor) {
    const made = createComputePipeline.call(this, descriptor)
    sources.set(made, sourceOf(descriptor))
    return made
  }
  device.createComputePipelineAsync = async function (descriptor) {
    const made = await createComputePipelineAsync.call(this, descriptor)
    sources.set(made, sourceOf(descriptor))
    return made
  }
  pass.setPipeline = function (pipeline) {
    current.set(this, pipeline)
    setPipeline.call(this, pipeline)
  }
  pass.dispatchWorkgroups = function (...groups) {
    const pipeline = current.get(this)
    if (pipeline) launched?.add(pipeline)
    dispatchWorkgroups.apply(this, groups)
  }
}

/** What `body` launches, each pipeline once. */
export async function launchedIn(body: () => Promise<unknown>): Promise<Source[]> {
  const seen = new Set<GPUComputePipeline>()
  launched = seen
  try {
    await body()
  } finally {
    launched = undefined
  }
  return [...seen].flatMap((pipeline) => sources.get(pipeline) ?? [])
}
