/** What an experiment is made of, and its place in the URL: a link is an experiment. Pure. */

export interface Settings {
  model: string
  seed: number
  /** Channels of the layer next to the image. */
  width: number
  batch: number
  /** Learning rate. */
  lr: number
}

interface Limits {
  min: number
  max: number
  whole: boolean
}

/** The settings that are numbers. */
export type Name = Exclude<keyof Settings, 'model'>

const LIMITS: Record<Name, Limits> = {
  seed: { min: 0, max: 2 ** 32 - 1, whole: true },
  width: { min: 1, max: 512, whole: true },
  batch: { min: 2, max: 4096, whole: true },
  lr: { min: 1e-6, max: 1, whole: false },
}

export const names = Object.keys(LIMITS) as Name[]

/** The number that `text` says for a setting, or undefined when it says none in its limits. */
export function parseSetting(name: Name, text: string): number | undefined {
  const { min, max, whole } = LIMITS[name]
  const value = text.trim() === '' ? Number.NaN : Number(text)
  return value >= min && value <= max && (!whole || Number.isInteger(value)) ? value : undefined
}

/** `#model=wgan&seed=1` over that model's defaults (the first's if none is named); what is senseless is left out. */
export function settingsFrom(hash: string, defaults: readonly Settings[]): Settings {
  const given = new URLSearchParams(hash.replace(/^#/, ''))
  const settings = { ...(defaults.find(({ model }) => model === given.get('model')) ?? defaults[0]) }
  for (const name of names) settings[name] = parseSetting(name, given.get(name) ?? '') ?? settings[name]
  return settings
}

export const hashOf = (settings: Settings): string =>
  `#model=${settings.model}&${names.map((name) => `${name}=${settings[name]}`).join('&')}`

export const sameSettings = (a: Settings, b: Settings): boolean =>
  a.model === b.model && names.every((name) => a[name] === b[name])
