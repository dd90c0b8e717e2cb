/** What a network is made of: its tensors by name, found by walking the fields of its layers. */
import { CheckpointError } from '../errors.ts'
import type { SavedTensor } from '../tensor/safetensors.ts'
import { sameShape, shapeText } from '../tensor/shape.ts'
import { noteMode, standIn } from '../tensor/standIn.ts'
import { Tensor } from '../tensor/tensor.ts'

/** Every object in `value`'s fields with its dotted name. */
export function* walk(value: unknown, path = '', seen = new Set<unknown>()): Generator<[string, object]> {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || seen.has(value)) return
  seen.add(value)
  yield [path, value]
  if (value instanceof Tensor) return
  for (const [name, child] of Object.entries(value)) yield* walk(child, path ? `${path}.${name}` : name, seen)
}

/** Every tensor in `model`'s fields by dotted name: parameters and running statistics. */
export function stateDict(model: object): Record<string, Tensor> {
  const entries = [...walk(model)].filter((entry): entry is [string, Tensor] => entry[1] instanceof Tensor)
  return Object.fromEntries(entries)
}

/** The tensors that are trained, in the order of the fields. */
export const parameters = (model: object): Tensor[] =>
  Object.values(stateDict(model)).filter((t) => t.requiresGrad)

/**
 * Runs `fn`, which must not be async, with other tensors in the place of some in `model`'s fields, such as weights made
 * by ops: PyTorch's `functional_call`.
 */
export function withTensors<T>(model: object, instead: ReadonlyMap<Tensor, Tensor>, fn: () => T): T {
  const places: [object: Record<string, unknown>, field: string, own: Tensor][] = []
  for (const [, value] of walk(model))
    if (!(value instanceof Tensor))
      for (const [field, own] of Object.entries(value))
        if (own instanceof Tensor && instead.has(own))
          places.push([value as Record<string, unknown>, field, own])
  const put = (): (() => void) => {
    for (const [object, field, own] of places) object[field] = instead.get(own)
    return () => {
      for (const [object, field, own] of places) object[field] = own
    }
  }
  return standIn('withTensors', put, fn)
}

/** A layer that does something else in evaluation. */
interface Switched {
  training: boolean
}

const switchedIn = (model: object): Switched[] =>
  [...walk(model)].flatMap(([, value]) => ('training' in value ? [value as Switched] : []))

function setAll(layers: readonly Switched[], training: boolean): void {
  for (const layer of layers) {
    layer.training = training
    noteMode(layer, training)
  }
}

/** Switches batch norm and dropout in `model` between training and evaluation. */
export const setTraining = (model: object, training: boolean): void => setAll(switchedIn(model), training)

/** Runs `fn`, which must not be async, with batch norm and dropout in `model` in evaluation. */
export function evaluating<T>(model: object, fn: () => T): T {
  const put = (): (() => void) => {
    const layers = switchedIn(model).filter(({ training }) => training)
    setAll(layers, false)
    return () => setAll(layers, true)
  }
  return standIn('evaluating', put, fn, { key: '', isWeights: false }) // layers are noted one by one
}

/**
 * Writes saved values into `model`, or into the tensors of a state dict. Throws CheckpointError, and changes nothing,
 * when a name is missing or unknown or a shape differs.
 */
export function loadStateDict(model: object, saved: Record<string, SavedTensor>): void {
  const own = stateDict(model)
  const missing = Object.keys(own).filter((name) => !(name in saved))
  const unknown = Object.keys(saved).filter((name) => !(name in own))
  if (missing.length || unknown.length)
    throw new CheckpointError(
      `loadStateDict: ${[missing.length && `missing ${missing.join(', ')}`, unknown.length && `unknown ${unknown.join(', ')}`].filter(Boolean).join('; ')}`,
    )
  for (const [name, t] of Object.entries(own)) {
    const { shape, data } = saved[name]
    if (!sameShape(t.shape, shape))
      throw new CheckpointError(
        `loadStateDict: ${name} is ${shapeText(t.shape)} in the model and ${shapeText(shape)} in the file`,
      )
    if (data.length !== t.size)
      throw new CheckpointError(
        `loadStateDict: ${name} has ${data.length} values for shape ${shapeText(shape)}`,
      )
  }
  for (const [name, t] of Object.entries(own)) t.write(saved[name].data)
}
