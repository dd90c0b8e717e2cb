// The folder of a training run.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { MetricsLine } from '../src/app/report.ts'
import { CheckpointError } from '../src/engine/index.ts'
import { checked } from '../src/engine/schema.ts'
import { type RunRecord, runRecord } from '../src/models/training/saved.ts'
import type { LogLine } from '../src/models/training/train.ts'
import { apng, framesOf } from './apng.ts'
import { CHECKPOINT, type Checkpoint, latestCheckpoint, saveCheckpoint } from './checkpoints.ts'
import { readJson } from './json.ts'
import { LOCK, Lock } from './lock.ts'
import { append, makeFolder, saying, sweep, writeWhole } from './save.ts'

export const ANIMATION = 'training.png'
const SAMPLES = 'samples'
const PICTURE = /^step-(\d{6,})\.png$/
const LOG = 'log.jsonl'
const METRICS = 'metrics.jsonl'
/** How long a frame of the animation is shown. */
const FRAME = { ms: 250, lastMs: 2000 }

/** What run.json in `folder` says. Throws CheckpointError when it is damaged, DataError when it cannot be read. */
export function readRecord(folder: string): RunRecord {
  const path = join(folder, 'run.json')
  return checked(runRecord, readJson(path), path, CheckpointError)
}

/** The same, of the run that a checkpoint is of. Throws CheckpointError, too, when it is of another. */
export function recordOf(folder: string, { path, config }: Checkpoint): RunRecord {
  const record = readRecord(folder)
  if (JSON.stringify(record.config) === JSON.stringify(config)) return record
  throw new CheckpointError(`${join(folder, 'run.json')}: config: is of another run than ${path}`)
}

/** Where a run goes that is not told where: runs/MODEL-20250131-235959, local time. */
export function defaultFolder(model: string, date: Date): string {
  const [year, month, day, ...time] = [
    date.getFullYear(),
    date.getMonth() + 1,
    date.getDate(),
    date.getHours(),
    date.getMinutes(),
    date.getSeconds(),
  ].map((n) => String(n).padStart(2, '0'))
  return `runs/${model}-${year}${month}${day}-${time.join('')}`
}

/** Makes the first of the folders `path`, `path`-2, `path`-3, … that there is not, and gives its name. */
export function makeFresh(path: string): string {
  return saying(path, () => {
    makeFolder(dirname(path))
    for (let n = 1; ; n++) {
      const name = n === 1 ? path : `${path}-${n}`
      try {
        mkdirSync(name)
        return name
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
      }
    }
  })
}

/** The folder of a run that this process trains, and no other at the same time. */
export class RunFolder {
  private readonly lock: Lock
  /** The newest checkpoint, from which the run does not go on. */
  private isNewestDamaged = false

  private constructor(
    readonly path: string,
    /** Made by us: it goes again when nothing came of the run. */
    private readonly isOurs: boolean,
  ) {
    try {
      this.lock = saying(join(path, LOCK), () => new Lock(path))
    } catch (error) {
      this.removeEmpty()
      throw error
    }
    sweep(path)
    sweep(join(path, SAMPLES))
    process.once('exit', this.close) // Ctrl-C, pressed twice
  }

  /**
   * The folder `path` of a new run. Throws an Error when somebody trains in it, or it holds something that would be
   * written over.
   */
  static create(path: string): RunFolder {
    const isOurs = !existsSync(path)
    makeFolder(path)
    const folder = new RunFolder(path, isOurs)
    if (readdirSync(path).every((name) => name === LOCK)) return folder
    folder.close()
    const or = existsSync(join(path, CHECKPOINT)) ? `continue that run by --resume ${path}` : 'remove it'
    throw new Error(`${path} exists already: choose another folder by --out, or ${or}`)
  }

  /** The folder of a new run, by `path` or, where that is taken, a name like it. */
  static createFresh(path: string): RunFolder {
    return new RunFolder(makeFresh(path), true)
  }

  /** The folder of a run to go on with. Throws CheckpointError when it is none, an Error when somebody trains in it. */
  static open(path: string): RunFolder {
    readRecord(path) // no file is made in a folder that is none of ours
    return new RunFolder(path, false)
  }

  /** Gives the folder to others; what is empty goes. */
  readonly close = (): void => {
    process.off('exit', this.close)
    this.lock.release()
    this.removeEmpty()
  }

  private removeEmpty(): void {
    const { path, isOurs } = this
    if (isOurs && existsSync(path) && !readdirSync(path).length) rmdirSync(path)
  }

  write(name: string, content: string | Uint8Array): void {
    writeWhole(join(this.path, name), content)
  }

  writeRecord(record: RunRecord): void {
    this.write('run.json', `${JSON.stringify(record, null, 2)}\n`)
  }

  /** The checkpoint to go on from. Throws CheckpointError when there is none that can be read. */
  checkpoint(): Checkpoint {
    const checkpoint = latestCheckpoint(this.path)
    this.isNewestDamaged = checkpoint.path !== join(this.path, CHECKPOINT)
    return checkpoint
  }

  /** Throws an Error, and harms nothing, when it cannot be saved or the folder is somebody else's by now. */
  saveCheckpoint(content: Uint8Array): void {
    this.lock.check()
    saveCheckpoint(this.path, content, this.isNewestDamaged)
    this.isNewestDamaged = false
  }

  /**
   * Writes training.png, in which the sample pictures follow each other; not when there is but one. Whatever else is in their
   * folder is left out.
   */
  animate(): void {
    const folder = join(this.path, SAMPLES)
    if (!existsSync(folder)) return
    const steps = readdirSync(folder).flatMap((name) => PICTURE.exec(name)?.[1] ?? [])
    const pictures = steps
      .sort((a, b) => Number(a) - Number(b))
      .map((step) => readFileSync(join(folder, `step-${step}.png`)))
    const frames = framesOf(pictures)
    if (frames.length > 1) this.write(ANIMATION, apng(frames, FRAME))
  }

  appendLog(line: LogLine): void {
    this.addLine(LOG, line)
  }

  /** Scores of samples, in a file of their own: they come more rarely. */
  appendMetrics(line: MetricsLine): void {
    this.addLine(METRICS, line)
  }

  private addLine(name: string, line: object): void {
    append(join(this.path, name), `${JSON.stringify(line)}\n`)
  }

  readLog(): LogLine[] {
    return this.readLines(LOG)
  }

  private readLines<T extends { step: number }>(name: string): T[] {
    const path = join(this.path, name)
    if (!existsSync(path)) return []
    return readFileSync(path, 'utf8')
      .split('\n')
      .flatMap(parseLine<T>)
  }

  /** Drops the lines of steps after `step`, which will be trained again. */
  trimLog(step: number): void {
    for (const name of [LOG, METRICS]) {
      if (name !== LOG && !existsSync(join(this.path, name))) continue
      const lines = this.readLines<{ step: number }>(name).filter((line) => line.step <= step)
      this.write(name, lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
    }
  }
}

/** A process that was killed may have left half a line; one that is none of ours has no step. */
function parseLine<T extends { step: number }>(text: string): T[] {
  try {
    const line = JSON.parse(text)
    return Number.isSafeInteger(line?.step) ? [line] : []
  } catch {
    return []
  }
}
