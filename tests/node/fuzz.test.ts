// What is not refused in one line of ours, among some thousand damaged files and absurd words; longer: npm run test:fuzz.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DataError } from '../../src/engine/errors.ts'
import { faultOfEnd } from '../fuzz/commands.ts'
import { damagedBytes, damagedJson, damagedText } from '../fuzz/damage.ts'
import { fuzz, targetsIn, tryCase } from '../fuzz/fuzz.ts'
import { faultOf, sound } from '../fuzz/judge.ts'
import { Random } from '../fuzz/random.ts'

const SECONDS = 8
/** Of a machine with much else to do. */
const LEAST = 200

test('damaged files and absurd words are read, or refused in one line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ganvas-fuzz-'))
  try {
    const { cases, faults } = fuzz(targetsIn(folder), { seed: 1, seconds: SECONDS })
    expect(faults).toEqual([])
    expect(cases).toBeGreaterThan(LEAST)
  } finally {
    rmSync(folder, { recursive: true })
  }
}, 60_000)

test('the same seed makes the same cases', () => {
  const folder = mkdtempSync(join(tmpdir(), 'ganvas-fuzz-'))
  try {
    for (const { name, make } of targetsIn(folder)) {
      const [first, second] = [1, 2].map(() => make(new Random(`7/${name}/3`)).input)
      expect(second).toBe(first)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('most damage changes something, and JSON stays JSON', () => {
  const random = new Random('damage')
  const bytes = Uint8Array.from({ length: 100 }, (_, i) => i)
  const value = { a: [1, 2, { b: 'text' }], c: null, d: true }
  const changed = [0, 0, 0]
  for (let i = 0; i < 300; i++) {
    changed[0] += Number(Buffer.compare(damagedBytes(random, bytes), bytes) !== 0)
    changed[1] += Number(JSON.stringify(damagedJson(random, value)) !== JSON.stringify(value))
    changed[2] += Number(damagedText(random, 'a text of some length') !== 'a text of some length')
  }
  for (const times of changed) expect(times).toBeGreaterThan(240)
  expect(bytes).toEqual(Uint8Array.from({ length: 100 }, (_, i) => i))
  expect(value).toEqual({ a: [1, 2, { b: 'text' }], c: null, d: true })
})

const refusing = (error: unknown) => ({
  input: '',
  run() {
    throw error
  },
})

test.each<[string, Parameters<typeof faultOf>[0], RegExp | undefined]>([
  ['a value', { input: '', run: () => 1 }, undefined],
  ['a refusal', refusing(new DataError('a.idx: is no IDX file')), undefined],
  ['a refusal of a command', refusing(new Error('--steps: expected a whole number, got x')), undefined],
  ['an error from inside', refusing(new TypeError('x is undefined')), /^threw TypeError: x is undefined/],
  [
    'one of Node',
    refusing(Object.assign(new Error('no such file'), { code: 'ENOENT' })),
    /^threw Error: no such file/,
  ],
  ['two lines', refusing(new DataError('a\nb')), /^says more than a line/],
  ['two lines of the person’s own', { ...refusing(new Error("got 'a\nb'")), isOwn: true }, undefined],
  ['nothing', refusing(new DataError(' ')), /^threw an empty DataError/],
  ['a book', refusing(new DataError('x'.repeat(3000))), /^says 3000 letters/],
  ['a name that was not found', refusing(new DataError('undefined is no model')), /^says what means nothing/],
  ['what came', refusing(new DataError("expected a number, got undefined, or 'NaN'")), undefined],
  ['no Error at all', refusing('oops'), /^threw oops, which is no Error/],
  ['damage that was not seen', { input: '', mustRefuse: true, run: () => 1 }, /^was read without a word/],
  ['what cannot be', { input: '', run: () => sound(false, 'has -1 images') }, /^has -1 images/],
])('the judge: %s', (_, tried, expected) => {
  const fault = faultOf(tried)
  if (expected) expect(fault).toMatch(expected)
  else expect(fault).toBeUndefined()
})

test('the judge: time and memory', () => {
  const limit = { ms: 50, bytes: 1e8, letters: 100 }
  const wait = (): void => {
    for (const end = performance.now() + 60; performance.now() < end; );
  }
  expect(faultOf({ input: '', run: wait }, limit)).toMatch(/^took \d+ s/)
  // The most that there ever was is what is known, so it takes more than whatever was before.
  const before = process.resourceUsage().maxRSS * 1024 - process.memoryUsage().rss
  const run = (): number => new Uint8Array(2e8 + before).fill(1).length
  expect(faultOf({ input: '', run }, { ...limit, ms: 60_000 })).toMatch(/^took \d{3} MB/)
})

test('the judge of commands', () => {
  const ended = { code: 1, said: 'x: no such file\n', mostBytes: 1e8, isLate: false }
  expect(faultOfEnd(ended, true)).toBeUndefined()
  expect(faultOfEnd({ ...ended, code: 0 }, true)).toMatch(/^took a damaged checkpoint/)
  expect(faultOfEnd({ ...ended, said: 'Error: x\n    at f (/a/b.ts:1:2)\n' }, false)).toMatch(
    /^shows a stack/,
  )
  expect(faultOfEnd({ ...ended, said: '' }, false)).toMatch(/^failed with 1 and not a word/)
  expect(
    faultOfEnd({ ...ended, said: "TypeError: Cannot read properties of null (reading 'x')" }, false),
  ).toMatch(/no person/)
  expect(faultOfEnd({ ...ended, code: null }, false)).toMatch(/^was killed/)
  expect(faultOfEnd({ ...ended, isLate: true }, false)).toMatch(/^did not end within/)
  expect(faultOfEnd({ ...ended, mostBytes: 2e9 }, false)).toBe('took 2000 MB')
})

test('a fault is told with what repeats it', () => {
  const target = {
    name: 'x',
    make: (random: Random) => ({ ...refusing(new TypeError('no')), input: String(random.below(10)) }),
  }
  const fault = tryCase(target, 5, 6)
  expect(fault).toMatchObject({
    target: 'x',
    seed: 5,
    number: 6,
    fault: expect.stringMatching(/^threw TypeError/),
  })
  expect(tryCase(target, 5, 6)).toEqual(fault)
})
