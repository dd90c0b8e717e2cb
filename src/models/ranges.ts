/** The numbers that people may set, by flags, fields and links, and what saved runs may hold: one check for all. Pure. */

export interface Range {
  /** What it takes: "a whole number, at least 1". */
  words: string
  isWhole: boolean
  has(value: number): boolean
}

/** Beyond about this, a number is infinite on the GPU (float32). */
const LARGEST = 3e38

/** Whole numbers; without `to`, as many as a number counts exactly. */
export const wholes = (from: number, to = Number.MAX_SAFE_INTEGER): Range => ({
  words: `a whole number${to === Number.MAX_SAFE_INTEGER ? `, at least ${from}` : ` from ${from} to ${to}`}`,
  isWhole: true,
  has: (value) => Number.isInteger(value) && value >= from && value <= to,
})

const numbers = (words: string, test: (value: number) => boolean): Range => ({
  words: `a number ${words}`,
  isWhole: false,
  has: (value) => Number.isFinite(value) && Math.abs(value) <= LARGEST && test(value),
})

export const count = wholes(1)
export const seeds = wholes(0, 2 ** 32 - 1)
export const notNegative = numbers(`from 0 to ${LARGEST}`, (value) => value >= 0)
export const positive = numbers(`above 0, at most ${LARGEST}`, (value) => value > 0)
/** A rate at which something is forgotten, as PyTorch has it: with 1 it would never learn. */
export const decay = numbers('from 0, below 1', (value) => value >= 0 && value < 1)
export const from = (low: number, high: number): Range =>
  numbers(`from ${low} to ${high}`, (value) => value >= low && value <= high)
export const between = (low: number, high: number): Range =>
  numbers(`above ${low} and below ${high}`, (value) => value > low && value < high)
export const upTo = (high: number): Range =>
  numbers(`above 0, at most ${high}`, (value) => value > 0 && value <= high)

/** The number that `text` says; undefined when it says none in the range. */
export function readNumber({ has }: Range, text: string): number | undefined {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  return has(value) ? value : undefined
}
