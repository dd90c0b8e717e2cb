/** The params of launches: slots of a uniform buffer, each launch bound at the offset of its own. */

/** Bytes for the params of a launch: minUniformBufferOffsetAlignment allowed by every device. */
export const SLOT = 256

// By value: WebGPU's constants are missing where no browser is.
const [COPY_DST, UNIFORM] = [0x8, 0x40] // GPUBufferUsage
export const COMPUTE = 4 // GPUShaderStage

/** Makes buffers of params, and what a pass binds to read them. */
export class ParamsBinder {
  readonly layout: GPUBindGroupLayout

  constructor(private readonly device: GPUDevice) {
    this.layout = device.createBindGroupLayout({
      entries: [{ binding: 0, visibility: COMPUTE, buffer: { type: 'uniform', hasDynamicOffset: true } }],
    })
  }

  /** A buffer of `size` bytes, a multiple of SLOT. */
  create(size: number): GPUBuffer {
    return this.device.createBuffer({ label: 'params', size, usage: UNIFORM | COPY_DST })
  }

  bind(buffer: GPUBuffer): GPUBindGroup {
    return this.device.createBindGroup({
      layout: this.layout,
      entries: [{ binding: 0, resource: { buffer, size: SLOT } }],
    })
  }
}
