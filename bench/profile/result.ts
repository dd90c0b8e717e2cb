/** What `npm run profile` writes as profile.json: its schema, which docs/measuring.md explains, and the types of it. */

import {
  amount,
  flag,
  list,
  map,
  object,
  oneOf,
  type Schema,
  type TypeOf,
  text,
} from '../../src/engine/schema.ts'
import { environment, quantiles, roofs } from '../result.ts'

/** Raised when a field changes its meaning or goes; new fields alone do not raise it. */
export const VERSION = 2

/** Launches that do the same: one op, one kernel, the same shapes. */
const kernel = object({
  op: text,
  kernel: text,
  shape: text,
  /** In a step, on average. */
  calls: amount,
  /** ms of a step, calls by the median of one, and its part of all kernels' time, 0 to 1. */
  total: amount,
  share: amount,
  /** ms of a call. */
  ms: quantiles,
  /** Of a call: useful FLOPs, and bytes read and written. */
  flops: amount,
  bytes: amount,
  /** Whether the FLOPs are known; if not, they stand as 0, and what follows is of the bytes alone. */
  counted: flag,
  /** By the median, as are those that follow. */
  gflops: amount,
  gbs: amount,
  intensity: amount,
  percent: amount,
  bound: oneOf('compute', 'memory'),
})

const phase = object({ name: text, total: amount, share: amount, dispatches: amount })

/** ms; of steps with a timestamp around every dispatch. */
const step = object({
  /** From asking for the step until its metrics are there. */
  wall: quantiles,
  /** JavaScript's part, and what of it went into encoding and into submitting. */
  record: quantiles,
  encode: quantiles,
  submit: quantiles,
  /** Kernels at work, and the time between the first and the last of them when none was. */
  gpuBusy: quantiles,
  gaps: quantiles,
  /** From the end of all work until the metrics are there. */
  readback: quantiles,
  dispatches: amount,
  submits: amount,
})

const profile = object({
  schema: oneOf('ganvas-profile'),
  version: oneOf(VERSION),
  environment,
  roofs,
  run: object({
    model: text,
    /** As flags say them. */
    options: map(text),
    data: text,
    batch: amount,
    seed: amount,
    steps: amount,
  }),
  /** What measuring costs: ms of a step without and with timestamps, and the ratio of the medians. */
  cost: object({ plain: quantiles, profiled: quantiles, ratio: amount }),
  step,
  phases: list(phase),
  kernels: list(kernel),
  /** Bytes that tensors held at the worst moment, and by whom they were made. */
  memory: object({
    bytes: amount,
    holders: list(object({ op: text, bytes: amount, buffers: amount })),
  }),
})

export type Profile = TypeOf<typeof profile>
export type ProfiledKernel = TypeOf<typeof kernel>

/** What is wrong with a value that should be a profile; nothing if it is one. */
export const faultsOf = (value: unknown): string[] => (profile as Schema<Profile>).check(value, 'profile')
