// The part of `npm run isa -- --peers` that runs with RADV and its DRM shim loaded: our products as on a GPU, and the WGSL
// of others for the same rows. Nothing executes.
import { readFileSync, writeSync } from 'node:fs'
import type { PeerKernel } from '../bench/isa/peerTable.ts'
import { beginLine, endLine } from '../bench/isa/stats.ts'
import { nameOf } from '../bench/row.ts'
import { products } from '../bench/rows/products.ts'
import { init, scope, shutdown, tensor } from '../src/engine/index.ts'
import { openDawn } from './dawn.ts'
import type { Launched } from './isaPeers.ts'

/** Standard output is the adapter and driver as JSON; standard error has RADV's words, marked by us. */
export async function main([file]: string[]): Promise<number> {
  const launches: Launched[] = JSON.parse(readFileSync(file, 'utf8'))
  let found = {}
  for (const row of products()) {
    const name = nameOf(row)
    shutdown() // so that every row compiles all of its kernels
    const gpu = await init({ gpu: openDawn() })
    const { device, info } = gpu
    Object.assign(gpu, { isSoftware: false, hasQuads: false })
    const create = device.createComputePipeline.bind(device)
    const marked = (descriptor: GPUComputePipelineDescriptor, engine: string): GPUComputePipeline => {
      const about: PeerKernel = { row: name, engine }
      writeSync(2, beginLine(about))
      const pipeline = create(descriptor)
      writeSync(2, endLine)
      return pipeline
    }
    device.createComputePipeline = (descriptor) => marked(descriptor, 'Ganvas')
    scope(() => {
      row.begin(row.inputs.map(({ data, shape }) => tensor(data, shape))).run()
    })
    for (const { engine, sources } of launches.filter((launch) => launch.row === name))
      for (const { code, ...stage } of sources)
        marked({ layout: 'auto', compute: { module: device.createShaderModule({ code }), ...stage } }, engine)
    await gpu.settle()
    found = { device: info.device, driver: info.description }
  }
  console.log(JSON.stringify(found))
  return 0
}
