/** A result as text for a terminal of 120 columns. Pure. */
import type { KernelResult, PeerResult, Quantiles, Result, Roofs, StepResult } from './result.ts'

export const WIDTH = 120

export interface Column<T> {
  head: string
  width: number
  cell(row: T): string
  left?: boolean
}

/** What stands beside a row's figures, or instead of them. */
interface Note {
  text: string
  instead?: boolean
}

/** Columns a space apart; what is too wide for its column is cut. */
export function lines<T>(columns: Column<T>[], rows: T[], noteOf: (row: T) => Note): string[] {
  const place = (text: string, { width, left }: Column<T>): string =>
    left ? text.slice(0, width).padEnd(width) : text.slice(0, width).padStart(width)
  const line = (shown: Column<T>[], text: (c: Column<T>) => string, after: string): string =>
    [...shown.map((c) => place(text(c), c)), after].join(' ').trimEnd().slice(0, WIDTH)
  const names = columns.filter(({ left }) => left)
  return [
    line(columns, (c) => c.head, ''),
    ...rows.map((row) => {
      const { text, instead } = noteOf(row)
      return line(instead ? names : columns, (c) => c.cell(row), text)
    }),
  ]
}

/** Three significant figures, no exponent: 0.0123, 1.23, 123, 12300. */
export function short(x: number | undefined): string {
  if (x === undefined || !Number.isFinite(x)) return '-'
  if (x === 0) return '0'
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(x))))
  return x.toFixed(Math.min(digits, 4))
}
const percent = (x: number | undefined): string => (x === undefined ? '-' : `${x.toFixed(0)}%`)
const spread = (q: Quantiles | undefined): string => (q ? `${short(q.p10)}-${short(q.p90)}` : '-')
const mib = (bytes: number | undefined): string => (bytes === undefined ? '-' : short(bytes / 2 ** 20))

const kernelColumns: Column<KernelResult>[] = [
  { head: 'kernel', width: 19, cell: (k) => k.op, left: true },
  { head: 'shape', width: 22, cell: (k) => k.shape, left: true },
  { head: 'variant', width: 7, cell: (k) => (k.isDefault ? k.variant : `-${k.variant}`), left: true },
  { head: 'cold ms', width: 7, cell: (k) => short(k.cold) },
  { head: 'warm ms', width: 7, cell: (k) => short(k.warm?.median) },
  { head: 'p10-p90', width: 13, cell: (k) => spread(k.warm) },
  { head: 'GFLOP/s', width: 7, cell: (k) => short(k.gflops) },
  { head: 'GB/s', width: 6, cell: (k) => short(k.gbs) },
  { head: 'FLOP/B', width: 6, cell: (k) => short(k.intensity) },
  { head: 'roof', width: 5, cell: (k) => percent(k.percent) },
]

const stepColumns: Column<StepResult>[] = [
  { head: 'step', width: 34, cell: (s) => `${s.model} ${s.shape}`, left: true },
  { head: 'ms', width: 6, cell: (s) => short(s.ms?.median) },
  { head: 'p10-p90', width: 10, cell: (s) => spread(s.ms) },
  { head: 'images/s', width: 8, cell: (s) => short(s.imagesPerSecond) },
  { head: 'dispatches', width: 10, cell: (s) => short(s.dispatches) },
  { head: 'submits', width: 7, cell: (s) => short(s.submits) },
  { head: 'CPU us', width: 6, cell: (s) => short(s.cpuPerDispatch) },
  {
    head: 'GPU',
    width: 4,
    cell: (s) => percent(s.gpuBusy === undefined ? undefined : 100 * s.gpuBusy),
  },
  { head: 'MiB', width: 4, cell: (s) => mib(s.bytesLive) },
  { head: 'peak', width: 4, cell: (s) => mib(s.bytesPeak) },
  { head: 'first ms', width: 8, cell: (s) => short(s.firstStep) },
]

/** Why a row has no figures, or that they cannot be relied on. */
const noteOf = (row: { status: string; error?: string; noisy?: boolean }): Note =>
  row.status === 'ok'
    ? { text: row.noisy ? 'noisy' : '' }
    : { text: `${row.status.toUpperCase()}: ${firstLine(row.error)}`, instead: true }

const firstLine = (text = ''): string => text.split('\n')[0]

function roofLines(roofs: Roofs): string[] {
  const { multiplyAdd: m, bandwidth, dispatchGpu, dispatchCpu, emptySubmit, readback } = roofs
  const noise = (roof: { noisy: boolean }): string => (roof.noisy ? ' noisy' : '')
  return [
    `multiply-add ${short(m.best)} GFLOP/s${noise(m)} (${m.accumulators} accumulators, workgroups of ${m.workgroup}${m.fused ? ', fma' : ''})`,
    ...bandwidth.map(
      ({ bytes, copy, read, write }) =>
        `${short(bytes / 2 ** 20).padStart(4)} MiB  copy ${short(copy.best)} GB/s${noise(copy)}, read ${short(read.best)}${noise(read)}, write ${short(write.best)}${noise(write)}`,
    ),
    `us: a dispatch ${short(dispatchGpu.median)} on the GPU, ${short(dispatchCpu.median)} on the CPU; an empty submit ${short(emptySubmit.median)}; a readback ${short(readback.median)}`,
  ]
}

interface Compared {
  name: string
  peers: PeerResult[]
}

/** A line a row and engine: an error needs the room. */
function peerLines(rows: Compared[]): string[] {
  const flat = rows.flatMap(({ name, peers }) => peers.map((p) => ({ name, p })))
  const columns: Column<(typeof flat)[number]>[] = [
    { head: 'same work, same page', width: 42, cell: (r) => r.name, left: true },
    { head: 'peer', width: 22, cell: (r) => r.p.engine, left: true },
    { head: 'its time / ours', width: 15, cell: ({ p }) => short(p.ratio?.median) },
    {
      head: 'cold',
      width: 5,
      cell: ({ p }) => short(p.cold && p.oursCold && p.cold / p.oursCold),
    },
    { head: 'dispatches', width: 10, cell: ({ p }) => short(p.dispatches) },
  ]
  return lines(columns, flat, ({ p }) =>
    p.ratio ? { text: `(${spread(p.ratio)})` } : { text: `failed: ${firstLine(p.error)}`, instead: true },
  )
}

/** The whole result; blank lines between its parts. */
export function tableOf({ environment: e, roofs, kernels, steps }: Result): string[] {
  const compared: Compared[] = [
    ...kernels.flatMap(({ op, shape, peers }) => (peers ? [{ name: `${op} ${shape}`, peers }] : [])),
    ...steps.flatMap(({ model, shape, peers }) => (peers ? [{ name: `${model} ${shape}`, peers }] : [])),
  ]
  const clock =
    e.clock === 'gpu' ? `GPU timestamps in steps of ${e.timestampQuantum} ns` : 'wall time: no GPU timestamps'
  return [
    `adapter ${e.adapter.name}`.slice(0, WIDTH),
    `${e.browser}, ${clock}`,
    ...roofLines(roofs),
    ...(kernels.length ? ['', ...lines(kernelColumns, kernels, noteOf)] : []),
    ...(steps.length ? ['', ...lines(stepColumns, steps, noteOf)] : []),
    ...(compared.length ? ['', ...peerLines(compared)] : []),
  ]
}
