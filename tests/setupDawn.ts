// Runs before the GPU tests under Node: Dawn in the place of a browser's WebGPU.
import { openDawn } from '../scripts/dawn.ts'

// Node 20 has no navigator; from 21 on it has one.
if (!globalThis.navigator) Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true })
const { GANVAS_ADAPTER } = process.env
const gpu = openDawn(GANVAS_ADAPTER ? [`adapter=${GANVAS_ADAPTER}`] : [])
Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true })

await import('./setup.ts')
