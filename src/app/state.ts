/** What an experiment is made of, and its place in the URL: a link is an experiment. Pure. */
import { kebab } from '../models/kebab.ts'
import { type Options, type OptionValue, optionOf, optionText } from '../models/options.ts'
import { readNumber, seeds, wholes } from '../models/ranges.ts'
import { parse } from '../models/training/stabilisers/names.ts'

export interface Settings {
  model: string
  /** IMAGES, STACKED, or the name of a toy distribution. */
  data: string
  seed: number
  batch: number
  /** Every option of the model. */
  options: Readonly<Record<string, OptionValue>>
  /** Regularisers and tricks, as the flags --reg and --trick take them; empty for none. */
  reg: string
  trick: string
}

/** The images in use: the digits, or the user's own. */
export const IMAGES = 'images'
/** The same, three of them in the channels of each sample; they have to be grey. */
export const STACKED = 'stacked'
export const POINTS = 'points'

export const areImages = (data: string): boolean => data === IMAGES || data === STACKED

/** A model to choose. */
export interface ModelChoice {
  name: string
  about: string
  options: Options
  /** The options that its presets change: what one tries first. */
  main: readonly string[]
  /** What is trained in reasonable time, for images and, where it can, for points. */
  own: Partial<Record<typeof IMAGES | typeof POINTS, Pick<Settings, 'batch' | 'options'>>>
}

/** What there is to choose from. */
export interface Choices {
  /** The first is the one to begin with. */
  models: readonly ModelChoice[]
  /** Names of the toy distributions. */
  points: readonly string[]
}

const LIMITS = { seed: seeds, batch: wholes(2, 4096) }

/** The settings that are whole numbers. */
export type Name = keyof typeof LIMITS
export const names = Object.keys(LIMITS) as Name[]
/** Those that are lists of names. */
export type Aid = 'reg' | 'trick'
export const aids: readonly Aid[] = ['reg', 'trick']

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

export const choiceOf = ({ models }: Choices, name: string): ModelChoice | undefined =>
  models.find((model) => model.name === name)

/** A model's own settings for such data, undefined where it cannot learn from them. */
export function ownSettings(choices: Choices, model: string, data: string): Settings | undefined {
  const own = choiceOf(choices, model)?.own[areImages(data) ? IMAGES : POINTS]
  return own && { model, data, seed: 0, reg: '', trick: '', ...own }
}

/** The first model's that can learn from such data. */
export function firstSettings(choices: Choices, data: string): Settings {
  const all = choices.models.map(({ name }) => ownSettings(choices, name, data))
  return all.find((own) => own !== undefined) as Settings
}

/** `#model=wgan&seed=1` over that model's own (the first's if none is named); what is senseless is left out. */
export function settingsFrom(hash: string, choices: Choices): Settings {
  const given = new URLSearchParams(hash.replace(/^#/, ''))
  const named = given.get('data') ?? IMAGES
  const data = named === STACKED || choices.points.includes(named) ? named : IMAGES
  const own = ownSettings(choices, given.get('model') ?? '', data) ?? firstSettings(choices, data)
  const settings = { ...own, options: { ...own.options } }
  for (const name of names) settings[name] = parseSetting(name, given.get(name) ?? '') ?? settings[name]
  for (const [name, option] of Object.entries(choiceOf(choices, own.model)?.options ?? {})) {
    const value = optionOf(option, given.get(kebab(name)) ?? '')
    if (value !== undefined) settings.options[name] = value
  }
  for (const aid of aids) {
    const text = given.get(aid) ?? ''
    if (!wrongAids(aid, text)) settings[aid] = text
  }
  return settings
}

/** The link to an experiment: with the options that are not the model's own. */
export function hashOf(settings: Settings, choices: Choices): string {
  const own = ownSettings(choices, settings.model, settings.data)
  const changed = Object.entries(settings.options).filter(([name, value]) => own?.options[name] !== value)
  return `#${[
    ...(['model', 'data', ...names] as const).map((name) => `${name}=${settings[name]}`),
    ...changed.map(([name, value]) => `${kebab(name)}=${optionText(value)}`),
    ...aids.filter((aid) => settings[aid]).map((aid) => `${aid}=${settings[aid]}`),
  ].join('&')}`
}

export const sameSettings = (a: Settings, b: Settings): boolean =>
  (['model', 'data', ...names, ...aids] as const).every((name) => a[name] === b[name]) &&
  Object.keys(a.options).every((name) => a.options[name] === b.options[name])
