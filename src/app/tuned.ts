/**
 * What the timed search found, kept in the browser: IndexedDB, a record for each adapter and browser version. Commands
 * keep theirs in a file (scripts/tuned.ts), since a headless browser forgets.
 */
import * as engine from '../engine/index.ts'
import { isTunedTable, type TunedTable, tuned } from '../engine/index.ts'

const NAME = 'ganvas'
const STORE = 'tuned'

/** Installs the first of these tables that is of this adapter and these kernels, and gives it, if there is one. */
export const setTuned = (tables: readonly TunedTable[]): TunedTable | undefined =>
  tables.find((table) => engine.setTuned(table) > 0)

const keyOf = ({ adapter }: TunedTable): string => `${adapter} | ${navigator.userAgent}`

/** Installs what is remembered of this adapter; nothing where the browser keeps nothing (a private window). */
export async function recall(): Promise<void> {
  const table = await withStore('readonly', (store) => store.get(keyOf(tuned()))).catch(() => undefined)
  if (isTunedTable(table)) setTuned([table])
}

/** Keeps what is known now. Rejects where the browser keeps nothing. */
export async function remember(): Promise<void> {
  const table = tuned()
  await withStore('readwrite', (store) => store.put(table, keyOf(table)))
}

/** Forgets what was found on any adapter, here and in the browser. */
export async function forget(): Promise<void> {
  engine.setTuned({ ...tuned(), found: {} })
  await withStore('readwrite', (store) => store.clear())
}

function withStore<T>(mode: IDBTransactionMode, ask: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(NAME, 1)
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE)
    opening.onerror = () => reject(opening.error)
    opening.onsuccess = () => {
      const db = opening.result
      const transaction = db.transaction(STORE, mode)
      const request = ask(transaction.objectStore(STORE))
      transaction.oncomplete = () => resolve(request.result)
      transaction.onerror = transaction.onabort = () => reject(transaction.error)
      transaction.addEventListener('complete', () => db.close())
    }
  })
}
