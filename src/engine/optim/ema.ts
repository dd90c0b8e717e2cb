import { run } from '../gpu/kernel.ts'
import { launchesOf } from '../gpu/watching.ts'
import { leave, type Span, spansOf, withRanges, zeroed } from '../ops/flat.ts'
import { standIn } from '../tensor/standIn.ts'
import { release, type Storage, type Tensor } from '../tensor/tensor.ts'
import { checkInUse, homeOf, paramsOf, viewsOf } from './base.ts'
import { checkRange } from './options.ts'

/** Parameters next to each other, and their averages, laid out alike. */
interface Part extends Span {
  average: Storage
}

let made = 0

/** An exponential moving average of parameters: a = decay a + (1 - decay) p, starting at their present values. */
export class EMA {
  private readonly params: readonly Tensor[]
  private readonly parts: readonly Part[]
  private readonly decay: number
  private readonly key = `average ${made++}`
  private disposed = false

  /** Throws ShapeError for no parameters, one listed twice, or a decay outside [0, 1]. */
  constructor(params: readonly Tensor[], { decay = 0.999 }: { decay?: number } = {}) {
    checkRange('EMA', 'decay', decay, { max: 1 })
    this.decay = decay
    this.params = [...params]
    this.parts = spansOf(params, 'EMA').map((span) => ({ ...span, average: zeroed(span.bytes, 'EMA') }))
    this.move(0)
  }

  /** What it averages, in the order of `stateDict`'s numbers. */
  get parameters(): readonly Tensor[] {
    return this.params
  }

  /** Moves the averages towards the parameters. */
  update(): void {
    checkInUse(this.disposed, 'EMA')
    this.move(this.decay)
  }

  private move(decay: number): void {
    launchesOf(this, () => {
      for (const part of this.parts)
        withRanges({ p: { storage: part.average }, g: homeOf(part) }, part.bytes, (buffers) =>
          run('optim', {
            op: 'EMA',
            defines: { EMA: true },
            buffers,
            params: paramsOf(part.bytes, { decay }),
            threads: part.bytes / 16,
          }),
        )
    })
  }

  /** Runs `fn`, which must not be async, with the averages in the parameters' place. */
  averaged<T>(fn: () => T): T {
    checkInUse(this.disposed, 'EMA')
    const { params, parts } = this
    const put = (): (() => void) => {
      const own = params.map((p) => ({ p, storage: p.storageOf('EMA'), at: p.byteOffset }))
      for (const { members, average } of parts)
        for (const { index, offset } of members) params[index].relocate(average, offset)
      return () => {
        for (const { p, storage, at } of own) if (!p.disposed) p.relocate(storage, at)
      }
    }
    return standIn('EMA.averaged', put, fn, { key: this.key })
  }

  /** Frees the averages; the parameters stay. Harmless when repeated. */
  dispose(): void {
    if (this.disposed) return
    this.disposed = true
    for (const { average } of this.parts) release(average)
    leave(this.parts)
  }

  /** The averages, `0`, `1`, … in the parameters' order: views for a checkpoint to read or overwrite. */
  stateDict(): Record<string, Tensor> {
    checkInUse(this.disposed, 'EMA')
    const views = viewsOf(this.params, this.parts, ({ average }) => average)
    return Object.fromEntries(views.map((view, i) => [String(i), view]))
  }
}
