/** Finding a WebGPU adapter, or saying why there is none. */
import { DeviceLostError } from '../errors.ts'

export interface InitOptions {
  /** Which adapter to ask for; `software` takes the browser's fallback adapter. */
  adapter?: 'default' | 'high-performance' | 'low-power' | 'software'
  /** An entry point other than `navigator.gpu`, for hosts that are no browser. */
  gpu?: GPU
}

interface Opened {
  device: GPUDevice
  info: GPUAdapterInfo
  /** Run by a CPU (SwiftShader, llvmpipe, WARP). */
  isSoftware: boolean
}

/**
 * Asks for an adapter and its device, with the features and limits that the engine uses.
 * Throws DeviceLostError saying which browser or flag is missing when there is none.
 */
export async function openAdapter(options: InitOptions): Promise<Opened> {
  const entry = options.gpu ?? globalThis.navigator?.gpu
  if (!entry) {
    const secure =
      globalThis.isSecureContext === false
        ? ' This page is not a secure context: use https or 127.0.0.1.'
        : ''
    throw new DeviceLostError(
      `WebGPU is missing. Use Chrome or Edge 113+, Safari 26+ or Firefox 141+; on Linux start Chrome with --enable-unsafe-webgpu --enable-features=Vulkan.${secure}`,
    )
  }
  const adapter = await entry.requestAdapter(adapterOptions(options.adapter))
  if (!adapter) {
    throw new DeviceLostError(
      'WebGPU has no adapter here. Without a GPU, start Chrome with --enable-unsafe-webgpu to allow its software adapter (SwiftShader); under Node install a Vulkan driver, such as Mesa’s llvmpipe.',
    )
  }
  const wanted = ['timestamp-query', 'subgroups'] as const
  const device = await adapter.requestDevice({
    requiredFeatures: wanted.filter((f) => adapter.features.has(f)),
    requiredLimits: {
      maxBufferSize: adapter.limits.maxBufferSize,
      maxStorageBufferBindingSize: adapter.limits.maxStorageBufferBindingSize,
    },
  })
  const { info } = adapter
  const name = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`
  const isSoftware = info.isFallbackAdapter || /swiftshader|llvmpipe|lavapipe|basic render|warp/i.test(name)
  return { device, info, isSoftware }
}

/** A choice in WebGPU's terms. */
export const adapterOptions = (choice: InitOptions['adapter']): GPURequestAdapterOptions => ({
  powerPreference: choice === 'low-power' || choice === 'high-performance' ? choice : undefined,
  forceFallbackAdapter: choice === 'software',
})

/** "vendor architecture (description)", and "software" where a CPU runs it. */
export function adapterName({ info, isSoftware }: Pick<Opened, 'info' | 'isSoftware'>): string {
  const parts = [info.vendor, info.architecture, info.description].filter(Boolean).join(' ')
  return `${parts || 'unknown adapter'}${isSoftware ? ' (software: runs on the CPU)' : ''}`
}
