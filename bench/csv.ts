/** A result as a table for spreadsheets: a line a row, a column a figure, empty where there is none. Pure. */
import type { KernelResult, PeerResult, Quantiles, Result, StepResult } from './result.ts'

type Cell = string | number | boolean | undefined
export type Line = Record<string, Cell>

export const spread = (name: string, q: Quantiles | undefined): Line => ({
  [name]: q?.median,
  [`${name} p10`]: q?.p10,
  [`${name} p90`]: q?.p90,
})

const ofPeers = (peers: PeerResult[] | undefined): Line =>
  Object.assign(
    {},
    ...(peers ?? []).map((p) => ({
      ...spread(`${p.engine} time ratio`, p.ratio),
      [`${p.engine} error`]: p.error,
    })),
  )

/** Names carry their units. */
const ofKernel = (k: KernelResult): Line => ({
  kind: 'kernel',
  name: k.op,
  shape: k.shape,
  variant: k.variant,
  'is default': k.isDefault,
  status: k.status,
  error: k.error,
  'relative error': k.relativeError,
  dispatches: k.dispatches,
  'cold ms': k.cold,
  ...spread('warm ms', k.warm),
  flops: k.flops,
  bytes: k.bytes,
  'GFLOP/s': k.gflops,
  'GB/s': k.gbs,
  'FLOP/byte': k.intensity,
  'percent of roof': k.percent,
  bound: k.bound,
  noisy: k.noisy,
  ...ofPeers(k.peers),
})

const ofStep = (s: StepResult): Line => ({
  kind: 'step',
  name: s.model,
  shape: s.shape,
  status: s.status,
  error: s.error,
  dispatches: s.dispatches,
  ...spread('warm ms', s.ms),
  flops: s.flops,
  'GFLOP/s': s.gflops,
  'percent of roof': s.percent,
  noisy: s.noisy,
  'images/s': s.imagesPerSecond,
  submits: s.submits,
  'CPU us/dispatch': s.cpuPerDispatch,
  'encode us/dispatch': s.encodePerDispatch,
  'GPU busy': s.gpuBusy,
  'bytes live': s.bytesLive,
  'bytes peak': s.bytesPeak,
  'first step ms': s.firstStep,
  ...ofPeers(s.peers),
})

export const toCsv = ({ kernels, steps }: Result): string =>
  csvOf([...kernels.map(ofKernel), ...steps.map(ofStep)])

export function csvOf(lines: readonly Line[]): string {
  const columns = [...new Set(lines.flatMap(Object.keys))]
  const text = (cell: Cell): string => {
    const plain = String(cell ?? '')
    return /[",\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain
  }
  return [columns, ...lines.map((line) => columns.map((name) => line[name]))]
    .map((cells) => `${cells.map(text).join(',')}\n`)
    .join('')
}
