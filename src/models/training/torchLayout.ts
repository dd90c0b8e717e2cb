/**
 * How PyTorch names and lays out what a checkpoint holds: one rule for all families, by the kind of layer that owns a
 * tensor and by the tensor's rank. scripts/torch/ganvas/layouts.py is the same rule from the other side.
 */
import { CheckpointError, nn, optim, type safetensors, type Tensor } from '../../engine/index.ts'
import type { Model, Optimizer } from '../family.ts'

type Saved = Record<string, safetensors.SavedTensor>
type Axes = readonly number[]

/** A tensor of a checkpoint, and its place in PyTorch's file. */
interface Place {
  /** Its name in a checkpoint. */
  name: string
  shape: readonly number[]
  /** Its name in PyTorch's file. */
  torch: string
  /** The permutation that makes PyTorch's layout. */
  axes: Axes
}

const isNorm = (layer: object | undefined): boolean =>
  layer instanceof nn.BatchNorm || layer instanceof nn.InstanceNorm || layer instanceof nn.LayerNorm
/** What PyTorch calls the fields of a norm; it has running_mean, too. */
const NORM_FIELDS: Readonly<Record<string, string>> = {
  gamma: 'weight',
  beta: 'bias',
  runningVariance: 'running_var',
}

const snake = (name: string): string => name.replace(/(?<=[a-z0-9])[A-Z]/g, (c) => `_${c.toLowerCase()}`)

function axesOf(owner: object | undefined, field: string, rank: number): Axes {
  if (field === 'weight' && !(owner instanceof nn.Embedding)) {
    if (rank === 2) return [1, 0] // dense: [in, out] -> [out, in]
    // conv: [kh, kw, cin, cout] -> [cout, cin, kh, kw]; transposed: [kh, kw, cout, cin] -> [cin, cout, kh, kw]
    if (rank === 4) return [3, 2, 0, 1]
  }
  // Of maps the channels come first: [N, H, W, C] -> [N, C, H, W], [H, W, C] -> [C, H, W].
  if (rank === 4) return [0, 3, 1, 2]
  return rank === 3 ? [2, 0, 1] : Array.from({ length: rank }, (_, d) => d)
}

/** Of every tensor of the networks and of other state. */
function networkPlaces({ networks, state }: Model): Map<Tensor, Place> {
  const places = new Map<Tensor, Place>()
  for (const [network, net] of Object.entries({ ...networks, ...state })) {
    const objects = new Map(nn.walk(net))
    for (const [path, tensor] of Object.entries(nn.stateDict(net))) {
      const at = path.lastIndexOf('.')
      const [field, owner] = [path.slice(at + 1), objects.get(path.slice(0, Math.max(at, 0)))]
      const theirs = path.slice(0, at + 1) + ((isNorm(owner) && NORM_FIELDS[field]) || field)
      places.set(tensor, {
        name: `${network}.${path}`,
        shape: tensor.shape,
        torch: snake(`${network}.${theirs}`),
        axes: axesOf(owner, field, tensor.shape.length),
      })
    }
  }
  return places
}

/** PyTorch's names for what an optimiser keeps of each parameter, by ours. */
function slotsOf(optimizer: Optimizer): Record<string, string> {
  if (optimizer instanceof optim.Adam) return { m: 'exp_avg', v: 'exp_avg_sq' }
  return optimizer instanceof optim.RMSprop ? { v: 'square_avg' } : { v: 'momentum_buffer' }
}

/** Where everything of a checkpoint is in PyTorch's file. */
interface Layout {
  networks: Place[]
  /** Of each averaged parameter, and the parameter itself. */
  averages: { place: Place; of: Place }[]
  /** PyTorch's averages are whole networks: what of them is not averaged is the network's own. */
  copies: { torch: string; of: Place }[]
  optimizers: Place[]
}

function layoutOf(model: Model): Layout {
  const own = networkPlaces(model)
  const find = (parameter: Tensor): Place => {
    const place = own.get(parameter)
    if (place) return place
    throw new CheckpointError('a parameter that is trained belongs to no network')
  }
  const averages = Object.entries(model.averages ?? {}).flatMap(([key, { parameters }]) =>
    parameters.map((parameter, i) => {
      const of = find(parameter)
      return { of, place: { ...of, name: `average.${key}.${i}`, torch: `average.${of.torch}` } }
    }),
  )
  const averaged = new Set(averages.map(({ of }) => of))
  const networkOf = ({ name }: Place): string => name.slice(0, name.indexOf('.'))
  const copied = new Set([...averaged].map(networkOf))
  const networks = [...own.values()]
  const optimizers = Object.entries(model.optimizers).flatMap(([key, optimizer]) =>
    Object.entries(slotsOf(optimizer)).flatMap(([slot, theirs]) =>
      optimizer.parameters.map((parameter, i) => {
        const of = find(parameter)
        const name = `optimizer.${key}.${slot}.${i}`
        return { ...of, name, torch: `optimizer.${key}.${theirs}.${of.torch}` }
      }),
    ),
  )
  const copies = networks
    .filter((place) => copied.has(networkOf(place)) && !averaged.has(place))
    .map((of) => ({ of, torch: `average.${of.torch}` }))
  return { networks, averages, copies, optimizers }
}

/** A checkpoint's tensors as PyTorch has them: networks, averages, and what the optimisers keep. */
export function toTorch(model: Model, tensors: Saved): Saved {
  const { networks, averages, copies, optimizers } = layoutOf(model)
  const places = [...networks, ...averages.map(({ place }) => place), ...optimizers]
  const entries = places.map(({ name, torch, axes }) => [torch, permuted(tensors[name], axes)] as const)
  const copied = copies.map(({ torch, of }) => [torch, permuted(tensors[of.name], of.axes)] as const)
  return Object.fromEntries([...entries, ...copied])
}

/**
 * The way back. A file may lack the averages, which then begin at the parameters, and the optimisers, which begin anew.
 * Throws CheckpointError, naming `file` and what is wrong by PyTorch's names: tensors that are missing, unknown, of another
 * shape or not finite, averages whose buffers are not the network's.
 */
export function fromTorch(model: Model, torch: Saved, file: string): Saved {
  const { networks, averages, copies, optimizers } = layoutOf(model)
  const has = (prefix: string): boolean => Object.keys(torch).some((name) => name.startsWith(prefix))
  const [hasAverages, hasOptimizers] = [has('average.'), has('optimizer.')]
  const places = [
    ...networks,
    ...(hasAverages ? averages.map(({ place }) => place) : []),
    ...(hasOptimizers ? optimizers : []),
  ]
  const expected = [...places, ...(hasAverages ? copies : [])].map(({ torch }) => torch)
  checkNames(expected, Object.keys(torch), file)
  const taken = Object.fromEntries(places.map((place) => [place.name, takenFrom(torch, place, file)]))
  if (hasAverages)
    for (const { torch: name, of } of copies)
      if (takenFrom(torch, { ...of, torch: name }, file).data.some((v, i) => v !== taken[of.name].data[i]))
        throw new CheckpointError(
          `${file}: ${name} differs from ${of.torch}: an average shares what is not trained`,
        )
  const begun = hasAverages ? [] : averages.map(({ place, of }) => [place.name, taken[of.name]] as const)
  const zeros = hasOptimizers ? [] : optimizers.map(({ name, shape }) => [name, zerosOf(shape)] as const)
  return { ...taken, ...Object.fromEntries([...begun, ...zeros]) }
}

function checkNames(expected: readonly string[], given: readonly string[], file: string): void {
  const [known, there] = [new Set(expected), new Set(given)]
  const missing = expected.filter((name) => !there.has(name))
  const unknown = given.filter((name) => !known.has(name))
  const said = [missing.length && `lacks ${some(missing)}`, unknown.length && `has unknown ${some(unknown)}`]
  if (missing.length || unknown.length)
    throw new CheckpointError(`${file}: ${said.filter(Boolean).join('; ')}`)
}

const NAMED = 5
const some = (names: readonly string[]): string =>
  names.slice(0, NAMED).join(', ') + (names.length > NAMED ? ` and ${names.length - NAMED} more` : '')

function takenFrom(torch: Saved, { torch: name, shape, axes }: Place, file: string): safetensors.SavedTensor {
  const saved = torch[name]
  const expected = axes.map((axis) => shape[axis])
  if (`${saved.shape}` !== `${expected}`)
    throw new CheckpointError(`${file}: ${name} is [${saved.shape}], expected [${expected}]`)
  if (!saved.data.every(Number.isFinite))
    throw new CheckpointError(`${file}: ${name} has values that are not finite`)
  return permuted(
    saved,
    axes.map((_, axis) => axes.indexOf(axis)),
  )
}

const zerosOf = (shape: readonly number[]): safetensors.SavedTensor => ({
  shape,
  data: new Float32Array(shape.reduce((product, size) => product * size, 1)),
})

/** Axis d of the result is axis `axes[d]` of the tensor. */
function permuted({ shape, data }: safetensors.SavedTensor, axes: Axes): safetensors.SavedTensor {
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1))
  const result = zerosOf(axes.map((axis) => shape[axis]))
  const steps = axes.map((axis) => strides[axis])
  const at = axes.map(() => 0)
  for (let i = 0, from = 0; i < data.length; i++) {
    result.data[i] = data[from]
    // The next index, as an odometer counts.
    for (let d = at.length - 1; d >= 0; d--) {
      from += steps[d]
      if (++at[d] < result.shape[d]) break
      from -= steps[d] * at[d]
      at[d] = 0
    }
  }
  return result
}
