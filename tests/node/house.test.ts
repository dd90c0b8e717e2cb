/** The order of the house: no import circles, and imports point downwards only. Imports of types count too. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Files by what they import, as paths below the root. */
type Graph = ReadonlyMap<string, readonly string[]>

const ENGINE = ['src/engine/index.ts', 'src/engine/errors.ts']
/** What all folders of models may import. */
const MODELS = [
  ...ENGINE,
  'src/models/family.ts',
  'src/models/options.ts',
  'src/models/ranges.ts',
  'src/models/kebab.ts',
  'src/models/data',
]

/** What a file or folder may import besides itself. A file goes by the longest path that it lies under. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  'src/engine/errors.ts': [],
  'src/engine/schema.ts': ['src/engine/errors.ts'],
  'src/engine/gpu': ['src/engine/errors.ts'],
  'src/engine/tensor': ['src/engine/errors.ts', 'src/engine/gpu'],
  'src/engine/ops': ['src/engine/errors.ts', 'src/engine/schema.ts', 'src/engine/gpu', 'src/engine/tensor'],
  'src/engine/nn': ['src/engine/errors.ts', 'src/engine/gpu', 'src/engine/tensor', 'src/engine/ops'],
  'src/engine/optim': [
    'src/engine/errors.ts',
    'src/engine/gpu',
    'src/engine/tensor',
    'src/engine/ops',
    'src/engine/nn',
  ],
  'src/engine/profiling': ['src/engine/errors.ts', 'src/engine/gpu', 'src/engine/tensor', 'src/engine/ops'],
  'src/engine/tuning': [
    'src/engine/errors.ts',
    'src/engine/gpu',
    'src/engine/tensor',
    'src/engine/ops',
    'src/engine/profiling',
  ],
  'src/engine/init.ts': ['src/engine/gpu', 'src/engine/tensor'],
  'src/engine/index.ts': ['src/engine'],
  'src/models/data': ENGINE,
  'src/models/nets': MODELS,
  'src/models/evaluation': MODELS,
  'src/models/training': [...MODELS, 'src/models/nets', 'src/models/index.ts'],
  'src/models/families': [...MODELS, 'src/models/nets', 'src/models/training'],
  'src/models': ENGINE,
  'src/app': [...ENGINE, 'src/models'],
  bench: [...ENGINE, 'src/models', 'tests/ref'],
  scripts: [...ENGINE, 'src/models', 'src/app', 'bench'],
}

/** Imports that the table forbids and that are right all the same. */
const EXCEPTIONS: readonly { from: string; to: readonly string[]; because: string }[] = [
  {
    from: 'bench',
    to: ['src/engine/gpu', 'src/engine/profiling', 'src/engine/ops/products/counts.ts'],
    because: 'it measures single launches and submits, and runs kernels of its own',
  },
  {
    from: 'bench',
    to: ['src/engine/tensor/shape.ts', 'src/engine/tensor/tensor.ts'],
    because: 'its kernels write to tensors that are not initialised',
  },
  {
    from: 'bench/page.ts',
    to: ['src/app/commands.ts', 'src/app/headless.ts', 'src/app/served.ts', 'src/app/tuned.ts'],
    because: 'it is a page that scripts command in the same way as the one that trains',
  },
  {
    from: 'bench',
    to: ['src/engine/schema.ts'],
    because: 'it is pure, and what reads a result needs nothing else of the engine',
  },
  {
    from: 'scripts',
    to: ['src/engine/schema.ts'],
    because: 'it is pure, and what reads a file needs nothing else of the engine',
  },
  {
    from: 'scripts/fuzz.ts',
    to: ['tests/fuzz'],
    because: 'it is the long run of a test',
  },
  {
    from: 'scripts',
    to: ['src/engine/ops/products/gemm.ts', 'src/engine/ops/products/tuned.ts'],
    because: 'they ask for every variant of a product by name',
  },
]

const isUnder = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`)
const isUnderAny = (path: string, folders: readonly string[]): boolean =>
  folders.some((folder) => isUnder(path, folder))

/** Paths that `text` imports or re-exports, its types and dynamic imports included. */
const importsIn = (text: string): string[] =>
  [...text.matchAll(/\b(?:from|import)\s*\(?\s*['"](\.[^'"?]+)['"]/g)].map(([, path]) => path)

function readGraph(): Graph {
  const files = ['src', 'bench', 'scripts'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.(ts|mts|mjs)$/.test(path) && !path.includes('node_modules'))
      .map((path) => `${folder}/${path.replaceAll('\\', '/')}`),
  )
  const graph = files.map((file) => {
    const imports = importsIn(readFileSync(join(root, file), 'utf8')).map((path) => join(dirname(file), path))
    return [file, imports] as const
  })
  return new Map(graph)
}

/** Circles of imports, each as the files on it, the first again at the end. */
function circlesIn(graph: Graph): string[][] {
  const circles: string[][] = []
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]): void => {
    const before = path.indexOf(file)
    if (before >= 0) circles.push([...path.slice(before), file])
    if (before >= 0 || done.has(file)) return
    for (const imported of graph.get(file) ?? []) visit(imported, [...path, file])
    done.add(file)
  }
  for (const file of graph.keys()) visit(file, [])
  return circles
}

/** Imports that neither the table nor an exception allows, as "from -> to". */
function strayImports(graph: Graph): string[] {
  const stray: string[] = []
  for (const [file, imports] of graph) {
    const [home] = Object.keys(MAY_IMPORT)
      .filter((folder) => isUnder(file, folder))
      .sort((a, b) => b.length - a.length)
    const excepted = EXCEPTIONS.filter(({ from }) => isUnder(file, from)).flatMap(({ to }) => to)
    const allowed = home ? [home, ...MAY_IMPORT[home], ...excepted] : []
    for (const imported of imports) if (!isUnderAny(imported, allowed)) stray.push(`${file} -> ${imported}`)
  }
  return stray
}

const graph = readGraph()

test('every import is seen, and leads to a file', () => {
  expect(graph.size).toBeGreaterThan(150)
  const device = graph.get('src/engine/gpu/device.ts')
  expect(device).toContain('src/engine/gpu/adapter.ts')
  const missing = [...graph].flatMap(([file, imports]) =>
    imports.filter((path) => !existsSync(join(root, path))).map((path) => `${file} -> ${path}`),
  )
  expect(missing).toEqual([])
  expect(
    importsIn(`import type { A } from './a.ts'
export * from "../b.ts"
import './c.ts'
const d = await import('./d.ts')
type E = import('./e.ts').E
import {
  F,
} from './f.ts'`),
  ).toEqual(['./a.ts', '../b.ts', './c.ts', './d.ts', './e.ts', './f.ts'])
})

test('no file imports itself by way of others', () => {
  expect(circlesIn(graph)).toEqual([])
  const made: Graph = new Map([
    ['a', ['b', 'd']],
    ['b', ['c']],
    ['c', ['b']],
    ['d', ['b']],
  ])
  expect(circlesIn(made)).toEqual([['b', 'c', 'b']])
})

test('imports point downwards', () => {
  expect(strayImports(graph)).toEqual([])
  const made: Graph = new Map([
    ['src/engine/gpu/device.ts', ['src/engine/gpu/pool.ts', 'src/engine/tensor/tensor.ts']],
    ['src/engine/ops/pad.ts', ['src/engine/gpu/kernel.ts', 'src/engine/profiling/work.ts']],
    ['src/models/families/gan.ts', ['src/engine/index.ts', 'src/engine/gpu/device.ts']],
    ['src/app/page.ts', ['src/models/index.ts', 'bench/row.ts']],
    ['bench/page.ts', ['src/app/tuned.ts', 'src/engine/tensor/capture.ts']],
  ])
  expect(strayImports(made)).toEqual([
    'src/engine/gpu/device.ts -> src/engine/tensor/tensor.ts',
    'src/engine/ops/pad.ts -> src/engine/profiling/work.ts',
    'src/models/families/gan.ts -> src/engine/gpu/device.ts',
    'src/app/page.ts -> bench/row.ts',
    'bench/page.ts -> src/engine/tensor/capture.ts',
  ])
})

test('every exception is still needed', () => {
  const used = (from: string, to: string): boolean =>
    [...graph].some(([file, imports]) => isUnder(file, from) && imports.some((path) => isUnder(path, to)))
  const idle = EXCEPTIONS.flatMap(({ from, to }) =>
    to.filter((path) => !used(from, path)).map((path) => `${from} -> ${path}`),
  )
  expect(idle).toEqual([])
})
