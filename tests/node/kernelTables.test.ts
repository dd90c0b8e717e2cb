// Tables that go by the names of kernels or ops, held against the kernels and ops that there are.
import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { describe, parseLabel } from '../../bench/isa/variant.ts'
import { KINDS, kindOf } from '../../bench/kinds.ts'
import { rows } from '../../bench/rows/index.ts'
import { PEER_FILES } from '../../scripts/benchPeers.ts'
import type { About } from '../../src/engine/gpu/dispatch.ts'
import { countedKernels, workOf } from '../../src/engine/profiling/work.ts'

const root = new URL('../../', import.meta.url)
const shaders = readdirSync(new URL('src/shaders/', root))
  .filter((file) => file.endsWith('.wgsl'))
  .map((file) => file.slice(0, -'.wgsl'.length))
  .sort()

test('every kernel has a count of its FLOPs, and every count a kernel', () => {
  expect([...new Set(countedKernels)].sort()).toEqual(shaders)
})

test('every kernel has a kind in the report, and one only', () => {
  expect(Object.values(KINDS).flat().sort()).toEqual(shaders)
  expect(kindOf('mine')).toBe('other')
  // An unknown kernel is not taken for one whose name it begins with.
  expect(kindOf('conv2d_depthwise')).toBe('other')
  const style = readFileSync(new URL('bench/profile/report.css', root), 'utf8')
  for (const kind of [...Object.keys(KINDS), 'other']) expect(style).toContain(`\n.${kind} {`)
})

const about = (more: Partial<About> = {}): About => ({
  op: 'mine',
  defines: {},
  params: {},
  buffers: { p: { shape: [4], writes: true, id: 1 }, g: { shape: [4], writes: false, id: 2 } },
  ...more,
})

test('what has no count says so: an unknown kernel, an unknown update rule, a name that every object has', () => {
  const bytes = 4 * 8
  for (const kernel of ['mine', 'toString', 'constructor'])
    expect(workOf({ kernel, about: about() })).toEqual({ flops: 0, bytes, counted: false })
  expect(workOf({ kernel: 'optim', about: about({ defines: { LION: true } }) })).toEqual({
    ...{ flops: 0, bytes, counted: false },
  })
  expect(workOf({ kernel: 'optim', about: about({ defines: { SGD: true } }) }).counted).toBe(true)
  // A launch may bring its own.
  expect(workOf({ kernel: 'mine', about: about({ flops: 7 }) })).toEqual({ flops: 7, bytes, counted: true })
})

test('a count whose define or buffer has gone is an error, not nothing', () => {
  expect(() =>
    workOf({ kernel: 'matmul', about: about({ defines: { M: '2u', N: '3u', Z: '1u' } }) }),
  ).toThrow("work: expected a number as define 'KC', got undefined")
  expect(() => workOf({ kernel: 'blur', about: about() })).toThrow("work: mine binds no 'x', only p, g")
  const { kernel, defines } = parseLabel('matmul {"M":"2u"}')
  expect(() => describe(kernel, defines)).toThrow("matmul: expected a number as define 'TAPS', got undefined")
})

test('what a row of the bench calls by a peer’s name, a peer has', () => {
  const sources = PEER_FILES.map((file) => readFileSync(new URL(`bench/peers/${file}`, root), 'utf8'))
  const asked = new Set(rows().flatMap(({ peer }) => (peer ? [peer.op] : [])))
  const isKnown = (op: string): boolean =>
    sources.some((source) => source.includes(`\n  ${op}: `) || source.includes(`\n  '${op}': `))
  expect([...asked].filter((op) => !isKnown(op))).toEqual([])
})
