import type { InitOptions } from './gpu/adapter.ts'
import { type Gpu, openGpu } from './gpu/device.ts'
import { run } from './gpu/kernel.ts'
import { empty } from './tensor/tensor.ts'

/**
 * Opens the adapter and device once; later calls give the same one until it is lost.
 * Throws DeviceLostError saying which browser or flag is missing when there is no WebGPU.
 */
export const init = (options: InitOptions = {}): Promise<Gpu> => openGpu(options, probeQuads)

/** WebGPU does not promise which invocations form a quad: where the adapter may use quad shuffles, look. */
async function probeQuads(g: Gpu): Promise<void> {
  if (!g.isSoftware || !g.device.features.has('subgroups')) return
  const seen = empty([64], 'init')
  run('quad_probe', { buffers: { y: seen }, threads: seen.size, workgroup: 32 })
  const values = await seen.data().catch((error) => {
    if (g.lost) throw error
    return undefined // an adapter that cannot even do this has none to use
  })
  seen.dispose()
  g.hasQuads = values?.every((v, i) => v === (i ^ 1) * 10000 + (i ^ 2) * 100 + (i ^ 3)) ?? false
}
