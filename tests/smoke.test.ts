import { expect, test } from 'vitest'

test('a compute shader doubles numbers', async () => {
  const adapter = await navigator.gpu.requestAdapter()
  const device = await adapter?.requestDevice()
  if (!device) throw new Error('no device')

  const code = `
    @group(0) @binding(0) var<storage, read_write> x: array<f32>;
    @compute @workgroup_size(1) fn main(@builtin(global_invocation_id) id: vec3u) { x[id.x] *= 2; }`
  const module = device.createShaderModule({ code })
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } })

  const input = new Float32Array([1, -2, 0.5])
  const { STORAGE, COPY_DST, COPY_SRC, MAP_READ } = GPUBufferUsage
  const x = device.createBuffer({ size: input.byteLength, usage: STORAGE | COPY_DST | COPY_SRC })
  const staging = device.createBuffer({ size: input.byteLength, usage: COPY_DST | MAP_READ })
  device.queue.writeBuffer(x, 0, input)

  const encoder = device.createCommandEncoder()
  const pass = encoder.beginComputePass()
  pass.setPipeline(pipeline)
  const entries = [{ binding: 0, resource: { buffer: x } }]
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }))
  pass.dispatchWorkgroups(input.length)
  pass.end()
  encoder.copyBufferToBuffer(x, 0, staging, 0, input.byteLength)
  device.queue.submit([encoder.finish()])

  await staging.mapAsync(GPUMapMode.READ)
  expect([...new Float32Array(staging.getMappedRange())]).toEqual([2, -4, 1])
  device.destroy()
})
