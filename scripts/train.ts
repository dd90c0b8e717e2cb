// `npm run train`: trains in headless Chrome and keeps the run in a folder.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Adapter, Report } from '../src/app/headless.ts'
import type { MetricsLine } from '../src/app/report.ts'
import type { TunedTable } from '../src/engine/index.ts'
import { takenWords } from '../src/models/data/fields.ts'
import { toys } from '../src/models/data/toys.ts'
import { families, familyOf, stabilisersOf } from '../src/models/index.ts'
import { kebab } from '../src/models/kebab.ts'
import { defaultsOf, type OptionValue, optionText } from '../src/models/options.ts'
import type { Environment, RunRecord } from '../src/models/training/saved.ts'
import {
  namesOf,
  SETS,
  type Settings,
  stabilisers,
  textOf,
} from '../src/models/training/stabilisers/names.ts'
import { ADAPTER_FLAG, type Flag, HOSTS, helpLines, readAdapter } from './args.ts'
import { CHECKPOINT } from './checkpoints.ts'
import { environment } from './environment.ts'
import { optionLines, readFamilyArgs } from './familyArgs.ts'
import { type Place, type TrainingPage, withTrainingPage } from './headless.ts'
import type { Exchange } from './host.ts'
import { INTERRUPTED, onInterrupt } from './interrupt.ts'
import { type Continued, MAX_LINES, type Plan, planNew, planResume, prepare, type Wishes } from './plan.ts'
import { duration, Progress } from './progress.ts'
import { ANIMATION, defaultFolder, RunFolder } from './runFolder.ts'
import { writeWhole } from './save.ts'
import { CLASSIFIER, Phases, scoringFiles } from './scoring.ts'
import { tunedLines, useTuned } from './tuned.ts'

const FLAGS = {
  data: {
    kind: 'text',
    value: 'NAME',
    about: `mnist (handwritten digits, the default), idx:PATH, or points: ${Object.keys(toys).join(', ')}`,
  },
  reg: { kind: 'text', value: 'NAME[=VALUE][,…]', about: 'regularisers, see below' },
  trick: { kind: 'text', value: 'NAME[=VALUE][,…]', about: 'tricks that stabilise, see below' },
  steps: { kind: 'count', about: 'train until this step' },
  batch: { kind: 'count', about: 'images in a minibatch' },
  seed: { kind: 'seed', about: 'same seed, same adapter, same result; 0 if left out' },
  out: { kind: 'text', value: 'DIR', about: "the run's folder; runs/MODEL-DATE-TIME if left out" },
  resume: { kind: 'text', value: 'DIR', about: 'continue the run in this folder, from its checkpoint' },
  host: { kind: HOSTS, about: 'where the engine runs; chrome if left out' },
  adapter: ADAPTER_FLAG,
  'log-every': {
    kind: 'count',
    about: `steps between lines of log.jsonl; if left out so many that there are at most ${MAX_LINES.toLocaleString('en')} lines`,
  },
  'sample-every': { kind: 'count', about: 'steps between sample pictures' },
  'checkpoint-every': { kind: 'count', about: 'steps between checkpoints' },
  'metrics-every': {
    kind: 'count',
    about: 'steps between scorings of samples of digits or points, to metrics.jsonl; none if left out',
  },
  list: { kind: 'switch', about: 'the models, what they learn from, and their options' },
  help: { kind: 'switch', about: 'this text' },
} satisfies Record<string, Flag>

type Args = ReturnType<typeof readFamilyArgs<typeof FLAGS>>

export async function main(argv: string[]): Promise<number> {
  const args = readFamilyArgs(argv, FLAGS)
  if (args.values.help) return say(...help(args.model))
  if (args.values.list) return say(...list())
  const { host = 'chrome' } = args.values
  const adapter = readAdapter(args.values.adapter, host)
  const place: Place = { host, adapter: adapter.name }
  const wishes = readWishes(args, adapter.choice)
  // All that can be wrong with what was asked for is found before Chrome starts.
  const { resume } = args.values
  if (resume === undefined) {
    const prepared = prepare(wishes)
    const { out } = wishes
    const folder = out
      ? RunFolder.create(out)
      : RunFolder.createFresh(defaultFolder(prepared.model, new Date()))
    return closing(folder, () => {
      const plan = (adapter: Adapter): Plan => planNew(wishes, prepared, adapter)
      return new Session(wishes, { folder, data: prepared.data }, plan, place, wishes.every.metrics).run()
    })
  }
  const folder = RunFolder.open(resume)
  return closing(folder, async () => {
    const plan = planResume(folder, wishes)
    const { data, steps, every, checkpoint } = plan
    if (checkpoint.step >= steps)
      return say(
        `The run in ${resume} is at step ${checkpoint.step} already: give a higher --steps to go on.`,
      )
    return new Session(wishes, { folder, data }, () => plan, place, every.metrics, plan).run()
  })
}

async function closing<T>(folder: RunFolder, body: () => Promise<T>): Promise<T> {
  try {
    return await body()
  } finally {
    folder.close()
  }
}

function readWishes({ values, options, model }: Args, adapter: Wishes['adapter']): Wishes {
  return {
    model,
    options,
    reg: values.reg,
    trick: values.trick,
    data: values.data,
    steps: values.steps,
    batch: values.batch,
    seed: values.seed,
    out: values.out,
    adapter,
    every: given({
      log: values['log-every'],
      sample: values['sample-every'],
      checkpoint: values['checkpoint-every'],
      metrics: values['metrics-every'],
    }),
  }
}

/** Without what is undefined. */
const given = <T extends object>(values: T): Partial<T> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>

/** One training in one Chrome: files and reports from the page go to the run's folder and to the terminal. */
class Session implements Exchange<Report> {
  readonly files: Exchange<Report>['files']
  private progress: Progress | undefined
  private readonly preparation = new Phases()
  private record: RunRecord | undefined
  private interrupted = false

  constructor(
    private readonly wishes: Wishes,
    private readonly place: { folder: RunFolder } & Pick<Plan, 'data'>,
    private readonly plan: (adapter: Adapter) => Plan,
    private readonly where: Place,
    metricsEvery: number | undefined,
    private readonly continued?: Continued,
  ) {
    const { data } = place
    const isScored = metricsEvery !== undefined && data.files.images !== undefined
    if (isScored && data.name !== 'mnist' && data.name !== 'stacked')
      throw new Error(
        `--metrics-every: there is nothing to score ${data.name} by; it is for mnist, stacked, and points`,
      )
    this.files = {
      ...data.files,
      checkpoint: continued?.checkpoint.file,
      ...(isScored && scoringFiles()),
    }
  }

  /** Trains; gives the exit code. */
  async run(): Promise<number> {
    const started = Date.now()
    let stop = (): void => process.exit(INTERRUPTED) // nothing to save yet
    const stopListening = onInterrupt(() => stop())
    try {
      const { step } = await withTrainingPage(this, this.where, (page) => {
        stop = () => {
          this.interrupted = true
          this.warn('Stopping after this step; press again to quit at once.')
          page.stop()
        }
        return this.train(page)
      })
      this.progress?.end()
      return this.conclude(step, (Date.now() - started) / 1000)
    } catch (error) {
      this.progress?.end()
      const { path } = this.place.folder
      const checkpoint = join(path, CHECKPOINT)
      if (existsSync(checkpoint))
        console.error(`${checkpoint} is kept; continue with: npm run train -- --resume ${path}`)
      throw error
    } finally {
      this.progress?.end()
      stopListening()
    }
  }

  private async train(page: TrainingPage): Promise<{ step: number }> {
    const { continued, wishes, place } = this
    const choice = wishes.adapter ?? continued?.record.environment.adapterChoice ?? 'default'
    const adapter = await page.call('describe', { adapter: choice })
    const plan = this.plan(adapter)
    const { config, steps, every, data } = plan
    const made = environment(adapter, choice, await page.version())
    const tuned = await (continued ? useAgain(page, continued.record) : useTuned(page))
    this.record = recordFor(plan, made, new Date().toISOString(), tuned, continued)
    say(...introduction(plan, place.folder.path, adapter, continued), ...tunedLines(tuned))
    const before = continued?.record.environment.adapter.name ?? adapter.name
    if (before !== adapter.name)
      this.warn(`The run was begun on ${before}: on another adapter its numbers will differ.`)
    const step = continued?.checkpoint.step ?? 0
    this.progress = new Progress(steps, step)
    return page.call('train', {
      options: {
        config,
        steps,
        adapter: choice,
        logEvery: every.log,
        sampleEvery: every.sample,
        checkpointEvery: every.checkpoint,
        metricsEvery: every.metrics,
      },
      hasClassifier: this.files.classifier !== undefined,
      debug: Number(process.env.DEBUG ?? 0),
      data: data.request,
      resume: continued && {
        file: continued.checkpoint.path,
        log: place.folder.readLog().filter((line) => line.step <= step),
      },
    })
  }

  take(name: string, content: Uint8Array): void {
    const { folder } = this.place
    if (name === 'classifier') writeWhole(CLASSIFIER, content)
    else if (name === CHECKPOINT) folder.saveCheckpoint(content)
    else folder.write(name, content)
    if (name.startsWith('samples/')) folder.write('samples.png', content)
  }

  report(report: Report): void {
    const { folder } = this.place
    if (report.kind === 'notice') this.warn(report.text)
    else if (report.kind === 'log') {
      folder.appendLog(report.line)
      this.progress?.update(report.line)
    } else if (report.kind === 'metrics') {
      folder.appendMetrics(report.line)
      this.warn(scoresLine(report.line))
    } else if (report.kind === 'progress') {
      this.preparation.update(report)
    } else if (report.kind === 'start') {
      // Only now is it sure that there is something to keep; a run that is not continued after all stays as it was.
      if (this.record) folder.writeRecord(this.record)
      folder.trimLog(report.step)
      this.progress?.rewind(report.step)
    }
  }

  warn(text: string): void {
    if (this.progress) this.progress.say(text)
    else console.error(text)
  }

  private conclude(step: number, seconds: number): number {
    const { path } = this.place.folder
    const reached = step >= (this.record?.steps ?? 0)
    if (this.interrupted && !reached) {
      const resume = `continue with: npm run train -- --resume ${path}`
      console.error(`Stopped at step ${step}; ${step ? resume : 'nothing was trained yet'}`)
      return INTERRUPTED
    }
    this.place.folder.animate()
    const trained = step - (this.continued?.checkpoint.step ?? 0)
    return say(
      `Trained ${trained} steps in ${duration(seconds)}, start and end included.`,
      `samples     ${join(path, 'samples.png')}, animated ${join(path, ANIMATION)}`,
      `losses      ${join(path, 'losses.png')}`,
      `checkpoint  ${join(path, CHECKPOINT)}`,
      `More samples: npm run sample -- ${path}`,
    )
  }
}

/** A run goes on with the variants that it began with, whatever was found since: its bits would differ. */
const useAgain = (page: TrainingPage, { tuned }: RunRecord): Promise<TunedTable | undefined> =>
  page.call('setTuned', tuned ? [tuned] : [])

/** What run.json is to say of a run that begins, or goes on. */
export function recordFor(
  plan: Plan,
  made: Environment,
  now: string,
  tuned?: TunedTable,
  continued?: Continued,
): RunRecord {
  const { config, steps, every, data } = plan
  if (!continued) {
    return {
      config,
      steps,
      every,
      data: { name: data.name, ...data.identity },
      started: now,
      environment: made,
      ...(tuned && { tuned }),
      resumed: [],
    }
  }
  const { record, checkpoint } = continued
  const resumed = [...record.resumed, { step: checkpoint.step, started: now, environment: made }]
  return { ...record, steps, every, data: { ...record.data, name: data.name }, resumed }
}

function introduction(
  { config, steps, data, why }: Plan,
  folder: string,
  adapter: Adapter,
  on?: Continued,
): string[] {
  const { model, batch, seed, aids = {} } = config
  const options = Object.entries({ ...defaultsOf(familyOf(model).options), ...config.options })
  return [
    `adapter  ${adapter.name}`,
    `model    ${model}: ${options.map(([name, value]) => `${kebab(name)} ${optionText(value)}`).join(', ')}`,
    ...aidLines(aids),
    `train    ${on ? `from step ${on.checkpoint.step} ` : ''}to step ${steps}, batch ${batch}, seed ${seed}`,
    `picked   ${why}`,
    `data     ${data.about}`,
    `run      ${folder}`,
  ]
}

/** Regularisers and tricks with all of their values. */
const aidLines = (aids: Settings): string[] =>
  FLAGS_OF_AIDS.flatMap((flag) => {
    const text = textOf(flag, aids)
    return text ? [`${flag.padEnd(8)} ${text}`] : []
  })

const FLAGS_OF_AIDS = ['reg', 'trick'] as const

/** The families: what each is, learns from, and may be told. */
function list(): string[] {
  return Object.entries(families).flatMap(([name, { about, takes, options }]) => [
    `${name}  ${about}`,
    `  learns from ${takenWords(takes)}`,
    ...optionLines(options),
    ...FLAGS_OF_AIDS.flatMap((flag) => {
      const taken = namesOf(flag).filter((each) => stabilisersOf(name).includes(each))
      return taken.length ? [`  --${flag} ${taken.join('|')}`] : []
    }),
  ])
}

function help(model: string | undefined): string[] {
  const picked = Object.entries(families).flatMap(([name, { presets }]) =>
    Object.entries(presets).map(([kind, { options, batch, steps }]) => {
      const flags = Object.entries({ steps, batch, ...options }).map(
        ([option, value]) => `--${kebab(option)} ${optionText(value as OptionValue)}`,
      )
      return `  ${name.padEnd(14)} ${kind.padEnd(9)} ${flags.join(' ')}`
    }),
  )
  return [
    'npm run train -- [MODEL] [flags]     trains MODEL (dcgan if left out, gan on points) in headless Chrome',
    ...helpLines(FLAGS),
    ...(model === undefined
      ? [
          "Each model has flags of its own: --list names them all, and 'npm run train -- MODEL --help' those of one.",
        ]
      : [`Of ${model}, with the paper's values:`, ...optionLines(familyOf(model).options)]),
    ...FLAGS_OF_AIDS.flatMap((flag) => [
      `${flag === 'reg' ? 'Regularisers' : 'Tricks'}, by --${flag} NAME[=VALUE][,NAME…] (docs/stabilisers.md; --list says which model takes which):`,
      ...namesOf(flag).map((name) => {
        const { value, about } = stabilisers[name]
        return `  ${`${name}=${value}`.padEnd(21)} ${about}`
      }),
    ]),
    ...Object.entries(SETS).map(([name, own]) => `  ${name.padEnd(21)} ${own.join(', ')}`),
    'What is left out is picked by model, and adapter or data:',
    ...picked,
  ]
}

/** `Step 200: frechet 12.3, recall 0.41` */
const scoresLine = ({ step, ...scores }: MetricsLine): string =>
  `Step ${step}: ${Object.entries(scores)
    .map(([name, value]) => `${name} ${Number.isInteger(value) ? value : value.toPrecision(3)}`)
    .join(', ')}`

/** Prints lines; gives the exit code of success. */
function say(...lines: string[]): 0 {
  for (const line of lines) console.log(line)
  return 0
}
