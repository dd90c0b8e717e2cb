/**
 * From a `.wgsl` file to WGSL text: a preprocessor of four directives, and reflection of the result. Pure, no GPU.
 *
 *   #include "lib/index.wgsl"                the file, once per expansion
 *   #ifdef NAME / #ifndef NAME / #else / #endif   NAME is set when its define is neither undefined nor false
 *   #for i in 0..TM … #endfor                the body once per value, `$i` pasted as a number
 *   NAME                                     whole upper-case words are replaced by their define
 */
import { ShaderError } from '../errors.ts'

export type Defines = Record<string, string | number | boolean | undefined>

interface Line {
  text: string
  file: string
  line: number
}

/** WGSL text, and where each of its lines came from. */
export interface Expanded {
  source: string
  origins: { file: string; line: number }[]
}

const files = import.meta.glob<string>('../../shaders/**/*.wgsl', {
  query: '?raw',
  import: 'default',
  eager: true,
})

const added: Record<string, string> = {}

/** Makes kernels of somebody else's known to `run`, by file name: the benchmarks have some of their own. */
export const addShaders = (shaders: Record<string, string>): void => void Object.assign(added, shaders)

/** The text of `src/shaders/<name>`, or of an added file. */
export function shaderFile(name: string): string {
  const text = files[`../../shaders/${name}`] ?? added[name]
  if (text === undefined) throw new ShaderError(`no shader file ${name} in src/shaders`)
  return text
}

let hash: string | undefined

/** The same for the same files in src/shaders (FNV-1a): tells what was measured with these kernels from the rest. */
export function shadersHash(): string {
  if (hash !== undefined) return hash
  let h = 2166136261
  for (const name of Object.keys(files).sort())
    for (const char of name + files[name]) h = Math.imul(h ^ char.charCodeAt(0), 16777619)
  hash = (h >>> 0).toString(16).padStart(8, '0')
  return hash
}

const isSet = (defines: Defines, name: string): boolean =>
  defines[name] !== undefined && defines[name] !== false

/** Expands `file` under `defines`; `load` gives a file's text. Throws ShaderError naming file and line. */
export function preprocess(file: string, defines: Defines, load = shaderFile): Expanded {
  const included = new Set<string>()
  const out: Line[] = []

  const read = (name: string): Line[] => {
    included.add(name)
    return load(name)
      .split('\n')
      .map((text, i) => ({ text, file: name, line: i + 1 }))
  }
  const fail = (at: Line, message: string): never => {
    throw new ShaderError(`${at.file}:${at.line}: ${message}: ${at.text.trim()}`)
  }
  // A define's text may name other defines.
  const substitute = (text: string): string =>
    text.replace(/\b[A-Z][A-Z0-9_]*\b/g, (word) => {
      const value = isSet(defines, word) ? String(defines[word]) : word
      return value === word ? word : substitute(value)
    })
  const bound = (at: Line, text: string): number => {
    const value = Number(substitute(text.trim()).replace(/u$/, ''))
    return Number.isInteger(value) ? value : fail(at, `'${text.trim()}' is not an integer`)
  }

  const emit = (lines: Line[]): void => {
    for (let i = 0; i < lines.length; i++) {
      const at = lines[i]
      const directive = /^\s*#(\w+)\s*(.*?)\s*$/.exec(at.text)
      if (!directive) {
        if (!/^\s*\/\//.test(at.text)) out.push({ ...at, text: substitute(at.text) })
        continue
      }
      const [, word, rest] = directive
      if (word === 'include') {
        const name = /^"(.+)"$/.exec(rest)?.[1] ?? fail(at, 'expected #include "file"')
        if (!included.has(name)) emit(read(name))
      } else if (word === 'ifdef' || word === 'ifndef') {
        const { end, otherwise } = closing(lines, i, fail)
        const [yes, no] = [lines.slice(i + 1, otherwise ?? end), lines.slice((otherwise ?? end) + 1, end)]
        emit(isSet(defines, rest) === (word === 'ifdef') ? yes : no)
        i = end
      } else if (word === 'for') {
        const { end } = closing(lines, i, fail)
        const [, name, from, to] = /^(\w+) in (.+)\.\.(.+)$/.exec(rest) ?? fail(at, 'expected #for i in A..B')
        const pasted = new RegExp(`\\$${name}(?![A-Za-z0-9])`, 'g')
        for (let k = bound(at, from); k < bound(at, to); k++)
          emit(lines.slice(i + 1, end).map((l) => ({ ...l, text: l.text.replace(pasted, String(k)) })))
        i = end
      } else {
        fail(at, `#${word} has no beginning, or is not a directive`)
      }
    }
  }
  emit(read(file))
  return {
    source: out.map((l) => l.text).join('\n'),
    origins: out.map(({ file: f, line }) => ({ file: f, line })),
  }
}

/** Index of the #endif or #endfor that ends the block opened at `start`, and of its #else. */
function closing(lines: Line[], start: number, fail: (at: Line, message: string) => never) {
  const end = /^\s*#for\b/.test(lines[start].text) ? 'endfor' : 'endif'
  const open: string[] = []
  let otherwise: number | undefined
  for (let i = start; i < lines.length; i++) {
    const word = /^\s*#(\w+)/.exec(lines[i].text)?.[1]
    if (word === 'ifdef' || word === 'ifndef') open.push('endif')
    else if (word === 'for') open.push('endfor')
    else if (word === 'else' && open.length === 1) otherwise = i
    else if (word === 'endif' || word === 'endfor') {
      if (open.pop() !== word) fail(lines[i], `#${word} closes another block`)
      if (open.length === 0) return { end: i, otherwise }
    }
  }
  return fail(lines[start], `no #${end} ends this`)
}

/** A kernel's interface as its expanded source declares it. */
export interface Reflection {
  /** Storage buffers of group 0, in binding order. */
  buffers: { name: string; binding: number; writes: boolean }[]
  /** Members of the `Params` uniform (group 1, binding 0), all of 4 bytes. */
  params: { name: string; offset: number; type: string }[]
}

const BINDING =
  /@group\(0\)\s*@binding\((\d+)\)\s*var<storage,\s*(read|read_write)>\s*(\w+)\s*:\s*array<\w+(?:<\w+>)?>/g
const PARAMS = /struct\s+Params\s*{([^}]*)}/
const MEMBER = /^(\w+)\s*:\s*(u32|i32|f32)$/

/**
 * Reads bindings and the `Params` layout from expanded WGSL, as our kernels declare them. Throws ShaderError on
 * declarations of other forms.
 */
export function reflect(source: string): Reflection {
  const found = [...source.matchAll(BINDING)]
  const declared = source.split('var<storage').length - 1
  if (found.length !== declared)
    throw new ShaderError(`${declared - found.length} storage buffers are not declared as @group(0) arrays`)
  const buffers = found
    .map(([, binding, access, name]) => ({ name, binding: Number(binding), writes: access === 'read_write' }))
    .sort((a, b) => a.binding - b.binding)
  const members = PARAMS.exec(source)?.[1].split(',') ?? []
  const params = members.flatMap((member, i) => {
    const text = member.trim()
    if (!text) return [] // after the last comma
    const [, name, type] = MEMBER.exec(text) ?? []
    if (!name) throw new ShaderError(`'${text}' in Params is not a number: name: u32, i32 or f32`)
    return [{ name, offset: 4 * i, type }]
  })
  return { buffers, params }
}
