/** Damaged folders of runs, and other files that are read from where they lie. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readCheckpoint } from '../../scripts/checkpoints.ts'
import { loadDataSet } from '../../scripts/datasets.ts'
import { planResume } from '../../scripts/plan.ts'
import { RunFolder } from '../../scripts/runFolder.ts'
import { readTuned } from '../../scripts/tuned.ts'
import { read } from '../../src/engine/tensor/safetensors.ts'
import { writeCheckpoint } from '../../src/models/training/checkpoint.ts'
import type { RunRecord } from '../../src/models/training/saved.ts'
import { damagedBytes, damagedJson, damagedText } from './damage.ts'
import { damagedSafetensors, hex, packedIdx, type Target } from './files.ts'
import { sound } from './judge.ts'
import type { Random } from './random.ts'

const config = {
  model: 'gan',
  options: { width: 8, latent: 2 },
  aids: { r1: 0.1, noise: 0.5, 'noise-steps': 100 },
  fields: { x: { kind: 'points' as const, dims: 2, unit: 1, toy: 'ring' } },
  batch: 16,
  seed: 3,
}

const record: RunRecord = {
  config,
  steps: 100,
  every: { log: 10, sample: 20, checkpoint: 20, metrics: 50 },
  data: { name: 'ring' },
  started: '2026-01-02T03:04:05.678Z',
  environment: {
    adapter: { name: 'a', software: true, vendor: 'v', architecture: '', device: '', description: '' },
    adapterChoice: 'default',
    browser: 'Chrome/1',
    chromeFlags: ['--x'],
    node: 'v20',
    os: 'Linux',
    cpu: '2 x y',
    versions: { ganvas: '0.1.0' },
    commit: 'abc',
  },
  tuned: { adapter: 'a', kernels: 'k', found: { matmul: { variant: 'x', usual: 'y', ratio: 0.5 } } },
  resumed: [],
}

const checkpoint = Uint8Array.from(
  writeCheckpoint(
    {
      'generator.w': { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
      'discriminator.w': { shape: [3], data: Float32Array.of(7, 8, 9) },
    },
    {
      config,
      step: 40,
      updates: { generator: 40, discriminator: 40 },
      random: { seed: 3, block: 1234 },
    },
  ),
)

const line = (step: number) => ({ step, ms: 1.5, lossD: 0.5, lossG: 1.25, gradD: 1, gradG: 2 })
const log = [10, 20, 30, 40, 50].map((step) => `${JSON.stringify(line(step))}\n`).join('')

/** The JSON of `value`, damaged as a value or as a text. */
const damagedFile = (random: Random, value: unknown): string => {
  const json = (of: unknown): string => JSON.stringify(of, null, 2)
  if (random.is(0.2)) return Buffer.from(damagedBytes(random, Buffer.from(json(value)))).toString('latin1')
  return random.is(0.2) ? damagedText(random, json(value)) : json(damagedJson(random, value))
}

/** Metadata are JSON within JSON: damage in the inner one. */
function damagedCheckpoint(random: Random): Uint8Array<ArrayBuffer> {
  if (random.is(0.4)) return damagedSafetensors(random, checkpoint)
  const length = Number(new DataView(checkpoint.buffer).getBigUint64(0, true))
  const header = JSON.parse(new TextDecoder().decode(checkpoint.subarray(8, 8 + length)))
  const name = random.pick(Object.keys(header.__metadata__))
  const text: string = header.__metadata__[name]
  const isJson = /^[{[]/.test(text) && random.is(0.8)
  header.__metadata__[name] = isJson
    ? JSON.stringify(damagedJson(random, JSON.parse(text)))
    : damagedText(random, text)
  const json = new TextEncoder().encode(JSON.stringify(header))
  const file = new Uint8Array(8 + json.length + checkpoint.length - 8 - length)
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true)
  file.set(json, 8)
  file.set(checkpoint.subarray(8 + length), 8 + json.length)
  return file
}

/** Whether two files hold the same metadata, and the same tensors bit for bit. */
function sameContent(a: Uint8Array, b: Uint8Array): boolean {
  const text = (file: Uint8Array): string => {
    const { tensors, metadata } = read(file)
    const bits = Object.entries(tensors).map(([name, { shape, data }]) => [
      name,
      shape,
      Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('hex'),
    ])
    return JSON.stringify([bits.sort(), Object.entries(metadata).sort()])
  }
  return text(a) === text(b)
}

/** Targets that write below `folder`. */
export function runs(folder: string): Target[] {
  const put = (name: string, content: string | Uint8Array): string => {
    const path = join(folder, name)
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, content)
    return path
  }
  const run = join(folder, 'run')
  const whole = (): void => {
    rmSync(run, { recursive: true, force: true })
    put('run/run.json', JSON.stringify(record))
    put('run/checkpoint.safetensors', checkpoint)
    put('run/log.jsonl', log)
  }
  const resume = () => {
    const kept = RunFolder.open(run)
    try {
      return planResume(kept, { options: {}, every: {} })
    } finally {
      kept.close()
    }
  }
  return [
    {
      name: 'run.json',
      make(random) {
        const text = damagedFile(random, record)
        return {
          input: text.replaceAll(/\n */g, ''),
          run() {
            whole()
            put('run/run.json', text)
            const { steps, every } = resume()
            const isCount = (n: unknown): boolean => Number.isSafeInteger(n) && (n as number) > 0
            sound(isCount(steps), `trains until step ${JSON.stringify(steps)}`)
            for (const [what, n] of Object.entries(every))
              sound(isCount(n), `does something (${what}) every ${JSON.stringify(n)} steps`)
          },
        }
      },
    },
    {
      name: 'checkpoint.safetensors',
      make(random) {
        const bytes = damagedCheckpoint(random)
        return {
          input: hex(bytes),
          run() {
            whole()
            readCheckpoint(put('run/checkpoint.safetensors', bytes))
            resume()
            // Spaces, or a field that nobody knows, change nothing that is read.
            sound(sameContent(bytes, checkpoint), 'was read without a word')
          },
        }
      },
    },
    {
      name: 'log.jsonl',
      make(random) {
        const text = random.is(0.5)
          ? log
              .split('\n')
              .map((each) =>
                each && random.is(0.3) ? JSON.stringify(damagedJson(random, JSON.parse(each))) : each,
              )
              .join('\n')
          : damagedText(random, log)
        return {
          input: JSON.stringify(text),
          run() {
            whole()
            put('run/log.jsonl', text)
            const kept = RunFolder.open(run)
            const before = kept.readLog()
            kept.trimLog(30)
            kept.close()
            for (const each of [...before, ...kept.readLog()]) {
              const fine = typeof each === 'object' && each !== null && Number.isSafeInteger(each.step)
              sound(fine, `takes ${JSON.stringify(each)} for a line`)
            }
          },
        }
      },
    },
    {
      name: 'packed idx',
      make(random) {
        const bytes = packedIdx(random)
        return { input: hex(bytes), run: () => loadDataSet(`idx:${put('images', bytes)}`) }
      },
    },
    {
      name: 'tuned.json',
      make(random) {
        const text = damagedFile(random, {
          format: 'ganvas tuned 1',
          tables: [{ browser: 'b', table: record.tuned }],
        })
        return {
          input: text.replaceAll(/\n */g, ''),
          run() {
            put('cache/tuned.json', text)
            const before = process.env.GANVAS_CACHE
            process.env.GANVAS_CACHE = join(folder, 'cache')
            try {
              for (const { browser, table } of readTuned(() => {})) {
                sound(typeof browser === 'string', `takes ${JSON.stringify(browser)} for a browser`)
                for (const { ratio } of Object.values(table.found)) sound(ratio > 0, `a ratio of ${ratio}`)
              }
            } finally {
              if (before === undefined) delete process.env.GANVAS_CACHE
              else process.env.GANVAS_CACHE = before
            }
          },
        }
      },
    },
  ]
}

/** The files of a whole run, for commands that are given one with damage in it. */
export const WHOLE = { record, checkpoint, log, damagedFile, damagedCheckpoint }
