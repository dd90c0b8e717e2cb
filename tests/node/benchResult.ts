// A small result of the bench, as tests alter it.
import type { KernelResult, Result, Roofs, StepResult } from '../../bench/result.ts'

const q = (median: number) => ({ p10: 0.9 * median, median, p90: 1.1 * median })
const roof = (best: number) => ({ best, runs: [best, best], noisy: false })

export const roofs: Roofs = {
  multiplyAdd: { ...roof(100), accumulators: 4, workgroup: 64, fused: false },
  bandwidth: [
    { bytes: 1000, copy: roof(10), read: roof(20), write: roof(8) },
    { bytes: 1_000_000, copy: roof(5), read: roof(4), write: roof(4) },
  ],
  dispatchGpu: q(10),
  dispatchCpu: q(1),
  emptySubmit: q(100),
  readback: q(300),
}

export const kernel: KernelResult = {
  op: 'matmul',
  shape: '2x3 3x5',
  variant: 'rows',
  isDefault: true,
  status: 'ok',
  relativeError: 1e-7,
  flops: 60,
  bytes: 124,
  dispatches: 1,
  cold: 50,
  warm: q(2),
  gflops: 3,
  gbs: 0.1,
  intensity: 0.5,
  percent: 40,
  bound: 'memory',
  noisy: false,
}

export const step: StepResult = {
  model: 'DCGAN',
  shape: '28x28x1 width 16 batch 32',
  status: 'ok',
  batch: 32,
  flops: 1e9,
  ms: q(300),
  imagesPerSecond: 106,
  dispatches: 176,
  submits: 5,
  cpuPerDispatch: 40,
  encodePerDispatch: 10,
  gpuBusy: 0.97,
  bytesLive: 3_000_000,
  bytesPeak: 10_000_000,
  firstStep: 4000,
  gflops: 3.3,
  percent: 3.3,
  noisy: false,
}

export const result: Result = {
  schema: 'ganvas-bench',
  version: 1,
  environment: {
    adapter: {
      name: 'maker part (software: runs on the CPU)',
      software: true,
      vendor: 'maker',
      architecture: 'part',
      device: '',
      description: '',
    },
    adapterChoice: 'default',
    features: ['timestamp-query'],
    limits: { maxBufferSize: 1 },
    clock: 'gpu',
    timestampQuantum: 1,
    browser: 'Chrome/1',
    chromeFlags: [],
    node: 'v20',
    os: 'Linux',
    cpu: '2 x some',
    versions: { ganvas: '0.1.0' },
    commit: 'abc+',
    date: '2026-01-01T00:00:00.000Z',
  },
  roofs,
  kernels: [kernel],
  steps: [step],
}
