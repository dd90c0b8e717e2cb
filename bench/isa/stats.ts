/** From what RADV prints while it compiles (RADV_DEBUG=shaderstats,asm) to numbers. Pure. */

export interface Stats {
  vgprs: number
  sgprs: number
  spilledVgprs: number
  spilledSgprs: number
  /** Bytes of memory for each invocation's spills and indexed arrays. */
  scratch: number
  /** Bytes of workgroup memory. */
  lds: number
  /** RADV's "Subgroups per SIMD". */
  occupancy: number
  codeBytes: number
  instructions: number
  /** Cycles from a wave's first to its last instruction, estimated. */
  latency: number
  /** Cycles per wave when the SIMD is full, estimated. */
  inverseThroughput: number
  mix: Mix
  /** The innermost loop with the most multiply-adds; undefined where the compiler left none. */
  hotLoop?: { instructions: number; vector: number; multiplyAdds: number }
  /** Multiply-adds among vector instructions, of the hot loop or else of the whole shader: 0 to 1. */
  multiplyAddShare: number
}

/** Instructions by kind. `vector` and `scalar` are arithmetic; `multiplyAdds` are vector ones, too. */
export interface Mix {
  vector: number
  scalar: number
  vectorMemory: number
  scalarMemory: number
  ldsAccess: number
  branches: number
  multiplyAdds: number
}

export interface Compiled<About> {
  about: About
  stats: Stats
}

const MARK = '### ganvas '
/** Printed before a pipeline is compiled; what it is about goes to the result. JSON holds no line break. */
export const beginLine = (about: unknown): string => `${MARK}${JSON.stringify(about)}\n`
/** Printed after it, so that nothing that comes later is taken for its output. */
export const endLine = `${MARK}end\n`

/** The shaders of `log` that were compiled between our lines. Throws an Error where one left no statistics. */
export function parseLog<About>(log: string): Compiled<About>[] {
  const found: Compiled<About>[] = []
  for (const part of log.split(MARK)) {
    const newline = part.indexOf('\n')
    const head = part.slice(0, newline)
    if (!head.startsWith('{')) continue
    found.push({ about: JSON.parse(head), stats: parseShader(part.slice(newline), head) })
  }
  return found
}

function parseShader(text: string, name: string): Stats {
  const [asm, printed] = text.split('*** SHADER STATS ***')
  if (!printed) throw new Error(`RADV printed no statistics of ${name}`)
  const values = new Map([...printed.matchAll(/^([^:\n]+): (\d+)$/gm)].map(([, key, n]) => [key, Number(n)]))
  const value = (key: string): number => {
    const n = values.get(key)
    if (n === undefined) throw new Error(`RADV printed no '${key}' of ${name}`)
    return n
  }
  const listing = parseListing(asm)
  const loop = hottest(innermostLoops(listing))
  const { vector, multiplyAdds } = loop ?? count(listing)
  return {
    vgprs: value('VGPRs'),
    sgprs: value('SGPRs'),
    spilledVgprs: value('Spilled VGPRs'),
    spilledSgprs: value('Spilled SGPRs'),
    scratch: value('Scratch size'),
    lds: value('LDS size'),
    occupancy: value('Subgroups per SIMD'),
    codeBytes: value('Code size'),
    instructions: value('Instructions'),
    latency: value('Latency'),
    inverseThroughput: value('Inverse Throughput'),
    mix: {
      vector: value('VALU'),
      scalar: value('SALU'),
      vectorMemory: value('VMEM'),
      scalarMemory: value('SMEM'),
      ldsAccess: listing.filter(({ name: op }) => op.startsWith('ds_')).length,
      branches: value('Branches'),
      multiplyAdds: count(listing).multiplyAdds,
    },
    hotLoop: loop,
    multiplyAddShare: vector ? multiplyAdds / vector : 0,
  }
}

interface Instruction {
  name: string
  /** The block where it jumps to, by the index of that block's first instruction. */
  target?: number
}

/** The disassembly: blocks `BB3:`, lines `	v_fmac_f32_e32 v4, s20, v8    ; 56081014`, pairs joined by `::`. */
function parseListing(asm: string): Instruction[] {
  const blocks = new Map<string, number>()
  const listing: (Instruction & { label?: string })[] = []
  for (const line of asm.split('\n')) {
    const block = /^(BB\d+):/.exec(line)
    if (block) blocks.set(block[1], listing.length)
    const instruction = /^\t([a-z]\w*)([^;]*)/.exec(line)
    if (!instruction) continue
    const [, name, operands] = instruction
    listing.push({ name, label: name.includes('branch') ? operands.trim() : undefined })
    const second = /:: (\w+)/.exec(operands)
    if (second) listing.push({ name: second[1] })
  }
  return listing.map(({ name, label }) => ({ name, target: label && blocks.get(label) })) as Instruction[]
}

/** Loops (a jump back, and all from its target on) that hold no other loop. */
function innermostLoops(listing: Instruction[]): Instruction[][] {
  const ends = new Map<number, number>()
  listing.forEach(({ target }, i) => {
    if (target !== undefined && target <= i) ends.set(target, i) // a `continue` jumps back earlier than the end does
  })
  const loops = [...ends]
  return loops
    .filter(([start, end]) => !loops.some(([s, e]) => s !== start && s >= start && e <= end))
    .map(([start, end]) => listing.slice(start, end + 1))
}

const MULTIPLY_ADD = /^v_(dual_|pk_)?(fma|fmac|fmaak|fmamk|mad|mac|madak|madmk)(_mix)?_f(16|32)/

const count = (listing: Instruction[]) => ({
  instructions: listing.length,
  vector: listing.filter(({ name }) => name.startsWith('v_')).length,
  multiplyAdds: listing.filter(({ name }) => MULTIPLY_ADD.test(name)).length,
})

function hottest(loops: Instruction[][]): ReturnType<typeof count> | undefined {
  const counts = loops.map(count)
  return counts.sort((a, b) => b.multiplyAdds - a.multiplyAdds || b.vector - a.vector)[0]
}
