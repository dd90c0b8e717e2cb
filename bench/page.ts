/** Runs in headless Chrome for scripts/bench.ts, which asks for one roof, row or step after the other. */
import { answer } from '../src/app/commands.ts'
import type { Adapter, AdapterChoice, TrainRequest } from '../src/app/headless.ts'
import { served } from '../src/app/served.ts'
import { setTuned } from '../src/app/tuned.ts'
import { adapterOptions } from '../src/engine/gpu/adapter.ts'
import type { Gpu } from '../src/engine/gpu/device.ts'
import { run } from '../src/engine/gpu/kernel.ts'
import { adapterName, forceVariant, init, shutdown, zeros } from '../src/engine/index.ts'
import type { Config } from '../src/models/training/trainer.ts'
import { Clock } from './clock.ts'
import { compare, type Peer, preparedRow, preparedStep, TOLERANCES } from './compare.ts'
import type { DcganShape } from './dcganFlops.ts'
import { values } from './inputs.ts'
import { measureRow } from './measure.ts'
import { launchedIn, type Source, watchPipelines } from './pipelines.ts'
import type { Measured } from './profile/measured.ts'
import { profileSteps } from './profile/steps.ts'
import type { KernelResult, PeerResult, Result, StepResult } from './result.ts'
import { measureRoofs, type RoofRun } from './roofs.ts'
import { nameOf } from './row.ts'
import { rows } from './rows/index.ts'
import { products } from './rows/products.ts'
import { measureScaled, measureStep, type ScaledStep, stepCases } from './steps.ts'

/** Loaded only when asked for: the peers are there once they are installed. */
const peerFiles = import.meta.glob<{ engine(): Promise<Peer> }>('./peers/*.js')

const kernels = rows().map((row) => ({ name: nameOf(row), row }))
const steps = stepCases().map((step) => ({ name: `${step.model} ${step.shape}`, step }))

let choice: AdapterChoice = 'default'
let clock: Clock
let peer: Peer | undefined

/** A new device, which has compiled nothing yet: rows share nothing, and one that loses its device ends no other. */
async function freshDevice(): Promise<Gpu> {
  shutdown() // and so every tensor on it
  return init({ adapter: choice })
}

/** Whoever asks for an adapter, a peer too, gets the one that we do. */
function alwaysAskFor(adapter: AdapterChoice): void {
  const { gpu } = navigator
  const request = gpu.requestAdapter.bind(gpu)
  gpu.requestAdapter = () => request(adapterOptions(adapter))
}

/** What the page knows of the environment. */
export type PageEnvironment = Pick<
  Result['environment'],
  'adapter' | 'features' | 'limits' | 'clock' | 'timestampQuantum'
>

export interface ProfileRequest {
  config: Config
  data: TrainRequest['data']
  steps: number
}

const commands = {
  /** Comes first. */
  async describe({ adapter }: { adapter: AdapterChoice }): Promise<PageEnvironment & { adapter: Adapter }> {
    choice = adapter
    alwaysAskFor(adapter)
    const g = await freshDevice()
    const y = zeros([64])
    clock = await Clock.of(g, () => run('nothing', { buffers: { y }, threads: 1, workgroup: 1 }))
    const { vendor, architecture, device, description } = g.info
    const limits: Record<string, number> = {}
    for (const name in g.device.limits) {
      const value = g.device.limits[name as keyof GPUSupportedLimits]
      if (typeof value === 'number') limits[name] = value
    }
    return {
      adapter: { name: adapterName(g), software: g.isSoftware, vendor, architecture, device, description },
      features: [...g.device.features].sort(),
      limits,
      clock: clock.kind,
      timestampQuantum: clock.quantum,
    }
  },

  setTuned,

  /** Of every kernel that has it, from now on. */
  force({ variant }: { variant: string }): void {
    forceVariant(variant)
  },

  /** Names of what can be measured, of the kernels that peers may have, too, and of those that are products. */
  list(): { kernels: string[]; steps: string[]; peerKernels: string[]; products: string[] } {
    const namesOf = (list: { name: string }[]): string[] => list.map(({ name }) => name)
    return {
      kernels: namesOf(kernels),
      steps: namesOf(steps),
      peerKernels: namesOf(kernels.filter(({ row }) => row.peer)),
      products: products().map(nameOf),
    }
  },

  async roofs(): Promise<RoofRun> {
    return measureRoofs(await freshDevice(), clock)
  },

  async kernel({ name }: { name: string }): Promise<KernelResult[]> {
    return measureRow(await freshDevice(), clock, named(kernels, name).row)
  },

  async step({ name }: { name: string }): Promise<StepResult> {
    return measureStep(await freshDevice(), named(steps, name).step)
  },

  async scaled(shape: DcganShape): Promise<ScaledStep> {
    return measureScaled(await freshDevice(), shape)
  },

  /** Of any model: see profile/steps.ts. */
  async profile({ config, data, steps }: ProfileRequest): Promise<Measured> {
    return profileSteps(await freshDevice(), await served(data), config, steps)
  },

  /** Loads the peer of bench/peers/`file`. `lacks` names the rows that it has no function for. */
  async peer({ file }: { file: string }): Promise<{ engine: string; lacks: string[] }> {
    const loaded = await (await peerFiles[`./peers/${file}`]()).engine()
    peer = loaded
    return {
      engine: loaded.name,
      lacks: kernels.flatMap(({ name, row }) => (row.peer && !loaded.has(row.peer.op) ? [name] : [])),
    }
  },

  /** Comes before `peer` where launchedBy() is to follow. */
  watchPipelines,

  /** The pipelines that the peer launches for a row, its second time. */
  async launchedBy({ name }: { name: string }): Promise<Source[]> {
    const { row } = named(kernels, name)
    if (!peer || !row.peer) throw new Error(`${name}: no peer`)
    const prepared = await peer.prepare(row.peer, row.inputs)
    await prepared.run(1)
    const found = await launchedIn(() => prepared.run(1))
    prepared.dispose()
    return found
  },

  async compareKernel({ name }: { name: string }): Promise<PeerResult> {
    const { row } = named(kernels, name)
    if (!peer || !row.peer) throw new Error(`${name}: no peer`)
    const g = await freshDevice()
    return compare(g, peer, row.peer, row.inputs, () => preparedRow(row), TOLERANCES.kernel)
  },

  async compareStep({ name }: { name: string }): Promise<PeerResult> {
    const c = named(steps, name).step
    if (!peer) throw new Error(`${name}: no peer`)
    const { size, channels, width, batch } = c
    const work = { op: 'dcgan', options: { size, channels, width, batch } }
    // The peer's images are there already; ours are drawn from a table, as in training.
    const images = values([batch, size, size, channels], 91)
    const g = await freshDevice()
    return compare(g, peer, work, [images], () => preparedStep(c), TOLERANCES.step)
  },
}
export type BenchCommands = typeof commands

/** The one of `list` that is called `name`. */
function named<T extends { name: string }>(list: T[], name: string): T {
  const found = list.find((entry) => entry.name === name)
  if (!found) throw new Error(`no row is called '${name}'`)
  return found
}

answer(commands, () => {})
