/** What `npm run bench -- --json FILE` writes: its schema, which docs/measuring.md explains, and the types of it. */

import {
  amount,
  flag,
  list,
  map,
  object,
  oneOf,
  optional,
  type Schema,
  type TypeOf,
  text,
} from '../src/engine/schema.ts'
import { environmentFields } from '../src/models/training/saved.ts'

/** Raised when a field changes its meaning or goes; new fields alone do not raise it. */
export const VERSION = 1

export const quantiles = object({ p10: amount, median: amount, p90: amount })

/** A rate measured twice, at the begin and the end of the run: the higher, both, and whether they differ too much. */
const roofFields = { best: amount, runs: list(amount), noisy: flag }
const roof = object(roofFields)

export const environment = object({
  ...environmentFields,
  features: list(text),
  limits: map(amount),
  /** What kernels are timed by: GPU timestamps, counted in steps of `timestampQuantum` ns, or wall time. */
  clock: oneOf('gpu', 'wall'),
  timestampQuantum: amount,
  /** When the run began, ISO 8601. */
  date: text,
})

export const roofs = object({
  /** GFLOP/s, a multiplication and an addition counting one each, and the variant that reached it. */
  multiplyAdd: object({ ...roofFields, accumulators: amount, workgroup: amount, fused: flag }),
  /** GB/s by buffer size; a copy counts what it reads and what it writes. */
  bandwidth: list(object({ bytes: amount, copy: roof, read: roof, write: roof })),
  /** µs: on the GPU and on the CPU for each dispatch of many; of an empty submit, of a readback of 4 bytes, each awaited. */
  dispatchGpu: quantiles,
  dispatchCpu: quantiles,
  emptySubmit: quantiles,
  readback: quantiles,
})

const peer = object({
  engine: text,
  /** Why it has no time: what it threw, or how its result differs. */
  error: optional(text),
  /** ms until its first results, and until ours: from making what it needs on a device, compilation included. */
  cold: optional(amount),
  oursCold: optional(amount),
  /** Of one run, once it is warm. */
  dispatches: optional(amount),
  /** ms by wall time, per run, result awaited; of the peer and of ours, in turn. */
  warm: optional(quantiles),
  ours: optional(quantiles),
  /** Its time by ours, pair by pair. */
  ratio: optional(quantiles),
})

const kernel = object({
  op: text,
  shape: text,
  /** How the kernels are chosen; `isDefault`: as the engine does on this adapter. */
  variant: text,
  isDefault: flag,
  /** wrong: differs from the CPU twin, so not timed. failed: could not run. */
  status: oneOf('ok', 'wrong', 'failed'),
  error: optional(text),
  /** ‖result - twin‖ / ‖twin‖ */
  relativeError: optional(amount),
  flops: amount,
  bytes: amount,
  dispatches: optional(amount),
  /** ms by wall time: compilation and first run. */
  cold: optional(amount),
  /** ms by the clock of the environment. */
  warm: optional(quantiles),
  gflops: optional(amount),
  gbs: optional(amount),
  intensity: optional(amount),
  percent: optional(amount),
  bound: optional(oneOf('compute', 'memory')),
  /** Two runs of it differ by more than 15%. */
  noisy: optional(flag),
  peers: optional(list(peer)),
})

const step = object({
  model: text,
  shape: text,
  status: oneOf('ok', 'failed'),
  error: optional(text),
  batch: amount,
  /** Of the matrix products and convs alone. */
  flops: amount,
  ms: optional(quantiles),
  imagesPerSecond: optional(amount),
  dispatches: optional(amount),
  submits: optional(amount),
  /** JavaScript's time for a dispatch, µs: all of a step, and the part of encoding and submitting. */
  cpuPerDispatch: optional(amount),
  encodePerDispatch: optional(amount),
  /** Part of the time that passes run on the GPU, 0 to 1; missing without timestamps. */
  gpuBusy: optional(amount),
  bytesLive: optional(amount),
  bytesPeak: optional(amount),
  /** ms from making the model to the first losses, compilation included. */
  firstStep: optional(amount),
  gflops: optional(amount),
  /** Of the multiply-add roof. */
  percent: optional(amount),
  noisy: optional(flag),
  peers: optional(list(peer)),
})

export const result = object({
  schema: oneOf('ganvas-bench'),
  version: oneOf(VERSION),
  environment,
  roofs,
  kernels: list(kernel),
  steps: list(step),
})

export type Quantiles = TypeOf<typeof quantiles>
export type Roofs = TypeOf<typeof roofs>
export type PeerResult = TypeOf<typeof peer>
export type KernelResult = TypeOf<typeof kernel>
export type StepResult = TypeOf<typeof step>
export type Result = TypeOf<typeof result>

/** What is wrong with a value that should be a result; nothing if it is one. */
export const faultsOf = (value: unknown): string[] => (result as Schema<Result>).check(value, 'result')
