/** Damage to bytes, texts and JSON: small enough that most of what a reader checks is still right. */
import type { Random } from './random.ts'

const WORDS = [0, 1, 2, 3, 4, 255, 256, 65535, 2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]

/** The bytes with one to three faults of the kinds that disks, networks and half-written files have. */
export function damagedBytes(random: Random, bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  let result = Uint8Array.from(bytes)
  for (let times = 1 + random.below(3); times > 0; times--) result = damageOnce(random, result)
  return result
}

function damageOnce(random: Random, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  // Headers are where readers look, so half of all faults fall there.
  const at = random.below(random.is(0.5) ? Math.min(bytes.length + 1, 64) : bytes.length + 1)
  const piece = (length: number): Uint8Array => Uint8Array.from({ length }, () => random.below(256))
  const joined = (...parts: Uint8Array[]): Uint8Array<ArrayBuffer> =>
    Uint8Array.from(parts.flatMap((part) => [...part]))
  switch (random.below(7)) {
    case 0: // a bit
      if (at < bytes.length) bytes[at] ^= 1 << random.below(8)
      return bytes
    case 1: // a byte
      if (at < bytes.length) bytes[at] = random.below(256)
      return bytes
    case 2: // a word of either order
      if (at + 4 <= bytes.length) new DataView(bytes.buffer).setUint32(at, random.pick(WORDS), random.is(0.5))
      return bytes
    case 3: // the end is missing
      return bytes.slice(0, at)
    case 4: // something is missing
      return joined(bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(16)))
    case 5: // something too much
      return joined(bytes.subarray(0, at), piece(1 + random.below(16)), bytes.subarray(at))
    default: // something twice
      return joined(bytes.subarray(0, at), bytes.subarray(at >> 1, at), bytes.subarray(at))
  }
}

/** Values that a field of another type may turn out to have. */
const VALUES: readonly unknown[] = [
  ...[null, true, false, 0, 1, -1, 0.5, 1e21, 1e308, -1e308, 2 ** 31, 2 ** 32, 2 ** 53, Number.MIN_VALUE],
  ...[
    '',
    'x',
    '0',
    'NaN',
    '__proto__',
    'constructor',
    '../../x',
    'C:\\x',
    '\u001b[31mred',
    'two\nlines',
    'ü漢😀\u202e',
  ],
  ...[[], {}, [[]], [null], { length: 3 }, [1, 2, 3], { toString: 1 }, { toJSON: 'x' }],
]
/** A copy: what is made of it is damaged in turn. */
const someValue = (random: Random): unknown => structuredClone(random.pick(VALUES))
const NAMES = ['x', '', '__proto__', 'constructor', 'toString', 'length', '0', '\u001b[2J', 'a\nb']

/** A value of JSON with one to three parts of it replaced, taken out, put in, or called otherwise. */
export function damagedJson(random: Random, value: unknown): unknown {
  let result = structuredClone(value)
  for (let times = 1 + random.below(3); times > 0; times--) result = damageJsonOnce(random, result)
  return result
}

const isParent = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.keys(value).length > 0

function damageJsonOnce(random: Random, value: unknown): unknown {
  if (!isParent(value) || random.is(0.02)) return someValue(random)
  let parent = value
  let key = random.pick(Object.keys(parent))
  for (let inner = parent[key]; isParent(inner) && random.is(0.8); inner = parent[key]) {
    parent = inner
    key = random.pick(Object.keys(parent))
  }
  const own = parent[key]
  switch (random.below(5)) {
    case 0:
      if (Array.isArray(parent)) parent.splice(Number(key), 1)
      else delete parent[key]
      break
    case 1:
      put(parent, random.pick(NAMES), random.is(0.5) ? structuredClone(own) : someValue(random))
      break
    case 2: // of the same type, another value
      parent[key] =
        typeof own === 'number'
          ? random.pick([-own, own + 0.5, own * 1e9, own + 1, 1 / own, 0].filter(Number.isFinite))
          : typeof own === 'string'
            ? damagedText(random, own)
            : someValue(random)
      break
    default:
      parent[key] = someValue(random)
  }
  return value
}

/** One more field, also where its name is `__proto__`, which an assignment would not make a field of; or one more item. */
function put(parent: object, name: string, value: unknown): void {
  if (Array.isArray(parent)) parent.push(value)
  else Object.defineProperty(parent, name, { value, enumerable: true, configurable: true, writable: true })
}

const PIECES = [
  '',
  ' ',
  ',',
  '=',
  '"',
  '{',
  '}',
  '[',
  ']',
  '0',
  '-',
  '1e999',
  'NaN',
  'null',
  '\n',
  '\0',
  '\u001b[1m',
  '漢',
  '😀',
  '..',
  '/',
  '%',
  '\\',
]

/** A text with something taken out, put in, or written twice. */
export function damagedText(random: Random, text: string): string {
  let result = text
  for (let times = 1 + random.below(3); times > 0; times--) {
    const at = random.below(result.length + 1)
    const rest = at + random.below(random.is(0.7) ? 3 : result.length)
    const piece = random.is(0.3) ? result.slice(at >> 1, at) : random.pick(PIECES)
    result = result.slice(0, at) + piece + result.slice(rest)
  }
  return result
}
