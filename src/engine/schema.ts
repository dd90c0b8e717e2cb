/** Descriptions of JSON that check values and give TypeScript the same type: what is read from a file is believed no other way. Pure. */
import { DataError } from './errors.ts'

/** Says what is wrong with a value, a line for each fault, naming its place. */
export interface Schema<T> {
  check(value: unknown, at: string): string[]
  /** Only a type. */
  readonly type?: T
}
export type TypeOf<S> = S extends Schema<infer T> ? T : never

/** Values that pass a test, which `name` says. */
export const kind = <T>(name: string, test: (value: unknown) => boolean): Schema<T> => ({
  check: (value, at) => (test(value) ? [] : [expected(name, value, at)]),
})

const expected = (name: string, value: unknown, at: string): string =>
  `${at ? `${at}: ` : ''}expected ${name}, got ${shown(value)}`

const SHOWN = 60
/** As JSON, so that nothing in it can move a cursor or colour a terminal, and not too much of it. */
export function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  const plain = text.replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return plain.length > SHOWN ? `${plain.slice(0, SHOWN)}…` : plain
}

/** The place of a field in what is at `at`. */
export const within = (at: string, name: string): string => {
  const plain = /^[\w-]+$/.test(name) ? name : shown(name)
  return at ? `${at}.${plain}` : plain
}

export const text = kind<string>('text', (v) => typeof v === 'string')
export const flag = kind<boolean>('true or false', (v) => typeof v === 'boolean')
/** Finite and not negative: times, rates, counts. */
export const amount = kind<number>('a number of at least 0', (v) => Number.isFinite(v) && (v as number) >= 0)
export const number = kind<number>('a finite number', Number.isFinite)
/** 0, 1, 2, … */
export const whole = kind<number>(
  'a whole number, at least 0',
  (v) => Number.isSafeInteger(v) && (v as number) >= 0,
)
/** 1, 2, 3, … */
export const count = kind<number>(
  'a whole number, at least 1',
  (v) => Number.isSafeInteger(v) && (v as number) >= 1,
)
export const oneOf = <const W extends string | number>(...words: W[]): Schema<W> =>
  kind(words.map((w) => JSON.stringify(w)).join(' or '), (v) => words.includes(v as W))

export const list = <T>(item: Schema<T>): Schema<T[]> => ({
  check: (value, at) =>
    Array.isArray(value)
      ? value.flatMap((v, i) => item.check(v, `${at}[${i}]`))
      : [expected('a list', value, at)],
})

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Any names, values all alike. */
export const map = <T>(item: Schema<T>): Schema<Record<string, T>> => ({
  check: (value, at) =>
    isObject(value)
      ? Object.entries(value).flatMap(([name, v]) => item.check(v, within(at, name)))
      : [expected('an object', value, at)],
})

/** A field that may be missing. */
export type Optional<T> = Schema<T> & { optional: true }
export const optional = <T>(schema: Schema<T>): Optional<T> => ({ ...schema, optional: true })

/** Gives a value that fits `schema`. Throws `Fault`, a DataError if left out, that names `file` and the first field that does not. */
export function checked<T>(
  schema: Schema<T>,
  value: unknown,
  file: string,
  Fault: new (message: string) => Error = DataError,
): T {
  const [fault] = schema.check(value, '')
  if (fault !== undefined) throw new Fault(`${file}: ${fault}`)
  return value as T
}

type Fields = Record<string, Schema<unknown>>
type Missing<F extends Fields> = { [K in keyof F]: F[K] extends { optional: true } ? K : never }[keyof F]
type ObjectOf<F extends Fields> = { [K in Exclude<keyof F, Missing<F>>]: TypeOf<F[K]> } & {
  [K in Missing<F>]?: TypeOf<F[K]>
}

/** These fields and no others. */
export const object = <F extends Fields>(fields: F): Schema<ObjectOf<F>> => ({
  check(value, at) {
    if (!isObject(value)) return [expected('an object', value, at)]
    const unknown = Object.keys(value).filter((name) => !Object.hasOwn(fields, name))
    return [
      ...unknown.map((name) => `${within(at, name)}: not part of the schema`),
      ...Object.entries(fields).flatMap(([name, schema]) =>
        value[name] === undefined && 'optional' in schema ? [] : schema.check(value[name], within(at, name)),
      ),
    ]
  },
})

/** What `pick` says of a value, which may be anything. */
export const either = <T>(pick: (value: unknown) => Schema<T>): Schema<T> => ({
  check: (value, at) => pick(value).check(value, at),
})

/** What fits `schema`, and of which `faults` says nothing. */
export const also = <T>(schema: Schema<T>, faults: (value: T, at: string) => string[]): Schema<T> => ({
  check(value, at) {
    const found = schema.check(value, at)
    return found.length ? found : faults(value as T, at)
  },
})
