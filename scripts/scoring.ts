// What commands that score digits share: the digits and the classifier that are served, and progress on the terminal.
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Report } from '../src/app/report.ts'
import { DigitScorer } from '../src/models/evaluation/digits.ts'
import { labelledDigits } from './datasets.ts'
import { cacheFolder } from './environment.ts'
import type { Exchange } from './host.ts'
import { Progress } from './progress.ts'
import { read } from './read.ts'
import { checkWritable, writeWhole } from './save.ts'

/** Where the classifier is kept, in the folder that GANVAS_CACHE names. Removed, it is trained again. */
export const CLASSIFIER = relative('', join(cacheFolder(), 'digits.safetensors'))

/** What takes its time: a heading, and what is counted. */
const WORDS: Record<string, readonly [heading: string, unit: string]> = {
  classifier: [`Training the classifier of digits, once; kept in ${CLASSIFIER}`, 'step'],
  samples: ['Drawing samples', 'sample'],
  frames: ['Drawing frames', 'frame'],
  inversion: ['Searching', 'step'],
  features: ['Training linear classifiers', 'classifier'],
}

/** Progress of one thing after another, each with its own bar. */
export class Phases {
  private progress: Progress | undefined
  private what = ''

  update({ what, steps, line }: Extract<Report, { kind: 'progress' }>): void {
    if (this.what !== what) {
      this.end()
      const [heading, unit] = WORDS[what]
      console.log(heading)
      this.what = what
      this.progress = new Progress(steps, 0, process.stdout, Date.now, unit)
    }
    this.progress?.update(line)
    if (line.step === steps) this.end()
  }

  end(): void {
    this.progress?.end()
    this.progress = undefined
  }

  warn(text: string): void {
    if (this.progress) this.progress.say(text)
    else console.error(text)
  }
}

/** Keeps the files that a page makes, and shows its progress. */
export class Collector implements Exchange<Report> {
  readonly taken: Record<string, Uint8Array<ArrayBuffer>> = {}
  private readonly phases = new Phases()

  constructor(readonly files: Exchange<Report>['files']) {}

  take(name: string, content: Uint8Array): void {
    if (name === 'classifier') writeWhole(CLASSIFIER, content)
    else this.taken[name] = new Uint8Array(content)
  }

  report(report: Report): void {
    if (report.kind === 'notice') this.warn(report.text)
    if (report.kind === 'progress') this.phases.update(report)
  }

  warn(text: string): void {
    this.phases.warn(text)
  }
}

/** The digits, and the classifier if there is one that can be read, as the page's server gives them. */
export function scoringFiles(): Record<string, Uint8Array | undefined> {
  return { ...labelledDigits(), classifier: keptClassifier() }
}

function keptClassifier(): Uint8Array | undefined {
  checkWritable(CLASSIFIER)
  if (!existsSync(CLASSIFIER)) return undefined
  try {
    const file = read(CLASSIFIER)
    DigitScorer.read(file, CLASSIFIER)
    return file
  } catch (error) {
    console.error(`${(error as Error).message}: it is trained again`)
    return undefined
  }
}

/** Tells one classifier from another: scores by different ones do not compare. */
export const classifierHash = (): string =>
  createHash('sha256').update(read(CLASSIFIER)).digest('hex').slice(0, 12)
