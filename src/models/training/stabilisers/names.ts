/** The regularisers and tricks by name: what each is, its value, what it goes with; and how flags and links say them. Pure. */
import { DataError } from '../../../engine/errors.ts'
import { kebab } from '../../kebab.ts'
import { between, count, positive, type Range, readNumber, upTo, wholes } from '../../ranges.ts'

export interface Entry {
  /** The flag that asks for it. */
  flag: 'reg' | 'trick'
  /** With its source. */
  about: string
  /** Its value where only the name is given. */
  value: number
  range: Range
  /** Means nothing without this one. */
  of?: string
  /** Cannot be together with these. */
  without?: readonly string[]
  /** It changes images; points are not. */
  imagesOnly?: boolean
  /** It changes the targets of D, which not every loss has. */
  targets?: boolean
}

const there: Range = { ...wholes(1, 1), words: '1, or left out' }

/** Formulas: docs/stabilisers.md. */
export const stabilisers = {
  gp: {
    flag: 'reg',
    about: 'λ of the gradient penalty between real and generated samples (arXiv:1704.00028)',
    value: 10,
    range: positive,
  },
  r1: {
    flag: 'reg',
    about: "γ of R1, the penalty on D's gradient at real samples (arXiv:1801.04406)",
    value: 10,
    range: positive,
  },
  dragan: {
    flag: 'reg',
    about: 'λ of the gradient penalty around real samples (arXiv:1705.07215)',
    value: 10,
    range: positive,
  },
  'dragan-std': {
    flag: 'reg',
    about: "how far around them: the noise's share of the data's standard deviation",
    value: 0.5,
    range: positive,
    of: 'dragan',
  },
  clip: {
    flag: 'reg',
    about: "D's weights are clipped to [-c, c] (arXiv:1701.07875)",
    value: 0.01,
    range: positive,
    without: ['spectral', 'weightnorm'],
  },
  spectral: {
    flag: 'reg',
    about: "D's weights over their largest singular values, w = W / σ(W) (arXiv:1802.05957)",
    value: 1,
    range: there,
    without: ['clip', 'weightnorm'],
  },
  weightnorm: {
    flag: 'reg',
    about: "D's weights as length times direction, w = g v / ‖v‖ (arXiv:1602.07868)",
    value: 1,
    range: there,
    without: ['clip', 'spectral'],
  },
  ortho: {
    flag: 'reg',
    about: "β of β ‖WᵀW - I‖² over G's weights (arXiv:1809.11096)",
    value: 1e-4,
    range: positive,
    without: ['ortho-offdiag'],
  },
  'ortho-offdiag': {
    flag: 'reg',
    about: 'β of the same without the diagonal: β ‖WᵀW ⊙ (1 - I)‖²',
    value: 1e-4,
    range: positive,
    without: ['ortho'],
  },
  smooth: {
    flag: 'trick',
    about: "D's target for real samples, instead of 1 (arXiv:1606.03498)",
    value: 0.9,
    range: between(0.5, 1),
    without: ['soft'],
    targets: true,
  },
  soft: {
    flag: 'trick',
    about: 'targets drawn for each sample, within w of 1 and of 0 (Chintala et al. 2016)',
    value: 0.3,
    range: upTo(0.5),
    without: ['smooth'],
    targets: true,
  },
  flip: {
    flag: 'trick',
    about: 'the probability, for each sample, of the other label (Chintala et al. 2016)',
    value: 0.05,
    range: between(0, 0.5),
    targets: true,
  },
  noise: {
    flag: 'trick',
    about: 'σ of the noise on what D sees, which falls evenly to 0 (arXiv:1610.04490)',
    value: 0.1,
    range: positive,
  },
  'noise-steps': {
    flag: 'trick',
    about: "steps in which it falls; the run's if left out",
    value: 3000,
    range: count,
    of: 'noise',
  },
  minibatch: {
    flag: 'trick',
    about: 'features of minibatch discrimination in D (arXiv:1606.03498)',
    value: 16,
    range: count,
  },
  stddev: {
    flag: 'trick',
    about: 'samples of a group whose standard deviation D sees (arXiv:1710.10196)',
    value: 4,
    range: wholes(2),
  },
  replay: {
    flag: 'trick',
    about: "past samples of G's, of which half of D's generated batch is drawn (arXiv:1612.07828)",
    value: 512,
    range: count,
  },
  dropout: {
    flag: 'trick',
    about: 'p of dropout in G, in training and in sampling (arXiv:1611.07004)',
    value: 0.5,
    range: between(0, 1),
  },
  unroll: {
    flag: 'trick',
    about: "steps of D that G's step looks ahead (arXiv:1611.02163)",
    value: 5,
    range: count,
  },
  pack: {
    flag: 'trick',
    about: 'samples that D judges together (arXiv:1712.04086)',
    value: 2,
    range: wholes(2),
  },
  ttur: {
    flag: 'trick',
    about: "D's learning rate over G's (arXiv:1706.08500)",
    value: 4,
    range: positive,
  },
  color: {
    flag: 'trick',
    about: 'strength of random brightness, saturation and contrast (arXiv:2006.10738)',
    value: 1,
    range: upTo(2),
    imagesOnly: true,
  },
  translation: {
    flag: 'trick',
    about: 'how far images are moved, as a share of their size (arXiv:2006.10738)',
    value: 0.125,
    range: upTo(0.5),
    imagesOnly: true,
  },
  cutout: {
    flag: 'trick',
    about: 'side of the square that is cut out of images, as a share of their size (arXiv:2006.10738)',
    value: 0.5,
    range: between(0, 1),
    imagesOnly: true,
  },
} as const satisfies Record<string, Entry>

export type Name = keyof typeof stabilisers
/** Values by name; what is not there is not used. */
export type Settings = Readonly<Partial<Record<Name, number>>>

/** What fits every discriminator: it changes its input, or its rate. */
export const ANY: readonly Name[] = [
  ...(['noise', 'noise-steps', 'replay', 'pack', 'ttur'] as const),
  ...(['color', 'translation', 'cutout'] as const),
]
/** What fits where D says how probable it is that a sample is real. */
export const TARGETS: readonly Name[] = ['smooth', 'soft', 'flip']
/** What fits networks of plain dense and conv layers, whose D ends in a dense one. */
export const LAYERS: readonly Name[] = ['ortho', 'ortho-offdiag', 'minibatch', 'stddev', 'dropout']
/** What fits models that have no penalty of their own. */
export const PENALTIES: readonly Name[] = ['gp', 'r1', 'dragan', 'dragan-std']
/** D's weights as functions of what is trained. */
export const RESHAPED: readonly Name[] = ['spectral', 'weightnorm']
/** What fits models whose paper leaves D's weights as they are. */
export const FREE: readonly Name[] = [...PENALTIES, ...RESHAPED, 'clip', 'unroll']

const entries: Readonly<Record<string, Entry>> = stabilisers
export const names = Object.keys(stabilisers) as Name[]
export const namesOf = (flag: Entry['flag']): Name[] => names.filter((name) => entries[name].flag === flag)

/** Names that stand for several. */
export const SETS: Readonly<Record<string, readonly Name[]>> = {
  diffaugment: ['color', 'translation', 'cutout'],
}

/** `NAME[=VALUE][,NAME…]` of one flag. Throws DataError naming what is unknown, and what there is. */
export function parse(flag: Entry['flag'], text: string): Settings {
  const settings: Record<string, number> = {}
  for (const item of text.split(',')) {
    const [name, value, ...more] = item.split('=').map((part) => part.trim())
    const own = flag === 'trick' && Object.hasOwn(SETS, name) ? SETS[name] : [name]
    if (own.some((each) => !Object.hasOwn(entries, each) || entries[each].flag !== flag)) {
      const other = Object.hasOwn(entries, name) && `; ${name} is a --${entries[name].flag}`
      const known = [...namesOf(flag), ...(flag === 'trick' ? Object.keys(SETS) : [])]
      throw new DataError(`--${flag}: no '${name}'${other || ''}; there are ${known.join(', ')}`)
    }
    if (more.length || value === '' || (value !== undefined && own.length > 1))
      throw new DataError(`--${flag}: expected NAME or NAME=VALUE, got '${item}'`)
    for (const each of own) {
      if (each in settings) throw new DataError(`--${flag}: ${each} is given twice`)
      settings[each] = readValue(each, value)
    }
  }
  return settings
}

function readValue(name: string, text: string | undefined): number {
  const { flag, value, range, about } = entries[name]
  if (text === undefined) return value
  const number = readNumber(range, text)
  if (number !== undefined) return number
  throw new DataError(`--${flag} ${name}: expected ${range.words} (${about}), got '${text}'`)
}

/** As `parse` reads it; empty when there is nothing of this flag. */
export const textOf = (flag: Entry['flag'], settings: Settings): string =>
  namesOf(flag)
    .filter((name) => settings[name] !== undefined)
    .map((name) => (settings[name] === stabilisers[name].value ? name : `${name}=${settings[name]}`))
    .join(',')

export interface Place {
  model: string
  /** What the model takes. */
  fits: readonly Name[]
  /** Models that take `name`. */
  where(name: Name): readonly string[]
  isImages: boolean
  batch: number
  loss: string
  /** Losses that have targets. */
  targetLosses: readonly string[]
}

/** Throws DataError when `settings` do not fit each other, the model, its data or its loss. */
export function check(settings: Settings, place: Place): void {
  const { model, fits, where, isImages, batch, loss, targetLosses } = place
  const fail = (message: string): never => {
    throw new DataError(message)
  }
  const asked = Object.keys(settings) as Name[]
  for (const name of asked) {
    if (!Object.hasOwn(entries, name)) fail(`no stabiliser '${name}'; there are ${names.join(', ')}`)
    const entry = entries[name]
    const flag = `--${entry.flag} ${name}`
    const value = settings[name] as number
    if (!fits.includes(name)) {
      const own = fits.filter((each) => entries[each].flag === entry.flag)
      fail(
        `${model} does not take ${flag}: it takes ${own.length ? own.join(', ') : `no --${entry.flag}`}; ${name} fits ${where(name).join(', ') || 'none'}`,
      )
    }
    if (!entry.range.has(value)) fail(`${flag}: expected ${entry.range.words}, got ${value}`)
    if (entry.of && settings[entry.of as Name] === undefined)
      fail(`${flag} means nothing without ${entry.of}`)
    const other = entry.without?.find((each) => settings[each as Name] !== undefined)
    if (other) fail(`${flag} and ${other} exclude each other: choose one`)
    if (entry.imagesOnly && !isImages) fail(`${flag} changes images, and these data are points`)
    if (entry.targets && !targetLosses.includes(loss))
      fail(
        `${flag} changes the targets of D, which the loss ${kebab(loss)} has not; ${targetLosses.map(kebab).join(', ')} have`,
      )
  }
  const { pack = 1, stddev = 1 } = settings
  if (batch % pack) fail(`--trick pack=${pack}: the batch of ${batch} does not divide into packs of ${pack}`)
  if ((batch / pack) % stddev)
    fail(
      `--trick stddev=${stddev}: ${batch / pack} ${pack > 1 ? 'packs' : 'samples'} do not divide into groups of ${stddev}`,
    )
}
