/**
 * Training steps of any model, taken one at a time: with a timestamp around every dispatch, and as many without, half of
 * them before and half after, since other work on a machine comes and goes.
 */
import type { Gpu } from '../../src/engine/gpu/device.ts'
import type { Dispatch } from '../../src/engine/gpu/dispatch.ts'
import { profile } from '../../src/engine/index.ts'
import { launchedBy } from '../../src/engine/profiling/launches.ts'
import { Ledger } from '../../src/engine/profiling/ledger.ts'
import type { SubmitRecord } from '../../src/engine/profiling/profile.ts'
import { workOf } from '../../src/engine/profiling/work.ts'
import type { DataSet } from '../../src/models/data/dataSet.ts'
import { sourceOf } from '../../src/models/index.ts'
import { type Config, Trainer } from '../../src/models/training/trainer.ts'
import type { Measured, ProfiledStep, Run, StepTimes, Submit } from './measured.ts'
import { phasesOf } from './phases.ts'

/** Steps that come first: they record and compile. Models that take other steps now and then begin with one of those. */
const WARM_UP = 3

export async function profileSteps(g: Gpu, data: DataSet, config: Config, count: number): Promise<Measured> {
  const ledger = new Ledger()
  g.pool.observers.add(ledger)
  const source = sourceOf(data, config)
  const trainer = new Trainer(config)
  const step = (): Promise<StepTimes> => takeStep(g, () => trainer.advance(source))
  try {
    for (let i = 0; i < WARM_UP; i++) await step()
    const plain: number[] = []
    const plainSteps = async (many: number): Promise<void> => {
      for (let i = 0; i < many; i++) {
        const { begin, end } = await step()
        plain.push(end - begin)
      }
    }
    const before = Math.ceil(count / 2)
    await plainSteps(before)
    const { optimizers } = trainer.model
    const digest = new Digest(
      new Map(Object.entries(optimizers).map(([name, optimizer]) => [optimizer, name])),
    )
    const steps: ProfiledStep[] = []
    for (let i = 0; i < count; i++) {
      let times: StepTimes | undefined
      const { submits } = await profile(
        g,
        async () => {
          times = await step()
        },
        { each: true },
      )
      if (times) steps.push({ ...times, submits: digest.read(submits) })
    }
    await plainSteps(count - before)
    return { plain, steps, launches: digest.launches, phases: digest.phases, memory: ledger.holders() }
  } finally {
    trainer.dispose()
    source.dispose()
    g.pool.observers.delete(ledger)
  }
}

async function takeStep(g: Gpu, advance: () => Promise<Float32Array>): Promise<StepTimes> {
  const begin = performance.now()
  const metrics = advance()
  const recorded = performance.now()
  await g.device.queue.onSubmittedWorkDone()
  const done = performance.now()
  const values = await metrics
  if (!values.every(Number.isFinite)) throw new Error(`the metrics are ${values.join(', ')}`)
  return { begin, recorded, done, end: performance.now() }
}

/** Numbers launches and phases, so that each is described once. */
class Digest {
  readonly launches: Measured['launches'] = []
  readonly phases: string[] = []
  private readonly known = new Map<string, number>()

  /** `names`: of the optimisers. */
  constructor(private readonly names: ReadonlyMap<object, string>) {}

  /** The submits of one step. */
  read(submits: readonly SubmitRecord[]): Submit[] {
    const dispatches = submits.flatMap(({ passes }) => passes.map(({ dispatches: [only] }) => only))
    const phases = phasesOf(dispatches, this.names)
    let next = 0
    return submits.map(({ passes, begin, encoded, end }) => {
      const runs = passes.map(({ dispatches: [only], begin = 0, end = 0 }): Run => {
        return [this.launch(only), this.phase(phases[next++]), begin, end]
      })
      return { begin, encoded, end, runs }
    })
  }

  private launch(dispatch: Dispatch): number {
    const launched = { ...launchedBy(dispatch), ...workOf(dispatch) }
    const key = Object.values(launched).join('|')
    const index = this.known.get(key) ?? this.launches.push(launched) - 1
    this.known.set(key, index)
    return index
  }

  private phase(name: string): number {
    const index = this.phases.indexOf(name)
    return index < 0 ? this.phases.push(name) - 1 : index
  }
}
