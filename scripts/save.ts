// Saving files: whole or not at all, on the disk when it is done, and what the system says of it told with the path.
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { isRunning } from './proc.ts'

/**
 * Writes `path` whole or not at all, making its folder: beside it first, then renamed, each brought to the disk. `ready` is
 * called with the name of the file beside it before that takes its place; what it throws keeps the old one. Throws an
 * Error that names the path and says what to do when the file cannot be written; nothing half-written stays.
 */
export function writeWhole(
  path: string,
  content: string | Uint8Array,
  ready?: (aside: string) => void,
): void {
  const folder = dirname(path)
  const aside = `${path}.${process.pid}.tmp`
  saying(path, () => {
    mkdirSync(folder, { recursive: true })
    sweep(folder, basename(path))
    try {
      writeSynced(aside, content)
      ready?.(aside)
      renameSync(aside, path)
    } catch (error) {
      remove(aside)
      throw error
    }
    syncFolder(folder)
  })
}

/**
 * Makes `path` a folder of these files, in the place of one that is there, whole or not at all; without files there is none.
 * Throws an Error as `writeWhole` does, and when the old one holds anything whose name does not fit `own`. Files of which
 * there may be thousands are not brought to the disk one by one.
 */
export function replaceFolder(
  path: string,
  files: Iterable<[name: string, content: Uint8Array]> | undefined,
  own: RegExp,
): void {
  const [aside, old] = ['new', 'old'].map((age) => `${path}.${age}.${process.pid}.tmp`)
  saying(path, () => {
    checkReplaceable(path, own)
    mkdirSync(dirname(path), { recursive: true })
    sweep(dirname(path), basename(path))
    try {
      if (files) mkdirSync(aside)
      for (const [name, content] of files ?? []) writeFileSync(join(aside, name), content)
      if (existsSync(path)) renameSync(path, old)
      if (files) renameSync(aside, path)
    } catch (error) {
      remove(aside)
      throw error
    }
    remove(old)
    syncFolder(dirname(path))
  })
}

/** Throws an Error when the folder `path` holds anything whose name does not fit `own`. */
export function checkReplaceable(path: string, own: RegExp): void {
  const other = existsSync(path) && readdirSync(path).find((name) => !own.test(name))
  if (other) throw new Error(`${path} would be replaced, but holds ${other}, too: choose another folder`)
}

/** Adds to the end of a file. Throws as writeWhole does. */
export function append(path: string, text: string): void {
  saying(path, () => writeFileSync(path, text, { flag: 'a' }))
}

/** Throws as `writeWhole` would, as far as that is known before: for work whose result would be lost. */
export function checkWritable(path: string): void {
  saying(path, () => {
    if (existsSync(path) && statSync(path).isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' })
    let folder = dirname(path)
    while (!existsSync(folder)) folder = dirname(folder)
    if (!statSync(folder).isDirectory()) throw Object.assign(new Error(), { code: 'ENOTDIR' })
    accessSync(folder, constants.W_OK | constants.X_OK)
  })
}

/** Removes what processes that are gone left half-written in `folder`, of the file `name` or of any. */
export function sweep(folder: string, name = ''): void {
  if (!existsSync(folder)) return
  for (const found of readdirSync(folder)) {
    const pid = found.startsWith(name) ? /\.(\d+)\.tmp$/.exec(found)?.[1] : undefined
    // A file of our own number is one of a process before us that had it, too: whoever sweeps has none open.
    if (pid && (Number(pid) === process.pid || !isRunning(Number(pid)))) remove(join(folder, found))
  }
}

/** Runs what writes `path`; an error of the system becomes one that names the path and says what to do. */
export function saying<T>(path: string, write: () => T): T {
  try {
    return write()
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException
    const reason = REASONS[code ?? '']
    if (!reason && !syscall) throw error
    throw new Error(`${path} cannot be written: ${reason ?? (error as Error).message} (${code})`, {
      cause: error,
    })
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full; free some space, or choose another folder',
  EDQUOT: "this user's share of the disk is used up; free some space, or choose another folder",
  EROFS: 'the disk can only be read; choose another folder',
  EACCES: 'this user may not write there; choose another folder, or change its permissions',
  EPERM: 'this user may not write there; choose another folder, or change its permissions',
  ENOTDIR: 'a part of the path is a file, not a folder; choose another',
  EEXIST: 'a part of the path is a file, not a folder; choose another',
  EISDIR: 'it is a folder; choose another name',
  ENAMETOOLONG: 'the name is too long; choose a shorter one',
  EIO: 'the disk reports an error; choose another, and look after this one',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
}

function writeSynced(path: string, content: string | Uint8Array): void {
  const file = openSync(path, 'w')
  try {
    writeFileSync(file, content)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}

/** Brings names that were changed to the disk; not every system lets a folder be opened for that. */
function syncFolder(path: string): void {
  let folder: number | undefined
  try {
    folder = openSync(path, 'r')
    fsyncSync(folder)
  } catch {
    // it is as good as the system makes it
  } finally {
    if (folder !== undefined) closeSync(folder)
  }
}

/** Without a word when it cannot be: something else has gone wrong before. */
function remove(path: string): void {
  try {
    rmSync(path, { recursive: true, force: true })
  } catch {
    // swept another time
  }
}
