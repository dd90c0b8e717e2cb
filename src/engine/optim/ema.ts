import { run } from '../gpu/kernel.ts'
import { leave, type Span, spansOf, withRanges, zeroed } from '../ops/flat.ts'
import { release, type Storage, type Tensor } from '../tensor/tensor.ts'
import { checkInUse, homeOf, paramsOf, viewsOf } from './base.ts'
import { checkRange } from './options.ts'

/** Parameters next to each other, and their averages, laid out alike. */
interface Part extends Span {
  average: Storage
}

/** An exponential moving average of parameters: a = decay a + (1 - decay) p, starting at their present values. */
export class EMA {
  private readonly params: readonly Tensor[]
  private readonly parts: readonly Part[]
  private readonly decay: number
  private disposed = false

  /** Throws ShapeError for no parameters, one listed twice, or a decay outside [0, 1]. */
  constructor(params: readonly Tensor[], { decay = 0.999 }: { decay?: number } = {}) {
    checkRange('EMA', 'decay', decay, { max: 1 })
    this.decay = decay
    this.params = [...params]
    this.parts = spansOf(params, 'EMA').map((span) => ({ ...span, average: zeroed(span.bytes, 'EMA') }))
    this.move(0)
  }

  /** Moves the averages towards the parameters. */
  update(): void {
    checkInUse(this.disposed, 'EMA')
    this.move(this.decay)
  }

  private move(decay: number): void {
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
  }

  /** Runs `fn` with the averages in the parameters' place. */
  averaged<T>(fn: () => T): T {
    checkInUse(this.disposed, 'EMA')
    const { params, parts } = this
    const move = (to: (part: Part) => { storage: Storage; start: number }): void => {
      for (const part of parts)
        for (const { index, offset } of part.members) {
          const { storage, start } = to(part)
          params[index].relocate(storage, start + offset)
        }
    }
    move(({ average }) => ({ storage: average, start: 0 }))
    try {
      return fn()
    } finally {
      move(homeOf)
    }
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
