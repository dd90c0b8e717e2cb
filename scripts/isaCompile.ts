// The part of `npm run isa` that runs with RADV and its DRM shim loaded, one process a chip: launches the kernels, so
// that the driver compiles and describes them. Nothing executes.
import { writeSync } from 'node:fs'
import { beginLine, endLine } from '../bench/isa/stats.ts'
import { work } from '../bench/isa/work.ts'
import { init } from '../src/engine/index.ts'
import { forceVariant } from '../src/engine/ops/products/tuned.ts'
import { openDawn } from './dawn.ts'

/** What the driver's output about a pipeline is marked with. */
export interface About {
  label: string
  /** The first work that launched it. */
  by: string
}

/** Standard output is the adapter and driver as JSON; standard error has RADV's words, marked by us. */
export async function main(): Promise<number> {
  const gpu = await init({ gpu: openDawn() })
  const { device, info } = gpu
  let by = ''
  const create = device.createComputePipeline.bind(device)
  device.createComputePipeline = (descriptor) => {
    writeSync(2, beginLine({ label: descriptor.label, by }))
    const pipeline = create(descriptor)
    writeSync(2, endLine)
    return pipeline
  }
  for (const { name, path, run } of work()) {
    by = name
    Object.assign(gpu, { isSoftware: path === 'quad', hasQuads: path === 'quad' })
    // The larger quad tile keeps its sums on a CPU's stack: no GPU is meant to run it.
    forceVariant(path === 'quad' ? 'quad4' : undefined)
    await run()
  }
  await gpu.settle()
  console.log(JSON.stringify({ device: info.device, driver: info.description }))
  return 0
}
