// What `npm run tune` found, kept in a file: a table for each adapter, browser version and state of the kernels.
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type TunedTable, tunedTable } from '../src/engine/index.ts'
import { checked, kind, list, object, type Schema, shown, type TypeOf, text } from '../src/engine/schema.ts'
import { cacheFolder } from './environment.ts'
import { readJson } from './json.ts'
import { Lock } from './lock.ts'
import { writeWhole } from './save.ts'

/** A table, and the browser (or Node and Dawn) that it was found in. */
const kept = object({ browser: text, table: tunedTable })
export type Kept = TypeOf<typeof kept>

const FORMAT = 'ganvas tuned 1'

export const tunedFile = (): string => join(cacheFolder(), 'tuned.json')

/** What is kept; nothing, with a line that says why, when the file is none of ours. */
export function readTuned(warn: (text: string) => void = (text) => console.error(text)): Kept[] {
  const path = tunedFile()
  if (!existsSync(path)) return []
  const ignored = (why: string): Kept[] => {
    warn(`${path} is ignored: ${why}; npm run tune -- --clear removes it`)
    return []
  }
  try {
    const { format, tables } = checked(anyFile, readJson(path), path)
    if (format !== FORMAT) return ignored(`its format is ${shown(format)}, expected ${shown(FORMAT)}`)
    return checked(list(kept), tables, 'its tables')
  } catch (error) {
    return ignored(`it is damaged (${(error as Error).message})`)
  }
}

const anyFile: Schema<{ format?: unknown; tables?: unknown }> = kind(
  'an object',
  (value) => typeof value === 'object' && value !== null,
)

/** Keeps `found`, in the place of what was found on this adapter in this browser before. */
export function keepTuned(found: Kept): void {
  mkdirSync(cacheFolder(), { recursive: true })
  const lock = Lock.wait(cacheFolder(), 'writing')
  try {
    keep(found)
  } finally {
    lock.release()
  }
}

function keep(found: Kept): void {
  const isOther = ({ browser, table }: Kept): boolean =>
    browser !== found.browser || table.adapter !== found.table.adapter
  const tables = [...readTuned(() => {}).filter(isOther), found]
  writeWhole(tunedFile(), `${JSON.stringify({ format: FORMAT, tables }, null, 2)}\n`)
}

/** Gives the number of tables that were there. */
export function clearTuned(): number {
  const { length } = readTuned(() => {})
  rmSync(tunedFile(), { force: true })
  return length
}

interface TunablePage {
  version(): Promise<string>
  call(command: 'setTuned', request: TunedTable[]): Promise<TunedTable | undefined>
}

/** Has the page, which knows its adapter, use what was found there before; gives that, if there is any. */
export async function useTuned(page: TunablePage): Promise<TunedTable | undefined> {
  const version = await page.version()
  const tables = readTuned().flatMap(({ browser, table }) => (browser === version ? [table] : []))
  return tables.length ? page.call('setTuned', tables) : undefined
}

/** A line that says what is used, if something is. */
export const tunedLines = (table: TunedTable | undefined): string[] =>
  table
    ? [`tuned    ${Object.keys(table.found).length} products, as npm run tune found (--show lists them)`]
    : []
