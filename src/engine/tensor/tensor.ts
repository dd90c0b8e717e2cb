/** Tensors: a shape over a range of a GPU buffer, in float32; and the scopes that free them. */

import { DeviceLostError, DisposedError } from '../errors.ts'
import type { Bindable, Held } from '../gpu/bindable.ts'
import { type Gpu, gpu, type MemoryInfo } from '../gpu/device.ts'
import { check, checkShape, type Shape, shapeText, sizeOf } from './shape.ts'

/** A buffer shared by the tensors that view it; back to the pool when the last of them goes. */
export interface Storage extends Held {
  readonly gpu: Gpu
  /** How many tensors have left it for another one for good: what was recorded with them is out of date. */
  departures: number
}

/** For each input, a thunk that computes its gradient; undefined where there is none. Unneeded thunks never run. */
export type Backward = (...outputGrads: Tensor[]) => ((() => Tensor) | undefined)[]

/** An op on the tape (see autograd.ts). */
export interface Node {
  op: string
  /** Grows with time: an input's node is always older than its user's. */
  id: number
  inputs: readonly Tensor[]
  outputs: readonly Tensor[]
  backward: Backward
}

/** An n-dimensional array of float32 on the GPU. Made by `tensor`, `zeros`, `randn` and by every op. */
export class Tensor implements Bindable {
  readonly shape: Shape
  readonly size: number
  /** Whether `grad` may ask for this tensor's gradient as a leaf. */
  requiresGrad = false
  /** What made it, when a gradient may flow through. */
  node: Node | undefined
  private storage: Storage | undefined

  constructor(
    shape: Shape,
    storage: Storage,
    /** Start within the storage's buffer. */
    public byteOffset = 0,
  ) {
    this.shape = shape
    this.size = sizeOf(shape)
    this.storage = storage
    storage.references++
    scopes.at(-1)?.add(this)
  }

  get disposed(): boolean {
    return this.storage === undefined
  }

  /** The storage, or an error that names `op` when it is gone. */
  storageOf(op: string): Storage {
    if (!this.storage)
      throw new DisposedError(
        `${op}: a tensor of shape ${shapeText(this.shape)} was disposed, or its scope has ended; return it from the scope to keep it`,
      )
    if (this.storage.gpu.lost) throw this.storage.gpu.lost
    if (this.storage.gpu !== gpu())
      throw new DeviceLostError(
        `${op}: a tensor of shape ${shapeText(this.shape)} belongs to an earlier device`,
      )
    return this.storage
  }

  /** The values, row-major, once the GPU has them. Rejects with the first GPU error since the last read. */
  async data(): Promise<Float32Array> {
    const { gpu: g, buffer } = this.storageOf('data')
    return new Float32Array(await g.read(buffer, this.byteOffset, this.size * 4))
  }

  /** The value of a tensor with one element. */
  async item(): Promise<number> {
    check(this.size === 1, 'item', () => `expected one element, got shape ${shapeText(this.shape)}`)
    return (await this.data())[0]
  }

  /** Frees the tensor now; harmless when repeated. */
  dispose(): void {
    const { storage } = this
    if (!storage) return
    this.storage = undefined
    release(storage)
  }

  /** Moves this tensor to another place (an optimiser's flat buffer); its values must be copied by the caller. */
  relocate(storage: Storage, byteOffset: number): void {
    this.dispose()
    this.storage = storage
    this.byteOffset = byteOffset
    storage.references++
  }

  /** Overwrites the values in place; the tape does not see it. */
  write(data: ArrayLike<number>): void {
    check(data.length === this.size, 'write', () => `expected ${this.size} values, got ${data.length}`)
    const { gpu: g, buffer } = this.storageOf('write')
    g.upload(buffer, this.byteOffset, data instanceof Float32Array ? data : Float32Array.from(data))
  }
}

/** Gives up one reference to `storage`; the last one returns its buffer to the pool. */
export function release(storage: Storage): void {
  if (--storage.references === 0 && !storage.gpu.lost) storage.gpu.pool.release(storage.buffer)
}

/** An uninitialised storage of `size` floats. */
export function allocate(size: number, what: string): Storage {
  const g = gpu()
  return { gpu: g, buffer: g.pool.acquire(size * 4, what), references: 0, departures: 0 }
}

/** An uninitialised tensor, for a kernel to write. */
export function empty(shape: Shape, op = 'empty'): Tensor {
  return new Tensor(shape, allocate(sizeOf(shape), `${op}: a tensor of shape ${shapeText(shape)}`))
}

/** The same values under another shape, sharing the buffer; no gradient flows (see ops/reshape). */
export function view(x: Tensor, shape: Shape, op = 'view'): Tensor {
  return new Tensor(shape, x.storageOf(op), x.byteOffset)
}

/** Nested arrays of numbers, as a literal would be written. */
export type Nested = number | ArrayLike<number> | readonly Nested[]

export interface TensorOptions {
  requiresGrad?: boolean
}

/**
 * A tensor of the given values. `shape` may be left out for a number or nested arrays.
 * Throws ShapeError when the number of values is not that of the shape.
 */
export function tensor(data: Nested, shape?: Shape, { requiresGrad = false }: TensorOptions = {}): Tensor {
  const flat = data instanceof Float32Array ? data : Float32Array.from(flatten(data))
  const dims = shape ?? nestedShape(data)
  checkShape(dims, 'tensor')
  check(
    flat.length === sizeOf(dims),
    'tensor',
    () => `shape ${shapeText(dims)} holds ${sizeOf(dims)} values, got ${flat.length}`,
  )
  const t = empty([...dims], 'tensor')
  t.write(flat)
  t.requiresGrad = requiresGrad
  return t
}

const flatten = (data: Nested): ArrayLike<number> =>
  typeof data === 'number'
    ? [data]
    : ArrayBuffer.isView(data)
      ? (data as Float32Array)
      : deepFlat(data as Nested[])

const deepFlat = (data: readonly Nested[]): number[] =>
  (data as unknown[]).flat(Number.POSITIVE_INFINITY) as number[]

function nestedShape(data: Nested): number[] {
  const shape: number[] = []
  for (let level: unknown = data; typeof level === 'object'; level = (level as ArrayLike<unknown>)[0])
    shape.push((level as ArrayLike<unknown>).length)
  return shape
}

const scopes: Set<Tensor>[] = []

/** Throws TypeError for a promise: what an async function does after its first await would escape `op`. */
export function refusePromise<T>(result: T, op: string): T {
  if (typeof (result as { then?: unknown } | undefined)?.then !== 'function') return result
  Promise.resolve(result).catch(() => {}) // this error is the one to tell
  throw new TypeError(`${op}: the function must not be async; read values outside of it`)
}

/**
 * Runs `fn`, then frees every tensor made in it that it does not return (alone, or inside arrays and plain objects).
 * `fn` must not be async: tensors of other work would be caught in its scope.
 */
export function scope<T>(fn: () => T): T {
  const made = new Set<Tensor>()
  scopes.push(made)
  let kept = new Set<Tensor>()
  try {
    const result = fn()
    refusePromise(result, 'scope')
    kept = new Set(tensorsIn(result))
    return result
  } finally {
    scopes.pop()
    for (const t of made) {
      if (!kept.has(t)) t.dispose()
      else scopes.at(-1)?.add(t)
    }
  }
}

/** Frees `t` before its scope ends, if it was made in the innermost one. */
export function discard(t: Tensor): void {
  if (scopes.at(-1)?.delete(t)) t.dispose()
}

/** Runs `fn` apart from the scopes around it; `tensors` are those it made that are still there, the caller's now. */
export function owned<T>(fn: () => T): { result: T; tensors: ReadonlySet<Tensor> } {
  const outer = scopes.splice(0)
  const tensors = new Set<Tensor>()
  scopes.push(tensors)
  try {
    return { result: scope(fn), tensors }
  } finally {
    scopes.splice(0, scopes.length, ...outer)
  }
}

/** Every tensor reachable from `value` through arrays, maps' values and objects' fields. */
export function* tensorsIn(value: unknown, seen = new Set<unknown>()): Generator<Tensor> {
  if (value instanceof Tensor) yield value
  else if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && !seen.has(value)) {
    seen.add(value)
    for (const child of value instanceof Map ? value.values() : Object.values(value))
      yield* tensorsIn(child, seen)
  }
}

/** Bytes and buffers in use by tensors and recorded steps, free ones that wait for reuse, and bytes for reading back. */
export const memory = (): MemoryInfo => gpu().memory()
