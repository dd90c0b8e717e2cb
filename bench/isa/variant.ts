/** Names of kernel variants: for people, and for finding a variant again in the baseline. */
import { createHash } from 'node:crypto'
import { kindOf } from '../kinds.ts'

type Defines = Record<string, string | number | boolean>

/** What the engine labels a pipeline with: `conv2d {"M":"64u",…}`. */
export function parseLabel(label: string): { kernel: string; defines: Defines } {
  const [kernel] = label.split(' ', 1)
  return { kernel, defines: JSON.parse(label.slice(kernel.length)) }
}

/** The kernel and a digest of its defines: the same as long as those are, whatever happens to the WGSL. */
export const idOf = (label: string): string =>
  `${label.split(' ', 1)[0]}-${createHash('sha1').update(label).digest('hex').slice(0, 8)}`

/** The kernels built on register tiles: matmul and the conv trio. */
export const isProduct = (kernel: string): boolean => kindOf(kernel) === 'products'

/** Defines that tell siblings apart in no way that a reader would look for. */
const QUIET = ['WG', 'IDENTITY', 'BITS']

/** What tells a variant from its siblings, in a few words. Throws an Error for a product without the defines of one. */
export function describe(kernel: string, defines: Defines): string {
  const number = (name: string): number => {
    const value = Number.parseFloat(String(defines[name]))
    if (Number.isNaN(value))
      throw new Error(`${kernel}: expected a number as define '${name}', got ${defines[name]}`)
    return value
  }
  if (isProduct(kernel)) {
    const k = kernel === 'conv2d_weight' ? number('LINES') * number('WO') : number('TAPS') * number('KC')
    const flags = { 'a scalar': !defines.VEC_A, 'b transposed': defines.B_TRANSPOSED, bias: defines.HAS_BIAS }
    const told = Object.entries(flags).flatMap(([word, set]) => (set ? [word] : []))
    const tile = `${defines.QUAD ? 'quad ' : ''}${number('TM')}x${number('NU')}`
    return [`${number('M')}x${k}x${number('N')}`, tile, ...told].join(', ')
  }
  const { EXPR, COMBINE, T, ...rest } = defines
  const others = Object.entries(rest)
    .filter(([name, value]) => value !== false && !QUIET.includes(name))
    .map(([name, value]) => (value === true ? name : `${name} ${value}`))
  return [EXPR ?? COMBINE, T, ...others].filter((word) => word !== undefined).join(' ')
}
