/** What the optimisers share: where parameters lie, and the buffers for gradients and state beside them. */

import { DisposedError } from '../errors.ts'
import { run } from '../gpu/kernel.ts'
import { launchesOf } from '../gpu/watching.ts'
import { leave, type Span, spansOf, withRanges, zeroed } from '../ops/flat.ts'
import { typeOf } from '../ops/lanes.ts'
import { concat, place, reshape } from '../ops/movement.ts'
import { norm } from '../ops/reduce.ts'
import { movesOn } from '../tensor/counters.ts'
import { check, sameShape, shapeText } from '../tensor/shape.ts'
import { release, type Storage, scope, Tensor } from '../tensor/tensor.ts'
import { lookahead, type NumberOf, type Slots, type Updated } from './lookahead.ts'
import { checkRange } from './options.ts'

export function checkInUse(disposed: boolean, op: string): void {
  if (disposed) throw new DisposedError(`${op}: used after dispose()`)
}

/** The numbers of a step, as optim.wgsl explains them. */
export interface Numbers {
  rate?: number
  decay?: number
  decay2?: number
  eps?: number
  correction?: number
}

/** What `lookahead` may ask for. */
export type NumberName = keyof Numbers | 'rest' | 'rest2'

/** The params of optim.wgsl for a range of so many bytes. */
export function paramsOf(
  bytes: number,
  { rate = 0, decay = 0, decay2 = 0, eps = 0, correction = 1 }: Numbers,
): Record<string, number> {
  return { n: bytes / 16, rate, decay, decay2, rest: 1 - decay, rest2: 1 - decay2, eps, correction }
}

/** A learning rate, or one for each step, given how many were taken before. */
export type Rate = number | ((steps: number) => number)

type Rule = 'SGD' | 'RMSprop' | 'Adam'

/** Parameters next to each other, with the optimiser's own buffers for them, laid out alike. */
interface Part extends Span {
  grads: Storage
  state: Readonly<Record<string, Storage>>
}

/**
 * Updates its parameters in place, in one dispatch for those that lie next to each other: all of them, if it was the
 * first to be given them. Other optimisers and averages may have any of them, too; gradients, state and the count of
 * steps are each one's own.
 */
export abstract class Optimizer {
  /** Steps taken. */
  t = 0
  private readonly params: readonly Tensor[]
  private readonly parts: readonly Part[]
  private disposed = false

  /** Throws ShapeError for no parameters, one listed twice, or a rate that is not finite or below 0. */
  constructor(
    private readonly rule: Rule,
    params: readonly Tensor[],
    /** Learning rate; may be changed between steps, recorded ones too. */
    public lr: Rate,
    private readonly slots: readonly string[],
  ) {
    if (typeof lr === 'number') checkRange(rule, 'lr', lr)
    this.params = [...params]
    this.parts = spansOf(params, rule).map((span) => ({
      ...span,
      grads: zeroed(span.bytes, rule),
      state: Object.fromEntries(slots.map((name) => [name, zeroed(span.bytes, rule)])),
    }))
  }

  /** What it updates, in the order of `step`'s gradients. */
  get parameters(): readonly Tensor[] {
    return this.params
  }

  protected rate(t: number): number {
    const rate = typeof this.lr === 'function' ? this.lr(t - 1) : this.lr
    checkRange(this.rule, 'lr', rate)
    return rate
  }

  /** The step's numbers; `t` counts from 1. */
  protected abstract numbers(t: number): Numbers

  /** The update of one parameter as ops: PyTorch's formulas, as in optim.wgsl. */
  protected abstract next(p: Tensor, g: Tensor, state: Slots, n: NumberOf<NumberName>): Updated

  /** Updates every parameter from its gradient, given in the order of the parameters. */
  step(grads: readonly Tensor[]): void {
    checkInUse(this.disposed, this.rule)
    const { params, rule } = this
    check(
      grads.length === params.length,
      rule,
      () => `${grads.length} gradients for ${params.length} parameters`,
    )
    grads.forEach((g, i) => {
      check(
        sameShape(g.shape, params[i].shape),
        rule,
        () => `gradient ${i} has shape ${shapeText(g.shape)}, its parameter ${shapeText(params[i].shape)}`,
      )
    })
    launchesOf(this, () => this.update(grads))
  }

  /** Copies the gradients to where the update reads them, then updates every part. */
  private update(grads: readonly Tensor[]): void {
    const { parts, rule } = this
    for (const { members, bytes, grads: storage } of parts) {
      const pieces = members.map(({ index, offset }) => {
        const x = grads[index]
        return { x, block: x.size, start: offset / 4 }
      })
      withRanges({ g: { storage } }, bytes, ({ g }) => place(rule, g, pieces, bytes / 4))
    }
    movesOn(this, 't')
    parts.forEach((part, i) => {
      const { bytes } = part
      const own = Object.entries(part.state).map(([name, storage]) => [name, { storage }] as const)
      const ranges = { p: homeOf(part), g: { storage: part.grads }, ...Object.fromEntries(own) }
      withRanges(ranges, bytes, (buffers) =>
        run('optim', {
          op: rule,
          defines: { [rule.toUpperCase()]: true },
          buffers,
          params: () => {
            checkInUse(this.disposed, rule) // a recorded step may outlive its optimiser
            const t = i === 0 ? this.t + 1 : this.t // the parts take one step together
            const numbers = this.numbers(t)
            this.t = t
            return paramsOf(bytes, numbers)
          },
          threads: bytes / 16,
        }),
      )
    })
  }

  /**
   * Where the parameters would be after `steps` more updates down `loss`, a function of them. Made of ops: gradients
   * flow through every update, `loss` must have second ones, and nothing here is changed.
   */
  lookahead(loss: (params: readonly Tensor[]) => Tensor, steps: number): Tensor[] {
    const saved = this.stateDict()
    const start = this.params.map((p, i) => ({
      p,
      state: Object.fromEntries(this.slots.map((slot) => [slot, saved[`${slot}.${i}`]])),
    }))
    const rule = {
      next: this.next.bind(this),
      numberOf: (name: NumberName, ahead: number) => paramsOf(0, this.numbers(this.t + ahead))[name],
    }
    return lookahead(rule, start, loss, steps)
  }

  /** Clips every parameter to [-limit, limit], in as many dispatches as a step's. Throws ShapeError for no such limit. */
  clip(limit: number): void {
    checkInUse(this.disposed, this.rule)
    checkRange(this.rule, "clip's limit", limit)
    launchesOf(this, () => {
      for (const part of this.parts)
        withRanges({ p: homeOf(part) }, part.bytes, (buffers) =>
          run('optim', {
            op: 'clip',
            defines: { CLIP: true, ...typeOf(4) },
            buffers,
            params: paramsOf(part.bytes, { rate: limit }),
            threads: part.bytes / 16,
          }),
        )
    })
  }

  /** ‖g‖₂ over all gradients of the last step, a scalar; 0 before the first. */
  gradNorm(): Tensor {
    checkInUse(this.disposed, this.rule)
    return scope(() => {
      // What pads the gradients to their places is zero.
      const norms = this.parts.map(({ grads: storage, bytes }) =>
        withRanges({ g: { storage } }, bytes, ({ g }) => norm(g)),
      )
      return norms.length === 1 ? norms[0] : norm(concat(norms.map((each) => reshape(each, [1]))))
    })
  }

  /** Frees the state; the parameters stay. Harmless when repeated. */
  dispose(): void {
    if (this.disposed) return
    this.disposed = true
    for (const { grads, state } of this.parts)
      for (const storage of [grads, ...Object.values(state)]) release(storage)
    leave(this.parts)
  }

  /** The running averages by name and parameter, `m.0`, `m.1`, …: views for a checkpoint to read or overwrite. */
  stateDict(): Record<string, Tensor> {
    checkInUse(this.disposed, this.rule)
    const { params, parts, slots } = this
    return Object.fromEntries(
      slots.flatMap((slot) => {
        const views = viewsOf(params, parts, ({ state }) => state[slot])
        return views.map((view, i) => [`${slot}.${i}`, view])
      }),
    )
  }
}

/** The range of a home that a span covers. */
export const homeOf = ({ home, start }: Span): { storage: Storage; start: number } => ({
  storage: home,
  start,
})

/** Views of what lies for each parameter in buffers laid out as the spans, in the order of the parameters. */
export function viewsOf<S extends Span>(
  params: readonly Tensor[],
  spans: readonly S[],
  storageOf: (span: S) => Storage,
): Tensor[] {
  const views: Tensor[] = []
  for (const span of spans)
    for (const { index, offset } of span.members)
      views[index] = new Tensor(params[index].shape, storageOf(span), offset)
  return views
}
