/** What there is to see of a model: how much of a view is shown, and of what latents. */
import { gather, noGrad, randn, scope, type Tensor, tensor, uniform } from '../../engine/index.ts'
import { isPoints } from '../data/fields.ts'
import type { Latent, View } from '../family.ts'

/** Images shown of every run, and points; of views that compare pictures, rows. */
export const SAMPLES = 64
export const POINTS = 1024
export const ROWS = 8
/** Classes that are shown side by side, one a column. */
const MOST_CLASSES = 16

/** The classes of a view whose sheet has a column for each of them. */
function classColumns({ latents, columns }: View): readonly string[] | undefined {
  const classes = Object.values(latents).flatMap((latent) =>
    latent.kind === 'class' ? [latent.classes] : [],
  )
  return !columns && classes.length === 1 && classes[0].length <= MOST_CLASSES ? classes[0] : undefined
}

/** How many samples of a view are shown, and how many of them lie side by side. */
export function sheetOf(view: View): { count: number; columns: number } {
  if (isPoints(view.shows)) return { count: POINTS, columns: 1 }
  if (view.columns) return { count: ROWS, columns: view.columns.length }
  const classes = classColumns(view)
  return classes
    ? { count: ROWS * classes.length, columns: classes.length }
    : { count: SAMPLES, columns: ROWS }
}

/** The latents that a view is shown with; where each class has a column, a row's samples share all the others. */
export function fixedLatents(view: View): Record<string, Tensor> {
  const { count, columns } = sheetOf(view)
  const shared = classColumns(view) !== undefined
  const rows = Array.from({ length: count }, (_, i) => Math.floor(i / columns))
  return scope(() =>
    Object.fromEntries(
      Object.entries(view.latents).map(([name, latent]) => {
        if (!shared || latent.kind === 'class') return [name, freshLatent(latent, count)]
        return [name, gather(freshLatent(latent, count / columns), tensor(rows, [count]))]
      }),
    ),
  )
}

/** `count` latents; of classes, one after the other unless one is `chosen`. */
function freshLatent(latent: Latent, count: number, chosen?: number): Tensor {
  if (latent.kind !== 'class')
    return latent.kind === 'normal' ? randn([count, latent.size]) : uniform([count, latent.size])
  const { length } = latent.classes
  return tensor(
    Float32Array.from({ length: count }, (_, i) => chosen ?? i % length),
    [count],
  )
}

/** The values of each of a view's columns. */
export function readColumns(view: View, inputs: Readonly<Record<string, Tensor>>): Promise<Float32Array[]> {
  // Without a tape: of many samples it would hold much.
  const made = scope(() =>
    noGrad(() => {
      const drawn = view.draw(inputs)
      return Array.isArray(drawn) ? (drawn as Tensor[]) : [drawn as Tensor]
    }),
  )
  const values = Promise.all(made.map((t) => t.data()))
  for (const t of made) t.dispose()
  return values
}

/** Fresh latents of a view; `chosen` gives the class of each latent that is one. */
export const freshLatents = (
  view: View,
  count: number,
  chosen: Readonly<Record<string, number>>,
): Record<string, Tensor> =>
  Object.fromEntries(
    Object.entries(view.latents).map(([name, latent]) => [name, freshLatent(latent, count, chosen[name])]),
  )
