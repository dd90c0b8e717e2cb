/** The kernels of a profile for spreadsheets. Pure. */
import { csvOf, spread } from '../csv.ts'
import type { Profile } from './result.ts'

/** Names carry their units. */
export const toCsv = ({ kernels }: Profile): string =>
  csvOf(
    kernels.map((k) => ({
      op: k.op,
      kernel: k.kernel,
      shape: k.shape,
      'calls/step': k.calls,
      'ms/step': k.total,
      share: k.share,
      ...spread('ms/call', k.ms),
      'flops/call': k.counted ? k.flops : undefined,
      'bytes/call': k.bytes,
      'GFLOP/s': k.counted ? k.gflops : undefined,
      'GB/s': k.gbs,
      'FLOP/byte': k.counted ? k.intensity : undefined,
      'percent of roof': k.percent,
      bound: k.bound,
    })),
  )
