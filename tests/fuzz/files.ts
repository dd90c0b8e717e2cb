/** Damaged files of every format that is read from bytes alone. */
import { gzipSync } from 'node:zlib'
import { npy, readNpy } from '../../scripts/npy.ts'
import { read, write } from '../../src/engine/tensor/safetensors.ts'
import { parseIdx, parseLabels } from '../../src/models/data/idx.ts'
import { idx } from '../node/idx.ts'
import { damagedBytes, damagedJson, damagedText } from './damage.ts'
import { type Case, sound } from './judge.ts'
import type { Random } from './random.ts'

/** Inputs of one kind. */
export interface Target {
  name: string
  make(random: Random): Case
}

export const hex = (bytes: Uint8Array): string =>
  `${bytes.length} bytes ${Buffer.from(bytes.subarray(0, 200)).toString('hex')}${bytes.length > 200 ? '…' : ''}`

const product = (sizes: readonly number[]): number => sizes.reduce((a, b) => a * b, 1)

/** A target whose input are bytes. */
const ofBytes = (
  name: string,
  make: (random: Random) => Uint8Array<ArrayBuffer>,
  run: (bytes: Uint8Array<ArrayBuffer>) => unknown,
): Target => ({
  name,
  make(random) {
    const bytes = make(random)
    return { input: hex(bytes), run: () => run(bytes) }
  },
})

const tensors = {
  'generator.w': { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) },
  'generator.b': { shape: [3], data: Float32Array.of(7, 8, 9) },
  'optimizer.generator.t': { shape: [], data: Float32Array.of(10) },
}
const checkpoint = write({ tensors, metadata: { format: 'x', step: '5' } })

/** A safetensors file whose header is as long as it says, so that its JSON is read. */
export function withHeader(file: Uint8Array, change: (header: string) => string): Uint8Array<ArrayBuffer> {
  const length = Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true))
  const header = new TextEncoder().encode(change(new TextDecoder().decode(file.subarray(8, 8 + length))))
  const changed = new Uint8Array(8 + header.length + file.length - 8 - length)
  new DataView(changed.buffer).setBigUint64(0, BigInt(header.length), true)
  changed.set(header, 8)
  changed.set(file.subarray(8 + length), 8 + header.length)
  return changed
}

/** Damage to a safetensors file anywhere in it. */
export function damagedSafetensors(random: Random, file: Uint8Array): Uint8Array<ArrayBuffer> {
  if (random.is(0.4)) return damagedBytes(random, file)
  if (random.is(0.3)) return withHeader(file, (header) => damagedText(random, header))
  return withHeader(file, (header) => JSON.stringify(damagedJson(random, JSON.parse(header))))
}

function readSafetensors(bytes: Uint8Array): void {
  const found = read(bytes, 'a.safetensors')
  for (const [name, { shape, data }] of Object.entries(found.tensors))
    sound(product(shape) === data.length, `'${name}' of shape [${shape}] was given ${data.length} values`)
  for (const [key, text] of Object.entries(found.metadata))
    sound(typeof text === 'string', `metadata '${key}' is ${JSON.stringify(text)}, not a text`)
}

const npyHeader = (random: Random): Uint8Array<ArrayBuffer> => {
  const file = Buffer.from(npy(new Uint8Array(12), [3, 4]))
  const text = file.toString('latin1', 10, file.length - 12)
  const sizes = random.pick([
    '(3, 4)',
    '(12,)',
    '(-3, -4)',
    '(1e1, 1.2)',
    '( , )',
    '()',
    '(0x3, 4)',
    '(3, 4, 1)',
    '(3,,4)',
  ])
  const changed = random.is(0.5) ? text.replace('(3, 4)', sizes) : damagedText(random, text)
  const length = Buffer.alloc(2)
  length.writeUInt16LE(changed.length)
  return Uint8Array.from(
    Buffer.concat([
      file.subarray(0, 8),
      length,
      Buffer.from(changed, 'latin1'),
      file.subarray(file.length - 12),
    ]),
  )
}

const isCount = (n: number): boolean => Number.isInteger(n) && n > 0

export const FILES: readonly Target[] = [
  ofBytes('safetensors', (random) => damagedSafetensors(random, checkpoint), readSafetensors),
  ofBytes(
    'safetensors in a Buffer',
    (random) => damagedSafetensors(random, checkpoint),
    (bytes) => readSafetensors(Buffer.concat([Buffer.from('xyz'), bytes]).subarray(3)),
  ),
  ofBytes(
    'idx',
    (random) => damagedBytes(random, idx(random.is(0.5) ? [3, 4, 4] : [2, 3, 3, 3])),
    (bytes) => {
      const { count, size, channels, bytes: pixels } = parseIdx(bytes, 'a.idx')
      sound([count, size, channels].every(isCount), `has ${count} images of ${size}x${size}x${channels}`)
      sound(pixels.length === count * size * size * channels, `has ${pixels.length} bytes of pixels`)
    },
  ),
  ofBytes(
    'labels',
    (random) => damagedBytes(random, Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 4, 3, 1, 4, 1)),
    (bytes) => sound(parseLabels(bytes, 'a.idx').length === bytes.length - 8, 'has other labels than bytes'),
  ),
  ofBytes(
    'npy',
    (random) => (random.is(0.6) ? npyHeader(random) : damagedBytes(random, npy(new Uint8Array(12), [3, 4]))),
    (bytes) => {
      const { shape, values } = readNpy(bytes, 'a.npy')
      sound(
        shape.every((size) => Number.isInteger(size) && size >= 0),
        `has the shape [${shape}]`,
      )
      sound(product(shape) === values.length, `has ${values.length} values of shape [${shape}]`)
    },
  ),
]

/** An IDX file, packed and damaged; and one that unpacks to more than a machine should have to hold. */
export const packedIdx = (random: Random): Uint8Array<ArrayBuffer> =>
  random.is(0.5)
    ? damagedBytes(random, gzipSync(idx([3, 4, 4])))
    : Uint8Array.from(gzipSync(damagedBytes(random, idx([3, 4, 4]))))
