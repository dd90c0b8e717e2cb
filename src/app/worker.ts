/** Trains, away from the page's thread: obeys commands one after the other, and reports what comes of them. */
import { adapterName, CheckpointError, gpu, init, tuned } from '../engine/index.ts'
import { type DataSet, imagesOf, pointSet, stack } from '../models/data/dataSet.ts'
import { type Fields, fieldWords, isImage, isPoints } from '../models/data/fields.ts'
import { isToyName } from '../models/data/toys.ts'
import { readCheckpoint, withoutChecksum } from '../models/training/checkpoint.ts'
import { tuneSteps } from '../models/training/tuneSteps.ts'
import { choicesFor, configFrom } from './config.ts'
import { loadImages } from './dataset.ts'
import type { Command, Report } from './protocol.ts'
import { Run } from './run.ts'
import { STACKED } from './state.ts'
import { forget, recall, remember } from './tuned.ts'

/** A CPU spends too much of its time on drawing if it draws more often. */
const FRAME_MS = { software: 1800, hardware: 300 }

let images: DataSet | undefined
let run: Run | undefined
let frameMs = FRAME_MS.hardware
let psi = 1

/** Commands received and not yet begun: any of them ends a `play` or a `look`. */
let waiting = 0
let received = 0
let turn: Promise<void> = start()

self.onmessage = ({ data: command }: MessageEvent<Command>) => {
  if (command.type === 'psi') {
    psi = command.psi
    return
  }
  waiting++
  received++
  turn = turn
    .then(() => {
      waiting--
      return obey(command)
    })
    .catch((error) => post({ type: 'failed', message: textOf(error) }))
    .then(() => {
      if (!waiting) post({ type: 'idle', commands: received })
    })
}

const post = (report: Report, transfer: Transferable[] = []): void => self.postMessage(report, { transfer })

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

async function start(): Promise<void> {
  try {
    await init()
  } catch (error) {
    post({ type: 'missing', message: textOf(error) })
    return new Promise(() => {}) // nothing that follows can be done
  }
  await recall()
  const { isSoftware } = gpu()
  frameMs = isSoftware ? FRAME_MS.software : FRAME_MS.hardware
  post({ type: 'ready', adapter: adapterName(gpu()), isSoftware, choices: choicesFor(isSoftware) })
  tellTuned()
}

function tellTuned(): void {
  const found = Object.values(tuned().found)
  post({ type: 'tuned', known: found.length, faster: found.filter(({ ratio }) => ratio < 1).length })
}

/** As long as a visitor may wait; what is left then, comes next time. */
const TUNE_SECONDS = 60

async function tune({ data, config }: Run): Promise<void> {
  await tuneSteps(data, config, {
    seconds: TUNE_SECONDS,
    onProgress: ({ done, total }) => post({ type: 'tuning', done, total }),
    isInterrupted: () => waiting > 0,
  })
  tellTuned()
  await remember().catch(() =>
    post({ type: 'notice', message: 'What was found is used, but this browser does not let it be kept.' }),
  )
}

async function obey(command: Command): Promise<void> {
  if (command.type === 'reset') {
    if (command.source) {
      images = await loadImages(command.source, (received, total) =>
        post({ type: 'loading', received, total }),
      )
      post({ type: 'images', channels: imagesOf(images).field.channels })
    }
    const data = dataNamed(command.settings.data)
    if (!data) return // its file was refused
    run = new Run(data, configFrom(command.settings, data), post, frameMs)
    await run.show()
  } else if (command.type === 'load') {
    run = resumed(command.name, new Uint8Array(command.file))
    await run.show()
  } else if (command.type === 'play') {
    await run?.play(() => waiting > 0)
  } else if (command.type === 'step') {
    await run?.single()
  } else if (command.type === 'look') {
    const onStep = (step: number, steps: number, error: number): void =>
      post({ type: 'searching', step, steps, error })
    const view = { onStep, psi: () => psi, isInterrupted: () => waiting > 0 }
    await run?.look(command.look, view, command.target)
  } else if (command.type === 'choose') {
    if (!run) return
    run.chosen = command.chosen
    await run.show()
  } else if (command.type === 'save') {
    if (run?.saved) post({ type: 'saved', ...run.saved })
  } else if (command.type === 'tune') {
    if (run) await tune(run)
  } else if (command.type === 'forget') {
    await forget().finally(tellTuned)
  }
}

/** What settings call so; undefined where it takes images and there are none. Throws DataError for colours to be stacked. */
function dataNamed(name: string): DataSet | undefined {
  if (isToyName(name)) return pointSet(name)
  return images && name === STACKED ? stack(images) : images
}

/** The run of a checkpoint. Throws CheckpointError when it is none, or one of other images. */
function resumed(name: string, file: Uint8Array<ArrayBuffer>): Run {
  const { step, config, hasChecksum } = readCheckpoint(file, name)
  if (!hasChecksum) post({ type: 'notice', message: withoutChecksum(name) })
  const saved = step ? { step, file } : undefined
  return new Run(dataOf(config.fields, name), config, post, frameMs, saved)
}

function dataOf(fields: Fields, name: string): DataSet {
  const [first] = Object.values(fields)
  if (isPoints(first)) return pointSet(first.toy)
  if (!images) throw new CheckpointError(`${name}: open a data set to go on with first`)
  const { field } = imagesOf(images)
  if (!isImage(first)) return images
  if (first.stacked && field.size === first.size) return stack(images)
  if (first.size === field.size && first.channels === field.channels) return images
  throw new CheckpointError(
    `${name} was trained on ${fieldWords(first)}, but ${images.name} has ${fieldWords(field)}: open its own data set first`,
  )
}
