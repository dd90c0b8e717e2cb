/** The fields of an experiment: model, seed, width, batch, learning rate. */
import { find } from './dom.ts'
import { type Name, names, parseSetting, type Settings } from './state.ts'

const CHOICES = {
  width: [4, 8, 16, 32, 64, 128],
  batch: [8, 16, 32, 64, 128, 256],
  lr: [5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3],
}

type Field = HTMLInputElement | HTMLSelectElement

const fields = Object.fromEntries(names.map((name) => [name, find<Field>(`[name="${name}"]`)])) as Record<
  Name,
  Field
>
const model = find<HTMLSelectElement>('[name="model"]')

/** Calls back whenever the user changes something; what the fields say is then `fieldSettings()`. */
export function onSettings(changed: () => void): void {
  for (const [name, choices] of Object.entries(CHOICES))
    for (const choice of choices) addChoice(fields[name as Name], choice)
  for (const field of [model, ...Object.values(fields)]) field.addEventListener('change', changed)
}

/** The models to choose from. */
export function offerModels(all: readonly string[]): void {
  model.replaceChildren(...all.map((name) => new Option(name)))
}

export function showSettings(settings: Settings): void {
  model.value = settings.model
  for (const name of names) {
    const field = fields[name]
    addChoice(field, settings[name])
    field.value = String(settings[name])
    field.removeAttribute('aria-invalid')
  }
}

/**
 * What the fields say; one that says nothing sensible is marked, and stays as in `before`. Another model than before
 * brings its own defaults along.
 */
export function fieldSettings(before: Settings, defaults: readonly Settings[]): Settings {
  if (model.value !== before.model) {
    const own = defaults.find((settings) => settings.model === model.value) ?? before
    return { ...own, seed: before.seed }
  }
  const settings = { ...before }
  for (const name of names) {
    const value = parseSetting(name, fields[name].value)
    fields[name].setAttribute('aria-invalid', String(value === undefined))
    settings[name] = value ?? before[name]
  }
  return settings
}

/** A link may bring a number that the list has not. */
function addChoice(field: Field, value: number): void {
  if (!(field instanceof HTMLSelectElement)) return
  const options = [...field.options]
  if (options.some((option) => Number(option.value) === value)) return
  field.add(
    new Option(String(value)),
    options.findIndex((option) => Number(option.value) > value),
  )
}
