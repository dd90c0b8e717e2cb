// Saving files: whole or not at all, on the disk, and told with the path when it fails.
import { spawnSync } from 'node:child_process'
import type * as fs from 'node:fs'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, expect, test, vi } from 'vitest'
import { makeProfile } from '../../scripts/profiles.ts'
import { append, checkWritable, replaceFolder, sweep, writeWhole } from '../../scripts/save.ts'

/** What was asked of the disk, in order; and what it answers with to one kind of call, if it is not to do it. */
const disk = vi.hoisted(() => ({ calls: [] as string[], broken: '', code: '' }))
type Call = (...args: never[]) => unknown
vi.mock('node:fs', async (importOriginal) => {
  const real = await importOriginal<typeof fs>()
  const opened = new Map<number, string>()
  const watched =
    (name: string, call: Call, noted: (...args: never[]) => string) =>
    (...args: never[]): unknown => {
      disk.calls.push(`${name} ${noted(...args)}`)
      if (disk.broken === name)
        throw Object.assign(new Error(`${disk.code}: no, ${name}`), { code: disk.code, syscall: name })
      return call(...args)
    }
  return {
    ...real,
    openSync(path: string, flags: string) {
      const file = real.openSync(path, flags)
      opened.set(file, path)
      return file
    },
    fsyncSync: watched('fsync', real.fsyncSync, (file) => opened.get(file) ?? ''),
    renameSync: watched('rename', real.renameSync, (from, to) => `${from} ${to}`),
    accessSync: watched('access', real.accessSync, (path) => path),
  }
})

const root = mkdtempSync(join(tmpdir(), 'ganvas-save-'))
afterAll(() => rmSync(root, { recursive: true }))
let folder = ''
let count = 0
beforeEach(() => {
  folder = join(root, String(count++))
  Object.assign(disk, { calls: [], broken: '', code: '' })
})

/** The number of a process that has ended. */
const gone = spawnSync(process.execPath, ['-e', '0']).pid

test('a file and the name of it are on the disk, in this order, when it is saved', () => {
  const path = join(folder, 'deep', 'file')
  writeWhole(path, 'one')
  const aside = `${path}.${process.pid}.tmp`
  expect(disk.calls).toEqual([`fsync ${aside}`, `rename ${aside} ${path}`, `fsync ${join(folder, 'deep')}`])
  writeWhole(path, Uint8Array.of(50))
  expect(readFileSync(path, 'utf8')).toBe('2')
  expect(readdirSync(join(folder, 'deep'))).toEqual(['file'])
})

test.each([
  ['fsync', 'ENOSPC', 'the disk is full; free some space, or choose another folder'],
  ['fsync', 'EDQUOT', "this user's share of the disk is used up"],
  ['rename', 'EACCES', 'this user may not write there'],
  ['rename', 'EROFS', 'the disk can only be read; choose another folder'],
  ['fsync', 'EWHAT', 'EWHAT: no, fsync'],
])('where %s says %s, the path is told, the old file stays and no half one does', (broken, code, reason) => {
  const path = join(folder, 'file')
  writeWhole(path, 'old')
  Object.assign(disk, { broken, code })
  expect(() => writeWhole(path, 'new')).toThrow(`${path} cannot be written: ${reason}`)
  expect(() => writeWhole(path, 'new')).toThrow(`(${code})`)
  expect(readFileSync(path, 'utf8')).toBe('old')
  expect(readdirSync(folder)).toEqual(['file'])
})

test('what is found wrong before a file takes its place keeps the old one', () => {
  const path = join(folder, 'file')
  writeWhole(path, 'old')
  const refuse = (aside: string): void => {
    throw new Error(`no: ${readFileSync(aside, 'utf8')}`)
  }
  expect(() => writeWhole(path, 'new', refuse)).toThrow(/^no: new$/)
  expect(readFileSync(path, 'utf8')).toBe('old')
  expect(readdirSync(folder)).toEqual(['file'])
})

test('what cannot be written is known before the work', () => {
  writeWhole(join(folder, 'file'), '')
  expect(() => checkWritable(join(folder, 'file', 'x', 'y.png'))).toThrow('a part of the path is a file')
  expect(() => checkWritable(folder)).toThrow(`${folder} cannot be written: it is a folder`)
  checkWritable(join(folder, 'new', 'newer', 'y.png'))
  expect(disk.calls.at(-1)).toBe(`access ${folder}`)
  Object.assign(disk, { broken: 'access', code: 'EROFS' })
  expect(() => checkWritable(join(folder, 'new', 'y.png'))).toThrow('the disk can only be read')
  expect(() => append(join(folder, 'file', 'log'), 'line')).toThrow(
    /log cannot be written: a part of the path/,
  )
})

test('what killed processes left half-written is swept, what others are at is not', () => {
  const names = [
    'a',
    `a.${gone}.tmp`,
    `a.${process.pid}.tmp`,
    `a.${process.ppid}.tmp`,
    `b.${gone}.tmp`,
    'c.tmp',
  ]
  mkdirSync(folder)
  for (const name of names) writeFileSync(join(folder, name), '')
  const kept = ['a', `a.${process.ppid}.tmp`, 'c.tmp']
  writeWhole(join(folder, 'a'), '')
  expect(readdirSync(folder).sort()).toEqual([...kept, `b.${gone}.tmp`].sort())
  sweep(folder)
  expect(readdirSync(folder).sort()).toEqual(kept.sort())
  sweep(join(folder, 'none'))
})

test('a folder of files is replaced as a whole, unless it holds what is not ours', () => {
  const path = join(folder, 'pictures')
  const bytes = Uint8Array.of(1)
  const own = /^\d\.png$/
  replaceFolder(
    path,
    [
      ['1.png', bytes],
      ['2.png', bytes],
    ],
    own,
  )
  replaceFolder(path, [['1.png', bytes]], own)
  expect(readdirSync(path)).toEqual(['1.png'])
  const failing = (function* (): Generator<[string, Uint8Array]> {
    yield ['3.png', bytes]
    throw new Error('no more')
  })()
  expect(() => replaceFolder(path, failing, own)).toThrow('no more')
  writeFileSync(join(path, 'notes.txt'), '')
  expect(() => replaceFolder(path, [], own)).toThrow(`${path} would be replaced, but holds notes.txt`)
  expect(readdirSync(path)).toEqual(['1.png', 'notes.txt'])
  expect(readdirSync(folder)).toEqual(['pictures'])
  rmSync(join(path, 'notes.txt'))
  replaceFolder(path, undefined, own)
  expect(readdirSync(folder)).toEqual([])
})

test('the profile of a Chrome that was killed goes when the next one starts', () => {
  mkdirSync(folder)
  const mine = makeProfile(folder)
  const name = mine.path.slice(folder.length + 1)
  expect(name).toMatch(new RegExp(`^ganvas-chrome-.*-${process.pid}-\\w+$`))
  const stale = name.replace(`-${process.pid}-`, `-${gone}-`)
  mkdirSync(join(folder, stale, 'Default'), { recursive: true })
  mkdirSync(join(folder, 'ganvas-chrome-elsewhere'))
  const other = makeProfile(folder)
  expect(existsSync(join(folder, stale))).toBe(false)
  expect(readdirSync(folder)).toHaveLength(3)
  mine.remove()
  other.remove()
  expect(readdirSync(folder)).toEqual(['ganvas-chrome-elsewhere'])
})
