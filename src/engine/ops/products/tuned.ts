/**
 * Which variant of a kernel computes a problem: the usual one of the adapter's class, unless one was found to be faster
 * (see search.ts). What was found is kept by adapter, so that a device that is opened anew goes on with it; a recorded
 * step keeps the variants that it was recorded with.
 */
import { adapterName } from '../../gpu/adapter.ts'
import { type Gpu, gpu } from '../../gpu/device.ts'
import { shadersHash } from '../../gpu/wgsl.ts'
import { amount, map, object, type Schema, text } from '../../schema.ts'
import type { Tensor } from '../../tensor/tensor.ts'

/** A problem that several variants of a kernel can compute. */
export interface Choice<Name extends string = string> {
  /** The kernel and its sizes: problems of one name are alike. */
  problem: string
  /** Names of the variants that this adapter can run. */
  variants: readonly Name[]
  /** Taken unless something better is known. */
  usual(): Name
  /** The problem on tensors of its own, to be timed. */
  again(): Again
}

export interface Again {
  /** The caller's, to dispose. */
  operands: Record<string, Tensor>
  /** Computes it once, with the variant that is chosen at that time. To be called in a scope. */
  launch(): void
}

/** What a search found for a problem. */
export interface Found {
  variant: string
  /** What it was compared with. */
  usual: string
  /** Time of `variant` by that of `usual`; 1 where none was faster. */
  ratio: number
}

/** What was found on an adapter, as plain JSON. */
export interface TunedTable {
  adapter: string
  /** Tells the kernels that it was found for from others. */
  kernels: string
  found: Record<string, Found>
}

/** Where the usual variant is asked for by name. */
export const USUAL = 'usual'

const tables = new Map<string, Map<string, Found>>()
let forced: string | undefined
let listener: ((choice: Choice) => void) | undefined

/** The variant to run: the forced one, else the one found to be the fastest, else the usual one. */
export function chooseVariant<Name extends string>(choice: Choice<Name>): Name {
  const { problem, variants, usual } = choice
  listener?.(choice)
  const able = (name: string | undefined): Name | undefined => variants.find((variant) => variant === name)
  if (forced === USUAL) return usual()
  return able(forced) ?? able(tables.get(keyOf(gpu()))?.get(problem)?.variant) ?? usual()
}

/** From now on this variant wherever the adapter has it, whatever the problem, or the usual ones; as found if left out. */
export const forceVariant = (name?: string): void => {
  forced = name
}

/** Runs `fn` with a variant forced. */
export function withVariant(name: string, fn: () => void): void {
  const before = forced
  forced = name
  try {
    fn()
  } finally {
    forced = before
  }
}

/** Runs `fn`; `hear` is told of every choice in it. */
export function listen(hear: (choice: Choice) => void, fn: () => void): void {
  listener = hear
  try {
    fn()
  } finally {
    listener = undefined
  }
}

/** The adapter as far as kernels are chosen by it. */
const keyOf = (g: Gpu): string =>
  [adapterName(g), g.info.device, g.hasQuads && 'quads'].filter(Boolean).join(', ')

/** What was found on the adapter in use. */
export function tuned(): TunedTable {
  const adapter = keyOf(gpu())
  return { adapter, kernels: shadersHash(), found: Object.fromEntries(tables.get(adapter) ?? []) }
}

/**
 * Installs a table, in the place of what is known of the adapter in use; an empty one clears it. Gives the number of
 * problems in it; 0, and nothing is changed, when it is of another adapter or of other kernels.
 */
export function setTuned({ adapter, kernels, found }: TunedTable): number {
  if (adapter !== keyOf(gpu()) || kernels !== shadersHash()) return 0
  tables.set(adapter, new Map(Object.entries(found)))
  return Object.keys(found).length
}

/** What a table that was stored somewhere has to be. */
export const tunedTable: Schema<TunedTable> = object({
  adapter: text,
  kernels: text,
  found: map(object({ variant: text, usual: text, ratio: amount })),
})

export const isTunedTable = (value: unknown): value is TunedTable => !tunedTable.check(value, '').length
