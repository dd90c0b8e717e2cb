/** Which variant of a kernel computes a problem: the usual one of the adapter's class, unless one was found to be faster. */
import { type Gpu, gpu } from './device.ts'

/** A problem that several variants of a kernel can compute. */
export interface Choice<Name extends string> {
  /** The kernel and its sizes: problems of one name are alike. */
  problem: string
  /** Names of the variants that this adapter can run. */
  variants: readonly Name[]
  /** Taken unless something better is known. */
  usual(): Name
}

/** Variants by problem, as a search found them. */
const found = new WeakMap<Gpu, Map<string, string>>()
let forced: string | undefined

/** The variant to run: the forced one, else the one found to be the fastest, else the usual one. */
export function chooseVariant<Name extends string>({ problem, variants, usual }: Choice<Name>): Name {
  const able = (name: string | undefined): Name | undefined => variants.find((variant) => variant === name)
  return able(forced) ?? able(found.get(gpu())?.get(problem)) ?? usual()
}

/** From now on this variant wherever the adapter has it, whatever the problem; none if left out. */
export const forceVariant = (name?: string): void => {
  forced = name
}
