/** What an experiment is made of, and its place in the URL: a link is an experiment. Pure. */

export interface Settings {
  seed: number
  /** Channels of the layer next to the image. */
  width: number
  batch: number
  /** Adam's rate. */
  lr: number
}

interface Limits {
  min: number
  max: number
  whole: boolean
}

const LIMITS: Record<keyof Settings, Limits> = {
  seed: { min: 0, max: 2 ** 32 - 1, whole: true },
  width: { min: 1, max: 512, whole: true },
  batch: { min: 2, max: 4096, whole: true },
  lr: { min: 1e-6, max: 1, whole: false },
}

export const names = Object.keys(LIMITS) as (keyof Settings)[]

/** The number that `text` says for a setting, or undefined when it says none in its limits. */
export function parseSetting(name: keyof Settings, text: string): number | undefined {
  const { min, max, whole } = LIMITS[name]
  const value = text.trim() === '' ? Number.NaN : Number(text)
  return value >= min && value <= max && (!whole || Number.isInteger(value)) ? value : undefined
}

/** `#seed=1&width=16` over the defaults; what is missing or senseless there stays as it was. */
export function settingsFrom(hash: string, defaults: Settings): Settings {
  const given = new URLSearchParams(hash.replace(/^#/, ''))
  const settings = { ...defaults }
  for (const name of names) settings[name] = parseSetting(name, given.get(name) ?? '') ?? defaults[name]
  return settings
}

export const hashOf = (settings: Settings): string =>
  `#${names.map((name) => `${name}=${settings[name]}`).join('&')}`

export const sameSettings = (a: Settings, b: Settings): boolean => names.every((name) => a[name] === b[name])
