import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { WgslReflect } from 'wgsl_reflect'
import { ShaderError } from '../../src/engine/errors.ts'
import { addShaders, type Defines, preprocess, reflect } from '../../src/engine/gpu/wgsl.ts'

/** The lines that `files` expand to, from main.wgsl. */
function expand(files: Record<string, string> | string, defines: Defines = {}): string[] {
  const all: Record<string, string> = typeof files === 'string' ? { 'main.wgsl': files } : files
  return preprocess('main.wgsl', defines, (name) => all[name]).source.split('\n')
}

describe('preprocess', () => {
  test('replaces whole upper-case words, also in what it put in', () => {
    expect(expand('let N = M + MM + aM + M_;', { M: '3u', MM: 'M * 2' })).toEqual([
      'let N = 3u + 3u * 2 + aM + M_;',
    ])
    expect(expand('A B', { A: 0, B: false })).toEqual(['0 B'])
  })
  test('takes added files, too', () => {
    addShaders({ 'added.wgsl': 'let n = N;' })
    expect(preprocess('added.wgsl', { N: 1 }).source).toBe('let n = 1;')
  })
  test('drops lines that are comments', () => {
    expect(expand('// M\nlet x = 1;')).toEqual(['let x = 1;'])
  })
  test('includes a file once', () => {
    const files = { 'main.wgsl': '#include "a"\n#include "b"\nend', a: 'in a', b: '#include "a"\nin b' }
    expect(expand(files)).toEqual(['in a', 'in b', 'end'])
  })

  const nested = '#ifdef A\n1\n#ifdef B\n2\n#else\n3\n#endif\n4\n#else\n#ifndef B\n5\n#endif\n6\n#endif\n7'
  test.each([
    [{ A: true, B: true }, '1247'],
    [{ A: true, B: false }, '1347'],
    [{ A: 0 }, '1347'], // a number is set, also 0
    [{ B: true }, '67'],
    [{}, '567'],
  ])('#ifdef nests: %j', (defines, expected) => {
    expect(expand(nested, defines).join('')).toBe(expected)
  })

  test('#for repeats, nests, and takes its bounds from defines', () => {
    const text = '#for i in 0..ROWS\n#for j in 1..3\na$i_$j $ij\n#endfor\n#endfor'
    expect(expand(text, { ROWS: '2u' })).toEqual(['a0_1 $ij', 'a0_2 $ij', 'a1_1 $ij', 'a1_2 $ij'])
    expect(expand('#for i in 0..0\nx\n#endfor\nend')).toEqual(['end'])
  })
  test('a pasted index makes the name of a define', () => {
    expect(expand('#for d in 0..2\nDIM$d\n#endfor', { DIM0: 7, DIM1: 9 })).toEqual(['7', '9'])
  })
  test('#for around #ifdef', () => {
    expect(expand('#for i in 0..2\n#ifdef A\nyes $i\n#endif\n#endfor', { A: true })).toEqual([
      'yes 0',
      'yes 1',
    ])
  })

  test('says where each line came from', () => {
    const files: Record<string, string> = {
      'main.wgsl': '// head\n#include "a"\n#for i in 0..2\nx\n#endfor',
      a: 'first\nsecond',
    }
    const { origins } = preprocess('main.wgsl', {}, (name) => files[name])
    expect(origins.map(({ file, line }) => `${file}:${line}`)).toEqual([
      'a:1',
      'a:2',
      'main.wgsl:4',
      'main.wgsl:4',
    ])
  })

  test.each([
    ['x\n#ifdef A\ny', 'main.wgsl:2: no #endif ends this: #ifdef A'],
    ['#for i in 0..2\ny', 'main.wgsl:1: no #endfor ends this'],
    ['x\n#endif', 'main.wgsl:2: #endif has no beginning, or is not a directive'],
    ['#else', 'main.wgsl:1: #else has no beginning'],
    ['#define A 1', 'main.wgsl:1: #define has no beginning, or is not a directive'],
    ['#for i in 0..N\n#endfor', "main.wgsl:1: 'N' is not an integer"],
    ['#for i of 3\n#endfor', 'main.wgsl:1: expected #for i in A..B'],
    ['#include lib', 'main.wgsl:1: expected #include "file"'],
    ['#ifdef A\n#for i in 0..2\n#endif\n#endfor', 'main.wgsl:3: #endif closes another block'],
  ])('%j fails with file and line', (text, message) => {
    expect(() => expand(text)).toThrow(ShaderError)
    expect(() => expand(text)).toThrow(message)
  })
  test('a missing file', () => {
    expect(() => preprocess('nothing.wgsl', {})).toThrow('no shader file nothing.wgsl in src/shaders')
  })
})

test('reflect reads bindings and the params, whatever the functions hold', () => {
  const { buffers, params } = reflect(`
    struct Params { n: u32, scale: f32, shift: i32 }
    @group(1) @binding(0) var<uniform> params: Params;
    @group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
    @group(0) @binding(0) var<storage, read> x: array<f32>;
    fn f(a: f32) -> f32 { if (a > 1.0) { return (a * a + a) * a + min(a, a); } return a; }
    @compute @workgroup_size(64)
    fn main(@builtin(global_invocation_id) id: vec3u) { y[id.x] = vec4f(f(x[id.x])); }`)
  expect(buffers).toEqual([
    { name: 'x', binding: 0, writes: false },
    { name: 'y', binding: 1, writes: true },
  ])
  expect(params).toEqual([
    { name: 'n', offset: 0, type: 'u32' },
    { name: 'scale', offset: 4, type: 'f32' },
    { name: 'shift', offset: 8, type: 'i32' },
  ])
})

describe('reflect says what wgsl_reflect says', () => {
  const folder = 'src/shaders'
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.wgsl')))
    test(file, () => {
      const files = [file, ...readdirSync(`${folder}/lib`).map((name) => `lib/${name}`)]
      const text = files.map((name) => readFileSync(`${folder}/${name}`, 'utf8')).join('\n')
      const found = (pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, name]) => name)
      const types = Object.fromEntries(found(/array<([A-Z_]+)>/g).map((name) => [name, 'f32']))
      const bounds = Object.fromEntries(found(/#for \w+ in 0\.\.([A-Z_]+)/g).map((name) => [name, 2]))
      const flags = Object.fromEntries(found(/#ifdef (\w+)/g).map((name) => [name, true]))
      for (const set of [{}, flags]) {
        const { source } = preprocess(file, { ...set, ...types, ...bounds })
        const declared = source.split(/^(?=@compute|fn )/m)[0]
        const r = new WgslReflect(declared)
        const storage = r.storage.map(({ name, binding, access }) => ({
          name,
          binding,
          writes: access === 'read_write',
        }))
        const { buffers, params } = reflect(declared)
        expect(buffers).toEqual(storage.sort((a, b) => a.binding - b.binding))
        expect(params).toEqual(
          (r.uniforms[0]?.members ?? []).map(({ name, offset, type }) => ({ name, offset, type: type.name })),
        )
        expect(reflect(source).buffers.length).toBeGreaterThanOrEqual(buffers.length)
      }
    })
})
