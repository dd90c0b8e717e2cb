// Runs before the GPU tests: no adapter, no tests. Says which adapter it is, once.

const flag = '--enable-unsafe-webgpu'

async function checkAdapter(): Promise<string> {
  if (!navigator.gpu) {
    throw new Error(`no navigator.gpu: Chrome 113 or newer is needed, started with ${flag}, on a secure page`)
  }
  const adapter = await navigator.gpu.requestAdapter()
  if (!adapter) {
    throw new Error(`no WebGPU adapter: without a GPU, Chrome has one only when started with ${flag}`)
  }
  const { vendor, architecture, description, isFallbackAdapter } = adapter.info
  const name = [vendor, architecture, description].filter(Boolean).join(' / ')
  return `adapter: ${name || 'unnamed'} (${isFallbackAdapter ? 'software' : 'hardware'})`
}

// All test files share one page, and this file is run for each of them.
const run = globalThis as { ganvasAdapter?: Promise<void> }
run.ganvasAdapter ??= checkAdapter().then((line) => console.log(line))
await run.ganvasAdapter

export {} // a module, so that it may await
