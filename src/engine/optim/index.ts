/** Optimisers, in order of complexity. Each updates all of its parameters in place, in one dispatch. */

import { DisposedError } from '../errors.ts'
import { run } from '../gpu/kernel.ts'
import { type Flat, flatten, leave, withWhole, zeroFlat } from '../ops/flat.ts'
import { place } from '../ops/movement.ts'
import { add, div, full, type Live, mul, sqrt, square, sub } from '../ops/pointwise.ts'
import { norm } from '../ops/reduce.ts'
import { grad } from '../tensor/autograd.ts'
import { check, sameShape, shapeText } from '../tensor/shape.ts'
import { release, type Storage, Tensor } from '../tensor/tensor.ts'

function checkInUse(disposed: boolean, op: string): void {
  if (disposed) throw new DisposedError(`${op}: used after dispose()`)
}

/** The numbers of a step, as optim.wgsl explains them. */
interface Numbers {
  rate?: number
  decay?: number
  decay2?: number
  eps?: number
  correction?: number
}

function paramsOf(
  bytes: number,
  { rate = 0, decay = 0, decay2 = 0, eps = 0, correction = 1 }: Numbers,
): Record<string, number> {
  return { n: bytes / 16, rate, decay, decay2, rest: 1 - decay, rest2: 1 - decay2, eps, correction }
}

/** A learning rate, or one for each step, given how many were taken before. */
export type Rate = number | ((steps: number) => number)

type Rule = 'SGD' | 'RMSprop' | 'Adam'

/** One of a step's numbers, as a scalar tensor that every replay asks anew. */
type NumberOf = (name: keyof Numbers | 'rest' | 'rest2') => Tensor
/** A parameter's state, by slot. */
type Slots = Readonly<Record<string, Tensor>>
/** What a square root adds, so that it has a slope at 0; nothing beside any gradient that counts. */
const UNDER_ROOT = 1e-20

/** What the optimisers share: flat parameters, gradients and state. */
abstract class Optimizer {
  /** Steps taken. */
  t = 0
  private readonly flat: Flat
  private readonly grads: Storage
  private disposed = false
  private readonly state: Record<string, Storage>

  constructor(
    private readonly rule: Rule,
    params: readonly Tensor[],
    /** Learning rate; may be changed between steps, recorded ones too. */
    public lr: Rate,
    slots: readonly string[],
  ) {
    this.flat = flatten(params, rule)
    this.grads = zeroFlat(this.flat.bytes, rule)
    this.state = Object.fromEntries(slots.map((name) => [name, zeroFlat(this.flat.bytes, rule)]))
  }

  /** What is updated, in the order of stateDict's numbers. */
  get params(): readonly Tensor[] {
    return this.flat.params
  }

  protected rate(t: number): number {
    return typeof this.lr === 'function' ? this.lr(t - 1) : this.lr
  }

  /** The step's numbers; `t` counts from 1. */
  protected abstract numbers(t: number): Numbers

  /** Updates every parameter from its gradient, given in the order of the parameters. */
  step(grads: readonly Tensor[]): void {
    checkInUse(this.disposed, this.rule)
    const { params, offsets, bytes, storage } = this.flat
    check(
      grads.length === params.length,
      this.rule,
      () => `${grads.length} gradients for ${params.length} parameters`,
    )
    grads.forEach((g, i) => {
      check(
        sameShape(g.shape, params[i].shape),
        this.rule,
        () => `gradient ${i} has shape ${shapeText(g.shape)}, its parameter ${shapeText(params[i].shape)}`,
      )
    })
    const pieces = grads.map((x, i) => ({ x, block: x.size, start: offsets[i] / 4 }))
    withWhole({ g: this.grads }, bytes, ({ g }) => place(this.rule, g, pieces, bytes / 4))
    withWhole({ p: storage, g: this.grads, ...this.state }, bytes, (buffers) =>
      run('optim', {
        op: this.rule,
        defines: { [this.rule.toUpperCase()]: true },
        buffers,
        params: () => paramsOf(bytes, this.numbers(++this.t)),
        threads: bytes / 16,
      }),
    )
  }

  /** The update of one parameter as ops: PyTorch's formulas, as in optim.wgsl. */
  protected abstract next(p: Tensor, g: Tensor, state: Slots, n: NumberOf): { p: Tensor; state: Slots }

  /**
   * Where the parameters would be after `steps` more updates down `loss`, a function of them. Made of ops: gradients
   * flow through every update, `loss` must have second ones, and nothing here is changed.
   */
  lookahead(loss: (params: readonly Tensor[]) => Tensor, steps: number): Tensor[] {
    checkInUse(this.disposed, this.rule)
    let params: readonly Tensor[] = this.flat.params
    const saved = this.stateDict()
    let state = params.map(
      (_, i): Slots =>
        Object.fromEntries(Object.keys(this.state).map((slot) => [slot, saved[`${slot}.${i}`]])),
    )
    for (let ahead = 1; ahead <= steps; ahead++) {
      const grads = grad(loss(params), params, { createGraph: true })
      const made = new Map<string, Tensor>()
      const n: NumberOf = (name) => {
        const live: Live = () => paramsOf(this.flat.bytes, this.numbers(this.t + ahead))[name]
        const number = made.get(name) ?? full([], live)
        made.set(name, number)
        return number
      }
      const updated = params.map((p, i) => this.next(p, grads[i], state[i], n))
      params = updated.map(({ p }) => p)
      state = updated.map((each) => each.state)
    }
    return [...params]
  }

  /** Clips every parameter to [-limit, limit], in one dispatch. */
  clip(limit: number): void {
    checkInUse(this.disposed, this.rule)
    const { bytes, storage } = this.flat
    withWhole({ p: storage }, bytes, (buffers) =>
      run('optim', {
        op: 'clip',
        defines: { CLIP: true },
        buffers,
        params: paramsOf(bytes, { rate: limit }),
        threads: bytes / 16,
      }),
    )
  }

  /** ‖g‖₂ over all gradients of the last step, a scalar; 0 before the first. */
  gradNorm(): Tensor {
    checkInUse(this.disposed, this.rule)
    // What pads the gradients to their places is zero.
    return withWhole({ g: this.grads }, this.flat.bytes, ({ g }) => norm(g))
  }

  /** Frees the state; the parameters stay. Harmless when repeated. */
  dispose(): void {
    if (this.disposed) return
    this.disposed = true
    for (const storage of [this.grads, ...Object.values(this.state)]) release(storage)
    leave(this.flat)
  }

  /** The running averages by name and parameter, `m.0`, `m.1`, …: views for a checkpoint to read or overwrite. */
  stateDict(): Record<string, Tensor> {
    checkInUse(this.disposed, this.rule)
    const { params, offsets } = this.flat
    return Object.fromEntries(
      Object.entries(this.state).flatMap(([name, storage]) =>
        params.map((p, i) => [`${name}.${i}`, new Tensor(p.shape, storage, offsets[i])]),
      ),
    )
  }
}

/** Stochastic gradient descent with momentum: v = momentum v + g, p -= lr v. */
export class SGD extends Optimizer {
  private readonly momentum: number
  constructor(params: readonly Tensor[], { lr, momentum = 0 }: { lr: Rate; momentum?: number }) {
    super('SGD', params, lr, ['v'])
    this.momentum = momentum
  }
  protected numbers(t: number) {
    return { rate: this.rate(t), decay: this.momentum }
  }
  protected next(p: Tensor, g: Tensor, { v }: Slots, n: NumberOf) {
    const velocity = add(mul(v, n('decay')), g)
    return { p: sub(p, mul(velocity, n('rate'))), state: { v: velocity } }
  }
}

/** RMSprop (Tieleman & Hinton 2012), eps outside of the root. */
export class RMSprop extends Optimizer {
  private readonly alpha: number
  private readonly eps: number
  constructor(
    params: readonly Tensor[],
    { lr = 1e-2, alpha = 0.99, eps = 1e-8 }: { lr?: Rate; alpha?: number; eps?: number } = {},
  ) {
    super('RMSprop', params, lr, ['v'])
    this.alpha = alpha
    this.eps = eps
  }
  protected numbers(t: number) {
    return { rate: this.rate(t), decay: this.alpha, eps: this.eps }
  }
  protected next(p: Tensor, g: Tensor, { v }: Slots, n: NumberOf) {
    const squares = add(mul(v, n('decay')), mul(square(g), n('rest')))
    const root = add(sqrt(add(squares, UNDER_ROOT)), n('eps'))
    return { p: sub(p, div(mul(g, n('rate')), root)), state: { v: squares } }
  }
}

/** Adam (Kingma & Ba 2014, arXiv:1412.6980, algorithm 1). */
export class Adam extends Optimizer {
  private readonly betas: readonly [number, number]
  private readonly eps: number
  constructor(
    params: readonly Tensor[],
    {
      lr = 1e-3,
      betas = [0.9, 0.999],
      eps = 1e-8,
    }: { lr?: Rate; betas?: readonly [number, number]; eps?: number } = {},
  ) {
    super('Adam', params, lr, ['m', 'v'])
    this.betas = betas
    this.eps = eps
  }
  protected numbers(t: number) {
    const [beta1, beta2] = this.betas
    return {
      rate: this.rate(t) / (1 - beta1 ** t),
      decay: beta1,
      decay2: beta2,
      eps: this.eps,
      correction: Math.sqrt(1 - beta2 ** t),
    }
  }
  protected next(p: Tensor, g: Tensor, { m, v }: Slots, n: NumberOf) {
    const mean = add(mul(m, n('decay')), mul(g, n('rest')))
    const squares = add(mul(v, n('decay2')), mul(square(g), n('rest2')))
    const root = add(div(sqrt(add(squares, UNDER_ROOT)), n('correction')), n('eps'))
    return { p: sub(p, div(mul(mean, n('rate')), root)), state: { m: mean, v: squares } }
  }
}

/** An exponential moving average of parameters: a = decay a + (1 - decay) p, starting at their present values. */
export class EMA {
  private readonly flat: Flat
  private readonly average: Storage
  private disposed = false
  private readonly decay: number

  constructor(params: readonly Tensor[], { decay = 0.999 }: { decay?: number } = {}) {
    this.decay = decay
    this.flat = flatten(params, 'EMA')
    this.average = zeroFlat(this.flat.bytes, 'EMA')
    this.move(0)
  }

  /** What is averaged, in the order of stateDict's numbers. */
  get params(): readonly Tensor[] {
    return this.flat.params
  }

  /** Moves the averages towards the parameters. */
  update(): void {
    checkInUse(this.disposed, 'EMA')
    this.move(this.decay)
  }

  private move(decay: number): void {
    const { bytes, storage } = this.flat
    withWhole({ p: this.average, g: storage }, bytes, (buffers) =>
      run('optim', {
        op: 'EMA',
        defines: { EMA: true },
        buffers,
        params: paramsOf(bytes, { decay }),
        threads: bytes / 16,
      }),
    )
  }

  /** Runs `fn` with the averages in the parameters' place. */
  averaged<T>(fn: () => T): T {
    checkInUse(this.disposed, 'EMA')
    const { params, offsets, storage } = this.flat
    const move = (to: Storage): void => {
      params.forEach((p, i) => {
        p.relocate(to, offsets[i])
      })
    }
    move(this.average)
    try {
      return fn()
    } finally {
      move(storage)
    }
  }

  /** Frees the averages; the parameters stay. Harmless when repeated. */
  dispose(): void {
    if (this.disposed) return
    this.disposed = true
    release(this.average)
    leave(this.flat)
  }

  /** The averages, `0`, `1`, … in the parameters' order: views for a checkpoint to read or overwrite. */
  stateDict(): Record<string, Tensor> {
    checkInUse(this.disposed, 'EMA')
    const { params, offsets } = this.flat
    return Object.fromEntries(
      params.map((p, i) => [String(i), new Tensor(p.shape, this.average, offsets[i])]),
    )
  }
}
