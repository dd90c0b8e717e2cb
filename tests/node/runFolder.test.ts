// The folder of a run: claimed by one process at a time.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { LOCK, Lock } from '../../scripts/lock.ts'
import { png } from '../../scripts/png.ts'
import { ANIMATION, defaultFolder, RunFolder } from '../../scripts/runFolder.ts'

const root = mkdtempSync(join(tmpdir(), 'ganvas-folder-'))
afterAll(() => rmSync(root, { recursive: true }))

let folder = ''
let count = 0
const said: string[] = []
const warn = (text: string): void => void said.push(text)
beforeEach(() => {
  folder = join(root, String(count++))
  mkdirSync(folder)
  said.length = 0
})

const lockFile = (): string => join(folder, LOCK)
/** The lock that this process makes, with other values. */
function leave(changes: object): void {
  const lock = new Lock(folder, 'training', warn)
  const owner = JSON.parse(readFileSync(lockFile(), 'utf8'))
  lock.release()
  writeFileSync(lockFile(), JSON.stringify({ ...owner, ...changes }))
}
/** The number of a process that has ended. */
const gone = (): number => spawnSync(process.execPath, ['-e', '0']).pid

describe('a lock', () => {
  test('keeps others out, by name, until it is given back', () => {
    const lock = new Lock(folder, 'training', warn)
    const refused = new RegExp(
      `^${folder} is in use: process ${process.pid} has been training in it since \\d{4}-.*remove ${lockFile()}$`,
    )
    expect(() => new Lock(folder, 'training', warn)).toThrow(refused)
    lock.check()
    lock.release()
    expect(readdirSync(folder)).toEqual([])
    new Lock(folder, 'training', warn).release()
    expect(said).toEqual([])
  })

  test('of a process that is gone is taken over, with a word', () => {
    const pid = gone()
    leave({ pid })
    const lock = new Lock(folder, 'training', warn)
    expect(said).toEqual([`${folder} was left locked by process ${pid}, which is gone: it is taken over.`])
    expect(JSON.parse(readFileSync(lockFile(), 'utf8')).pid).toBe(process.pid)
    lock.release()
  })

  test('of a process whose number another has by now is taken over', () => {
    leave({ started: 'before' })
    new Lock(folder, 'training', warn).release()
    expect(said).toHaveLength(1)
  })

  test.runIf(process.platform === 'linux')(
    'of a process that ended and is not yet forgotten is taken over',
    async () => {
      // The shell's child ends soon, and `sleep`, which the shell becomes, never asks for it.
      const shell = spawn('sh', ['-c', 'sleep 0.5 & echo $!; exec sleep 20'])
      try {
        const pid = Number(await new Promise((resolve) => shell.stdout.once('data', resolve)))
        const isKept = () => readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
        await vi.waitUntil(isKept, { timeout: 10_000 })
        leave({ pid })
        new Lock(folder, 'training', warn).release()
        expect(said).toHaveLength(1)
      } finally {
        shell.kill()
      }
    },
  )

  test('of another machine is left alone', () => {
    leave({ host: `not-${hostname()}`, pid: gone() })
    expect(() => new Lock(folder, 'training', warn)).toThrow(
      /in use: process \d+ on not-\S+ has been training/,
    )
  })

  test.each(['', '{"pid":', '{"doing":"x","pid":-1,"host":"x","since":"y"}', 'null'])(
    'that says nothing (%j) is taken over',
    (text) => {
      writeFileSync(lockFile(), text)
      new Lock(folder, 'training', warn).release()
      expect(said[0]).toContain('a process that could not name itself')
    },
  )

  test('is waited for where the work can wait', async () => {
    const command = `
      import('vite').then(async ({ runnerImport }) => {
        const { module } = await runnerImport('./scripts/lock.ts', { configFile: false })
        module.Lock.wait(${JSON.stringify(folder)}, 'waiting').release()
      })`
    const lock = new Lock(folder, 'testing', warn)
    const other = spawn(process.execPath, ['-e', command])
    const ended = new Promise((resolve) => other.on('close', resolve))
    const told = await new Promise((resolve) => other.stderr.once('data', (text) => resolve(String(text))))
    expect(told).toMatch(
      new RegExp(`^Waiting: ${folder} is in use: process ${process.pid} has been testing in it`),
    )
    expect(existsSync(lockFile())).toBe(true)
    lock.release()
    expect(await ended).toBe(0)
    expect(existsSync(lockFile())).toBe(false)
  }, 60_000)

  test('that somebody else has taken is noticed', () => {
    const lock = new Lock(folder, 'training', warn)
    rmSync(lockFile())
    expect(() => lock.check()).toThrow(`${lockFile()} was removed`)
    leave({ pid: 1 })
    expect(() => lock.check()).toThrow(`${folder} is in use: process 1`)
    lock.release()
    expect(existsSync(lockFile())).toBe(true)
  })
})

describe('a run', () => {
  test('that is not told where to go gets a folder of its own', () => {
    const path = join(folder, defaultFolder('gan', new Date(2026, 0, 31, 23, 59, 58)))
    expect(path).toMatch(/runs.gan-20260131-235958$/)
    const folders = [1, 2, 3].map(() => RunFolder.createFresh(path))
    expect(folders.map((each) => each.path)).toEqual([path, `${path}-2`, `${path}-3`])
    folders[1].write('run.json', '{}')
    for (const each of folders) each.close()
    expect(readdirSync(join(folder, 'runs'))).toEqual(['gan-20260131-235958-2'])
  })

  test('does not share the folder it is told', () => {
    const path = join(folder, 'new')
    const first = RunFolder.create(path)
    expect(() => RunFolder.create(path)).toThrow(`${path} is in use: process ${process.pid}`)
    first.close()
    expect(existsSync(path)).toBe(false)
    mkdirSync(path)
    RunFolder.create(path).close()
    expect(readdirSync(path), 'an empty folder that was there stays').toEqual([])
    writeFileSync(join(path, 'notes.txt'), '')
    expect(() => RunFolder.create(path)).toThrow(`${path} exists already: choose another folder by --out`)
    expect(readdirSync(path)).toEqual(['notes.txt'])
  })

  test('shows its whole pictures in order, whatever else is beside them', () => {
    const run = RunFolder.create(join(folder, 'new'))
    const samples = join(run.path, 'samples')
    const picture = (value: number): Buffer => png(Uint8Array.of(value), 1, 1)
    run.write('samples/step-999999.png', picture(1))
    run.animate()
    expect(existsSync(join(run.path, ANIMATION)), 'of one picture').toBe(false)
    run.write('samples/step-1000000.png', picture(2))
    run.animate()
    const clean = readFileSync(join(run.path, ANIMATION))
    expect(clean.toString('latin1', 33, 45)).toBe('\0\0\0\x08acTL\0\0\0\x02')
    mkdirSync(join(samples, 'folder'))
    for (const name of ['.DS_Store', 'step-5.png', 'step-000010.png.999.tmp', 'step-000010.png'])
      writeFileSync(join(samples, name), picture(3).subarray(0, 60))
    run.animate()
    expect(readFileSync(join(run.path, ANIMATION))).toEqual(clean)
    run.close()
  })

  test('is not looked for in a folder that is none, and leaves nothing there', () => {
    expect(() => RunFolder.open(folder)).toThrow(`${join(folder, 'run.json')}: no such file`)
    expect(readdirSync(folder)).toEqual([])
  })
})
