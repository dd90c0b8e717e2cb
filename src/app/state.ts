/** What an experiment is made of, and its place in the URL: a link is an experiment. Pure. */
import { from, type Range, readNumber, seeds, wholes } from '../models/ranges.ts'
import { parse } from '../models/training/stabilisers/names.ts'

export interface Settings {
  model: string
  /** IMAGES, STACKED, or the name of a toy distribution. */
  data: string
  seed: number
  /** Of images: channels of the layer next to them; of points: units of a hidden layer. */
  width: number
  batch: number
  /** Learning rate. */
  lr: number
  /** Regularisers and tricks, as the flags --reg and --trick take them; empty for none. */
  reg: string
  trick: string
}

/** The images in use: the digits, or the user's own. */
export const IMAGES = 'images'
/** The same, three of them in the channels of each sample; they have to be grey. */
export const STACKED = 'stacked'

export const areImages = (data: string): boolean => data === IMAGES || data === STACKED

/** What there is to choose from: `settings` are each model's own, for IMAGES and, where it can, for POINTS. */
export interface Choices {
  settings: readonly Settings[]
  /** Names of the toy distributions. */
  points: readonly string[]
}
export const POINTS = 'points'

/** The settings that are numbers. */
export type Name = Exclude<keyof Settings, 'model' | 'data' | Aid>
/** Those that are lists of names. */
export type Aid = 'reg' | 'trick'
export const aids: readonly Aid[] = ['reg', 'trick']

/** What is trained in reasonable time, and in any case what such a number may be. */
const LIMITS: Record<Name, Range> = {
  seed: seeds,
  width: wholes(1, 512),
  batch: wholes(2, 4096),
  lr: from(1e-6, 1),
}

export const names = Object.keys(LIMITS) as Name[]

/** The number that `text` says for a setting, or undefined when it says none in its limits. */
export const parseSetting = (name: Name, text: string): number | undefined => readNumber(LIMITS[name], text)

/** What is wrong with `text` as regularisers or tricks; undefined if nothing is. */
export function wrongAids(aid: Aid, text: string): string | undefined {
  try {
    if (text.trim()) parse(aid, text)
  } catch (error) {
    return (error as Error).message
  }
}

/** A model's own settings for such data, undefined where it cannot learn from them. */
export function ownSettings({ settings }: Choices, model: string, data: string): Settings | undefined {
  const kind = areImages(data) ? IMAGES : POINTS
  const own = settings.find((s) => s.model === model && s.data === kind)
  return own && { ...own, data }
}

/** The first model's that can learn from such data. */
export function firstSettings(choices: Choices, data: string): Settings {
  const all = choices.settings.map(({ model }) => ownSettings(choices, model, data))
  return all.find((own) => own !== undefined) as Settings
}

/** `#model=wgan&seed=1` over that model's own (the first's if none is named); what is senseless is left out. */
export function settingsFrom(hash: string, choices: Choices): Settings {
  const given = new URLSearchParams(hash.replace(/^#/, ''))
  const named = given.get('data') ?? IMAGES
  const data = named === STACKED || choices.points.includes(named) ? named : IMAGES
  const own = ownSettings(choices, given.get('model') ?? '', data) ?? firstSettings(choices, data)
  const settings = { ...own }
  for (const name of names) settings[name] = parseSetting(name, given.get(name) ?? '') ?? settings[name]
  for (const aid of aids) {
    const text = given.get(aid) ?? ''
    if (!wrongAids(aid, text)) settings[aid] = text
  }
  return settings
}

export const hashOf = (settings: Settings): string =>
  `#${[
    ...(['model', 'data', ...names] as const).map((name) => `${name}=${settings[name]}`),
    ...aids.filter((aid) => settings[aid]).map((aid) => `${aid}=${settings[aid]}`),
  ].join('&')}`

export const sameSettings = (a: Settings, b: Settings): boolean =>
  (['model', 'data', ...names, ...aids] as const).every((name) => a[name] === b[name])
