import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { baselineText, compare, makeBaseline } from '../../bench/isa/baseline.ts'
import { findDriver } from '../../bench/isa/radv.ts'
import { beginLine, endLine, parseLog, type Stats } from '../../bench/isa/stats.ts'
import { rowLines, summaryLines } from '../../bench/isa/table.ts'
import { describe as describeVariant, idOf, parseLabel } from '../../bench/isa/variant.ts'

/** As RADV prints it, shortened: two loops, one within the other, and a pair of instructions in one. */
const ASM = `Compute Shader
disasm:
BB0:
	s_load_b128 s[4:7], s[2:3], 0x10                            ; f4080101 f8000010
	v_lshl_add_u32 v0, s7, 6, v0                                ; d6460000 04010c07
	s_cbranch_execz BB9                                         ; bfa502ee
BB1:
	v_mov_b32_e32 v1, 0                                         ; 7e020280
BB2:
	buffer_load_b128 v[4:7], v0, s[4:7], 0 offen                ; e05c0000 80410400
	v_fmac_f32_e32 v4, s20, v8                                  ; 56081014
	v_dual_fmac_f32 v4, v5, v6 :: v_dual_add_f32 v7, v8, v9     ; c8000000 00000000
	s_cbranch_scc1 BB2                                          ; bfa2fff0
BB3:
	v_add_f32_e32 v1, v2, v3                                    ; 06020702
	s_branch BB1                                                ; bfa0f5e3
BB9:
	ds_load_b32 v1, v2                                          ; d8d80000 01000002
	s_endpgm                                                    ; bfb00000


`
const STATS = `Compute Shader:
*** SHADER STATS ***
Driver pipeline hash: 15726241150581180734
SGPRs: 128
VGPRs: 48
Spilled SGPRs: 3
Spilled VGPRs: 2
Code size: 3364
LDS size: 1024
Scratch size: 16
Subgroups per SIMD: 32
Instructions: 13
Branches: 3
Latency: 4472
Inverse Throughput: 428
VALU: 6
SALU: 2
VMEM: 1
SMEM: 1
********************
`
const noise = 'DRM_IOCTL_GET_CAP: unhandled 0x10\n'
const log = noise + beginLine({ label: 'a {}' }) + ASM + STATS + endLine + ASM + STATS + noise
const [{ about, stats }] = parseLog<{ label: string }>(log)

describe('what RADV prints', () => {
  test('is read between our marks only', () => {
    expect(parseLog(log)).toHaveLength(1)
    expect(about).toEqual({ label: 'a {}' })
    expect(stats).toMatchObject({
      vgprs: 48,
      sgprs: 128,
      spilledVgprs: 2,
      spilledSgprs: 3,
      scratch: 16,
      lds: 1024,
      occupancy: 32,
      codeBytes: 3364,
      latency: 4472,
      inverseThroughput: 428,
    })
    expect(stats.mix).toMatchObject({ vector: 6, scalar: 2, vectorMemory: 1, scalarMemory: 1, ldsAccess: 1 })
  })
  test('gives the multiply-adds of the innermost loop, both halves of a pair counted', () => {
    expect(stats.hotLoop).toEqual({ instructions: 5, vector: 3, multiplyAdds: 2 })
    expect(stats.multiplyAddShare).toBeCloseTo(2 / 3)
    expect(stats.mix.multiplyAdds).toBe(2)
  })
  test('without a loop gives those of the shader', () => {
    const straight = ASM.replaceAll(/\ts_c?branch.*\n/g, '')
    const [{ stats: s }] = parseLog(beginLine({}) + straight + STATS + endLine)
    expect(s.hotLoop).toBeUndefined()
    expect(s.multiplyAddShare).toBeCloseTo(2 / 6)
  })
  test('without statistics is an error that names the pipeline', () => {
    expect(() => parseLog(beginLine({ label: 'conv2d {}' }) + ASM + endLine)).toThrow(
      /no statistics of.*conv2d/,
    )
    const cut = STATS.replace(/VGPRs: 48\n/, '')
    expect(() => parseLog(beginLine({}) + ASM + cut + endLine)).toThrow(/no 'VGPRs'/)
  })
})

describe('the baseline', () => {
  const row = (id: string, change: Partial<Stats> = {}) => ({
    chip: 'navi21',
    id,
    stats: { ...stats, ...change },
  })
  const baseline = JSON.parse(baselineText(makeBaseline('radv', [row('b'), row('a')])))

  test('is found equal to what it was made from', () => {
    expect(Object.keys(baseline.chips.navi21)).toEqual(['a', 'b'])
    expect(compare([row('a'), row('b')], baseline)).toEqual({ worse: [], slower: [], added: 0, unknown: [] })
  })
  test('refuses more spills or scratch than it has', () => {
    const { worse } = compare([row('a', { spilledVgprs: 3 }), row('b', { scratch: 20 })], baseline)
    expect(worse).toEqual(['navi21 a: spills 5 -> 6', 'navi21 b: scratch 16 -> 20'])
    expect(compare([row('a', { spilledSgprs: 0, scratch: 0 })], baseline).worse).toEqual([])
  })
  test('refuses any of a new variant', () => {
    const clean = { spilledSgprs: 0, spilledVgprs: 0, scratch: 0 }
    expect(compare([row('c')], baseline)).toMatchObject({
      added: 1,
      worse: ['navi21 c: spills 5', 'navi21 c: scratch 16'],
    })
    expect(compare([row('c', clean)], baseline)).toMatchObject({ added: 1, worse: [] })
  })
  test('tells of fewer waves and of more cycles', () => {
    const { slower, worse } = compare(
      [row('a', { occupancy: 20 }), row('b', { inverseThroughput: 500 })],
      baseline,
    )
    expect(slower).toEqual(['navi21 a: occupancy 32 -> 20', 'navi21 b: inverseThroughput 428 -> 500'])
    expect(worse).toEqual([])
  })
  test('has nothing to say of other chips', () => {
    expect(compare([{ ...row('a'), chip: 'raven' }], baseline)).toMatchObject({
      unknown: ['raven'],
      worse: [],
    })
  })
})

test('a variant goes by its kernel and defines', () => {
  const label = `conv2d ${JSON.stringify({ M: '64u', N: '8u', TM: '4u', NU: '4u', TAPS: '16u', KC: '3u', QUAD: true })}`
  const { kernel, defines } = parseLabel(label)
  expect(describeVariant(kernel, defines)).toBe('64x48x8, quad 4x4, a scalar')
  expect(idOf(label)).toMatch(/^conv2d-[0-9a-f]{8}$/)
  expect(idOf(label)).not.toBe(idOf(label.replace('64u', '65u')))
  const sum = { IDENTITY: '0.0', COMBINE: 'acc + x', T: 'f32', R: '9u', KEEP: false, WG: 64 }
  expect(describeVariant('reduce', sum)).toBe('acc + x f32 R 9u')
})

test('the tables fit 120 columns', () => {
  const rows = [{ chip: 'navi21', id: 'a', kernel: 'style_layer_backward', variant: 'x'.repeat(99), stats }]
  for (const line of [...rowLines(rows), ...summaryLines(rows)]) expect(line.length).toBeLessThanOrEqual(120)
})

test('the driver is found where distributions put it', () => {
  const top = mkdtempSync(join(tmpdir(), 'ganvas-'))
  const icd = join(top, 'usr/share/vulkan/icd.d/radeon_icd.x86_64.json')
  const shim = join(top, 'usr/lib/x86_64-linux-gnu/libamdgpu_noop_drm_shim.so')
  try {
    expect(findDriver(top)).toBeUndefined()
    for (const file of [icd, shim]) {
      mkdirSync(join(file, '..'), { recursive: true })
      writeFileSync(file, '')
    }
    expect(findDriver(top)).toEqual({ icd, shim })
  } finally {
    rmSync(top, { recursive: true })
  }
})
