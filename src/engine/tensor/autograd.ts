/** The tape: which op made a tensor, and how to walk back. Gradients are made of ops, so they have gradients. */
import { check, sameShape, shapeText } from './shape.ts'
import { type Backward, discard, type Node, refusePromise, scope, Tensor } from './tensor.ts'

/** What the walker needs from the ops above it; installed by ops/index.ts, the one import that would point up. */
export interface WalkerOps {
  add(a: Tensor, b: Tensor): Tensor
  sumTo(x: Tensor, shape: readonly number[]): Tensor
  zerosLike(x: Tensor): Tensor
  onesLike(x: Tensor): Tensor
  /** The identity, as a new tensor that the tape knows. */
  alias(x: Tensor): Tensor
}
let ops: WalkerOps
export const installOps = (implementation: WalkerOps): void => {
  ops = implementation
}

let recording = true
let nextId = 1

/** Runs `fn`, which must not be async, without recording: what it makes has no gradient. */
export const noGrad = <T>(fn: () => T): T => withRecording(false, fn)

/** Runs `fn`, which must not be async, without recording, and frees what it makes but does not return. */
export const untaped = <T>(fn: () => T): T => scope(() => noGrad(fn))

function withRecording<T>(on: boolean, fn: () => T): T {
  const before = recording
  recording = on
  try {
    return refusePromise(fn(), 'noGrad')
  } finally {
    recording = before
  }
}

const flows = (x: Tensor): boolean => x.requiresGrad || x.node !== undefined

/** Puts an op on the tape if a gradient could flow through it. Returns its first output. */
export function record(
  op: string,
  inputs: readonly Tensor[],
  output: Tensor | readonly Tensor[],
  backward: Backward,
): Tensor {
  const outputs = output instanceof Tensor ? [output] : output
  if (recording && inputs.some(flows)) {
    const node = { op, id: nextId++, inputs, outputs, backward }
    for (const y of outputs) y.node = node
  }
  return outputs[0]
}

/** Thunks for a Backward whose gradients come from one computation, made when the first of them is asked for. */
export function together(count: number, compute: () => Tensor[]): (() => Tensor)[] {
  let all: Tensor[] | undefined
  return Array.from({ length: count }, (_, i) => () => {
    all ??= compute()
    return all[i]
  })
}

export interface GradOptions {
  /** dL/d output, of the output's shape; ones if left out. */
  gradOutput?: Tensor
  /** Records the backward pass, so that the gradients can be differentiated again. */
  createGraph?: boolean
}

/**
 * Gradients of `output` (of any shape; summed when no `gradOutput` weighs it) with respect to `inputs`, in their order.
 * An input that the output does not depend on gets zeros.
 * Throws ShapeError when an input is not tracked (`requiresGrad`, or made from such), or `gradOutput` has another shape.
 */
export function grad(
  output: Tensor,
  inputs: readonly Tensor[],
  { gradOutput, createGraph = false }: GradOptions = {},
): Tensor[] {
  if (gradOutput)
    check(
      sameShape(gradOutput.shape, output.shape),
      'grad',
      () =>
        `gradOutput of shape ${shapeText(gradOutput.shape)} for an output of shape ${shapeText(output.shape)}`,
    )
  for (const [i, x] of inputs.entries())
    check(
      flows(x),
      'grad',
      () => `input ${i} of shape ${shapeText(x.shape)} is not tracked: make it with { requiresGrad: true }`,
    )
  const walk = (): Tensor[] => {
    const seed = gradOutput ?? withRecording(false, () => ops.onesLike(output))
    return vjp([output], [seed], inputs, createGraph)
  }
  return createGraph ? walk() : scope(walk)
}

/** Vector-Jacobian product: gradients of Σ ⟨outputs[i], cotangents[i]⟩ with respect to `inputs`. */
function vjp(
  outputs: readonly Tensor[],
  cotangents: readonly (Tensor | undefined)[],
  inputs: readonly Tensor[],
  createGraph: boolean,
): Tensor[] {
  const walk = () => withRecording(createGraph, () => backwardPass(outputs, cotangents, inputs, !createGraph))
  return createGraph ? walk() : scope(walk)
}

function backwardPass(
  outputs: readonly Tensor[],
  cotangents: readonly (Tensor | undefined)[],
  inputs: readonly Tensor[],
  /** Gradients are freed once they are passed on: nothing will ask for them. */
  isFinal: boolean,
): Tensor[] {
  const grads = new Map<Tensor, Tensor>()
  const accumulate = (x: Tensor, g: Tensor): void => {
    // Broadcasting is undone here, once, for every op.
    const fitted = sameShape(g.shape, x.shape) ? g : ops.sumTo(g, x.shape)
    const before = grads.get(x)
    grads.set(x, before ? ops.add(before, fitted) : fitted)
  }
  outputs.forEach((y, i) => {
    const g = cotangents[i]
    if (g) accumulate(y, g)
  })

  const wanted = new Set(inputs)
  const nodes = reachable(outputs)
  const needed = neededNodes(nodes, wanted)
  for (const node of nodes) {
    if (!needed.has(node) || !node.outputs.some((y) => grads.has(y))) continue
    const thunks = node.backward(...node.outputs.map((y) => grads.get(y) ?? ops.zerosLike(y)))
    node.inputs.forEach((x, i) => {
      const thunk = thunks[i]
      if (thunk && (wanted.has(x) || (x.node && needed.has(x.node)))) accumulate(x, thunk())
    })
    for (const y of node.outputs) {
      const spent = grads.get(y)
      if (!spent || wanted.has(y)) continue
      grads.delete(y)
      // Not what the caller gave, nor what an op like add has passed on as it was.
      if (isFinal && !cotangents.includes(spent) && ![...grads.values()].includes(spent)) discard(spent)
    }
  }
  // Each gradient is a tensor of its own, so that disposing one leaves the others and `gradOutput`.
  const taken = new Set(cotangents)
  return inputs.map((x) => {
    const g = grads.get(x) ?? ops.zerosLike(x)
    if (taken.has(g)) return ops.alias(g)
    taken.add(g)
    return g
  })
}

/** Nodes behind `outputs`, newest first: every user before what it used. */
function reachable(outputs: readonly Tensor[]): Node[] {
  const found = new Set<Node>()
  const stack = outputs.flatMap((y) => y.node ?? [])
  for (let node = stack.pop(); node; node = stack.pop()) {
    if (found.has(node)) continue
    found.add(node)
    for (const x of node.inputs) if (x.node) stack.push(x.node)
  }
  return [...found].sort((a, b) => b.id - a.id)
}

/** Those of `nodes` (newest first) on a path to a wanted input. */
function neededNodes(nodes: Node[], wanted: Set<Tensor>): Set<Node> {
  const needed = new Set<Node>()
  for (let i = nodes.length - 1; i >= 0; i--) {
    if (nodes[i].inputs.some((x) => wanted.has(x) || (x.node && needed.has(x.node)))) needed.add(nodes[i])
  }
  return needed
}

/**
 * The vector-Jacobian product of `f`, a composition of ops, at `inputs`: how a fused op is differentiated again.
 * Differentiable itself while the tape records.
 */
export function vjpOf(
  f: (...xs: Tensor[]) => Tensor[],
  inputs: readonly Tensor[],
  cotangents: readonly (Tensor | undefined)[],
): Tensor[] {
  const createGraph = recording
  const leaves = inputs.map((x) => ops.alias(x))
  // The walk must not go on behind the leaves; what it records is linked to the rest of the tape afterwards.
  const links = leaves.map((leaf) => leaf.node)
  for (const leaf of leaves) {
    leaf.node = undefined
    leaf.requiresGrad = true
  }
  const outputs = withRecording(true, () => f(...leaves))
  const grads = vjp(outputs, cotangents, leaves, createGraph)
  leaves.forEach((leaf, i) => {
    leaf.node = links[i]
    leaf.requiresGrad = false
  })
  return grads
}
