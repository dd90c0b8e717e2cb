/** Descriptions of JSON that check values and give TypeScript the same type. */

/** Says what is wrong with a value, a line for each fault, naming its place. */
export interface Schema<T> {
  check(value: unknown, at: string): string[]
  /** Only a type. */
  readonly type?: T
}
export type TypeOf<S> = S extends Schema<infer T> ? T : never

const kind = <T>(name: string, test: (value: unknown) => boolean): Schema<T> => ({
  check: (value, at) => (test(value) ? [] : [`${at}: expected ${name}, got ${JSON.stringify(value)}`]),
})

export const text = kind<string>('text', (v) => typeof v === 'string')
export const flag = kind<boolean>('true or false', (v) => typeof v === 'boolean')
/** Finite and not negative: times, rates, counts. */
export const amount = kind<number>('a number of at least 0', (v) => Number.isFinite(v) && (v as number) >= 0)
export const oneOf = <const W extends string | number>(...words: W[]): Schema<W> =>
  kind(words.map((w) => JSON.stringify(w)).join(' or '), (v) => words.includes(v as W))

export const list = <T>(item: Schema<T>): Schema<T[]> => ({
  check: (value, at) =>
    Array.isArray(value)
      ? value.flatMap((v, i) => item.check(v, `${at}[${i}]`))
      : [`${at}: expected a list, got ${JSON.stringify(value)}`],
})

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Any names, values all alike. */
export const map = <T>(item: Schema<T>): Schema<Record<string, T>> => ({
  check: (value, at) =>
    isObject(value)
      ? Object.entries(value).flatMap(([name, v]) => item.check(v, `${at}.${name}`))
      : [`${at}: expected an object, got ${JSON.stringify(value)}`],
})

/** A field that may be missing. */
export type Optional<T> = Schema<T> & { optional: true }
export const optional = <T>(schema: Schema<T>): Optional<T> => ({ ...schema, optional: true })

type Fields = Record<string, Schema<unknown>>
type Missing<F extends Fields> = { [K in keyof F]: F[K] extends { optional: true } ? K : never }[keyof F]
type ObjectOf<F extends Fields> = { [K in Exclude<keyof F, Missing<F>>]: TypeOf<F[K]> } & {
  [K in Missing<F>]?: TypeOf<F[K]>
}

/** These fields and no others. */
export const object = <F extends Fields>(fields: F): Schema<ObjectOf<F>> => ({
  check(value, at) {
    if (!isObject(value)) return [`${at}: expected an object, got ${JSON.stringify(value)}`]
    const unknown = Object.keys(value).filter((name) => !Object.hasOwn(fields, name))
    return [
      ...unknown.map((name) => `${at}.${name}: not part of the schema`),
      ...Object.entries(fields).flatMap(([name, schema]) =>
        value[name] === undefined && 'optional' in schema ? [] : schema.check(value[name], `${at}.${name}`),
      ),
    ]
  },
})
