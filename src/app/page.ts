/** Buttons to commands, reports to what one sees. The training is in the worker. */
import { Charts } from './charts.ts'
import { fieldSettings, offer, offerStacked, onSettings, showSettings } from './controls.ts'
import { Counters } from './counters.ts'
import { find, grouped } from './dom.ts'
import { banner, download, onFiles } from './files.ts'
import { showHelp } from './help.ts'
import type { Look } from './latents/looks.ts'
import { classesChosen, lookChosen, offerClasses, offerLooks, onLooks } from './lookControls.ts'
import type { Command, Report, Source } from './protocol.ts'
import { Stage } from './stage.ts'
import {
  areImages,
  type Choices,
  hashOf,
  IMAGES,
  ownSettings,
  type Settings,
  sameSettings,
  settingsFrom,
} from './state.ts'
import { ownWorker } from './trusted.ts'
import workerUrl from './worker.ts?worker&url'

/** `?debug=2`: see debug.ts. The worker's own address does not have it. */
const DEBUG = new URLSearchParams(location.search).get('debug') ?? ''
const DIGITS: Source = {
  url: new URL('data/digits.idx.gz', document.baseURI).href,
  labels: new URL('data/digits-labels.idx.gz', document.baseURI).href,
}

const buttons = {
  play: find<HTMLButtonElement>('#play'),
  step: find<HTMLButtonElement>('#step'),
  show: find<HTMLButtonElement>('#show'),
  reset: find<HTMLButtonElement>('#reset'),
  save: find<HTMLButtonElement>('#save'),
  tune: find<HTMLButtonElement>('#tune'),
  forget: find<HTMLButtonElement>('#forget'),
}

type Handlers = { [T in Report['type']]: (report: Extract<Report, { type: T }>) => void }

export class Page {
  private readonly worker = ownWorker(workerUrl, DEBUG)
  private readonly charts = new Charts()
  private readonly stage = new Stage()
  private readonly counters = new Counters()
  private choices: Choices | undefined
  /** Whether the worker has images, or is to load some. */
  private hasImages = false
  /** Of the run that is there; undefined until there is one. */
  private settings: Settings | undefined
  /** What the fields say: the settings of the next run. */
  private wanted: Settings | undefined
  private step = 0
  private isPlaying = false
  /** What is shown of the generator, in the place of its samples. */
  private look: Look | undefined
  private isBusy = true
  private commands = 0

  constructor() {
    this.worker.onmessage = ({ data }: MessageEvent<Report>) => this.handle(data)
    this.worker.onerror = ({ message }) =>
      banner(`The worker stopped: ${message || 'it could not be loaded'}`)
    buttons.play.onclick = () => this.play(!this.isPlaying)
    buttons.step.onclick = () => this.send({ type: 'step' })
    buttons.show.onclick = () => (this.look ? this.play(false) : this.lookAt(lookChosen()))
    buttons.reset.onclick = () => this.reset()
    buttons.save.onclick = () => this.save()
    buttons.tune.onclick = () => this.kernels('tune')
    buttons.forget.onclick = () => this.kernels('forget')
    onSettings(() => this.settingsChanged())
    onLooks({
      chosen: () => this.look && this.lookAt(lookChosen()),
      classes: () => this.choose(),
      truncated: (psi) => this.worker.postMessage({ type: 'psi', psi } satisfies Command),
    })
    onFiles((file, isTarget) => (isTarget ? this.lookAt('invert', file) : this.open(file)))
    addEventListener('hashchange', () => {
      if (!this.choices) return
      this.wanted = settingsFrom(location.hash, this.choices)
      this.reset()
    })
    addEventListener('keydown', (event) => this.key(event))
  }

  private send(command: Command): void {
    this.isBusy = true
    this.look = command.type === 'look' ? command.look : undefined
    this.commands++
    this.worker.postMessage(command)
    this.refresh()
  }

  private play(on: boolean): void {
    if (on) banner(undefined)
    this.isPlaying = on
    this.send({ type: on ? 'play' : 'pause' })
  }

  private lookAt(look: Look, target?: File): void {
    banner(undefined)
    this.isPlaying = false
    this.send({ type: 'look', look, target })
  }

  /** Shows samples of the classes that are chosen; a walk begins anew with them. */
  private choose(): void {
    const { isPlaying, look } = this
    this.send({ type: 'choose', chosen: classesChosen() })
    if (look === 'walk') this.send({ type: 'look', look })
    if (isPlaying) this.send({ type: 'play' })
  }

  private kernels(type: 'tune' | 'forget'): void {
    this.isPlaying = false
    this.send({ type })
  }

  private reset(source?: Source): void {
    if (!this.wanted || !this.choices) return
    banner(undefined)
    this.isPlaying = false
    const { seed, model, data } = this.wanted
    if (source && data !== IMAGES)
      // of which it is not known yet whether they can be stacked
      this.wanted = { ...this.wanted, ...ownSettings(this.choices, model, IMAGES), seed }
    const needed = areImages(this.wanted.data) && !this.hasImages ? DIGITS : undefined
    this.hasImages ||= areImages(this.wanted.data)
    this.send({ type: 'reset', settings: this.wanted, source: source ?? needed })
  }

  private save(): void {
    this.send({ type: 'save' })
    if (this.isPlaying) this.send({ type: 'play' })
  }

  private async open(opened: File): Promise<void> {
    const { name } = opened
    const file = await opened.arrayBuffer().catch(() => undefined)
    if (!file) return banner(`${name} cannot be read: it is too large, or no longer there.`)
    if (!name.endsWith('.safetensors')) return this.reset({ name, file })
    banner(undefined)
    this.isPlaying = false
    this.send({ type: 'load', name, file })
  }

  private settingsChanged(): void {
    if (!this.wanted || !this.choices) return
    const before = this.wanted
    this.wanted = fieldSettings(before, this.choices)
    showSettings(this.wanted, this.choices)
    if (this.step === 0 && !this.isPlaying && !sameSettings(this.wanted, before)) this.reset()
    else this.refresh()
  }

  /** The space bar plays and pauses, where it has no other meaning. */
  private key(event: KeyboardEvent): void {
    const target = event.target instanceof Element ? event.target : document.body
    if (event.key !== ' ' || target.closest('input, select, button, summary, a') || buttons.play.disabled)
      return
    event.preventDefault()
    this.play(!this.isPlaying)
  }

  private handle(report: Report): void {
    const handler = this.handlers[report.type] as (report: Report) => void
    handler(report)
  }

  private readonly handlers: Handlers = {
    ready: ({ adapter, isSoftware, choices }) => {
      this.counters.adapter = { name: adapter, isSoftware }
      this.choices = choices
      this.wanted = settingsFrom(location.hash, choices)
      offer(choices)
      showSettings(this.wanted, choices)
      this.reset()
    },
    missing: ({ message }) => showHelp(message),
    loading: ({ received, total }) => {
      const of = total ? ` of ${megabytes(total)}` : ''
      say(`Loading the images: ${megabytes(received)}${of}`)
    },
    images: ({ channels }) => offerStacked(channels),
    run: ({ isNew, step, metrics, settings, data, shown, looks, classes }) => {
      this.step = step
      this.charts.rewind(isNew ? -1 : step, metrics)
      this.stage.rewind(isNew ? -1 : step, shown)
      if (isNew && this.choices) {
        this.settings = this.wanted = settings
        showSettings(settings, this.choices)
        offerLooks(looks)
        offerClasses(classes)
        history.replaceState(null, '', hashOf(settings, this.choices))
        find('#data').textContent = `Data: ${data}.`
      }
      this.refresh()
    },
    progress: ({ step, lines, bytes }) => {
      this.step = step
      this.charts.add(lines)
      if (bytes) this.counters.bytes = bytes
      this.count()
    },
    frame: ({ step, frame }) => this.stage.show(step, frame),
    passing: (passing) => {
      if (passing.look === this.look) this.stage.pass(passing)
    },
    searching: ({ step, steps, error }) => {
      if (this.look === 'invert')
        say(
          `Searching: step ${step} of ${steps}, mean squared error ${error.toFixed(4)}. Any button ends it.`,
        )
    },
    tuning: ({ done, total }) => say(`Timing kernels: ${done} of ${total} products. Any button ends it.`),
    tuned: ({ known, faster }) => {
      find('#tuned').textContent = known
        ? `${known} products timed on this adapter: ${faster} have a kernel that is faster than the usual one.`
        : 'Products run by the kernels that are usual on such an adapter.'
    },
    saved: ({ step, file }) => download(file, `ganvas-step-${step}.safetensors`),
    idle: ({ commands }) => {
      if (commands < this.commands) return
      this.isBusy = this.isPlaying = false
      if (!this.stage.isPassing) this.look = undefined // it failed
      this.refresh()
    },
    notice: ({ message }) => banner(message),
    failed: ({ message }) => {
      this.isPlaying = false
      banner(message)
      if (!this.settings)
        say('No images to learn from: reload the page, or open an IDX file of your own below.')
      this.refresh()
    },
  }

  /** Everything that says where things stand. */
  private refresh(): void {
    const { settings, wanted, isPlaying, look, isBusy, step } = this
    if (!look) this.stage.pass(undefined)
    for (const button of Object.values(buttons)) button.disabled = !settings
    buttons.play.textContent = isPlaying ? 'Pause' : 'Play'
    buttons.show.textContent = look ? (isBusy ? 'Stop' : 'Back') : 'Show'
    buttons.step.disabled ||= isBusy && !look
    buttons.save.disabled ||= step === 0
    const isDue = settings && wanted && !sameSettings(settings, wanted)
    buttons.reset.classList.toggle('due', isDue)
    buttons.reset.textContent = isDue ? 'Reset to apply' : 'Reset'
    document.body.dataset.state = isPlaying ? 'playing' : look ? 'looking' : isBusy ? 'busy' : 'paused'
    if (!settings) return
    if (isPlaying) say('Training. Every step, both networks learn a little.')
    else if (look === 'walk') say('Walking from some random numbers to others. Nothing is learned meanwhile.')
    else if (isBusy) say('One moment…')
    else say(step ? `Paused after step ${grouped(step)}.` : 'Ready. Press Play, or the space bar.')
    this.count()
  }

  private count(): void {
    buttons.save.disabled = !this.settings || this.step === 0
    this.counters.show(this.step, this.settings?.batch ?? 0, this.charts.stepMs)
  }
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`

function say(text: string): void {
  const status = find('#status')
  if (status.textContent !== text) status.textContent = text
}
