/** The fields of an experiment: model, data, seed, width, batch, learning rate, and what stabilises it. */

import { namesOf } from '../models/training/stabilisers/names.ts'
import { find } from './dom.ts'
import { banner } from './files.ts'
import {
  type Aid,
  aids,
  type Choices,
  firstSettings,
  IMAGES,
  type Name,
  names,
  ownSettings,
  parseSetting,
  type Settings,
  STACKED,
  wrongAids,
} from './state.ts'

const CHOICES = {
  width: [4, 8, 16, 32, 64, 128, 256],
  batch: [8, 16, 32, 64, 128, 256, 512],
  lr: [5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3],
}

type Field = HTMLInputElement | HTMLSelectElement

const fields = Object.fromEntries(names.map((name) => [name, find<Field>(`[name="${name}"]`)])) as Record<
  Name,
  Field
>
const lists = Object.fromEntries(
  aids.map((aid) => [aid, find<HTMLInputElement>(`[name="${aid}"]`)]),
) as Record<Aid, HTMLInputElement>
const model = find<HTMLSelectElement>('[name="model"]')
const data = find<HTMLSelectElement>('[name="data"]')

/** Calls back whenever the user changes something; what the fields say is then `fieldSettings()`. */
export function onSettings(changed: () => void): void {
  for (const [name, choices] of Object.entries(CHOICES))
    for (const choice of choices) addChoice(fields[name as Name], choice)
  for (const aid of aids)
    lists[aid].title = `${namesOf(aid).join(', ')}: NAME or NAME=VALUE, separated by commas`
  for (const field of [model, data, ...Object.values(fields), ...Object.values(lists)])
    field.addEventListener('change', changed)
}

/** The models and data to choose from. */
export function offer({ settings, points }: Choices): void {
  const models = new Set(settings.map((own) => own.model))
  model.replaceChildren(...[...models].map((name) => new Option(name)))
  data.append(...points.map((name) => new Option(`points: ${name}`, name)))
}

/** Images of so many channels are in use: only grey ones can be stacked. */
export function offerStacked(channels: number): void {
  const option = [...data.options].find(({ value }) => value === STACKED)
  if (option) option.disabled = channels !== 1
}

export function showSettings(settings: Settings): void {
  model.value = settings.model
  data.value = settings.data
  for (const name of names) {
    const field = fields[name]
    addChoice(field, settings[name])
    field.value = String(settings[name])
    field.removeAttribute('aria-invalid')
  }
  for (const aid of aids) {
    lists[aid].value = settings[aid]
    lists[aid].removeAttribute('aria-invalid')
  }
}

/**
 * What the fields say; one that says nothing sensible is marked, and stays as in `before`. Another model or other data
 * than before bring their own settings along, and each other where they do not go together.
 */
export function fieldSettings(before: Settings, choices: Choices): Settings {
  if (model.value !== before.model) {
    const own = ownSettings(choices, model.value, before.data) ?? ownSettings(choices, model.value, IMAGES)
    return { ...before, ...own, seed: before.seed }
  }
  if (data.value !== before.data) {
    const own = ownSettings(choices, before.model, data.value) ?? firstSettings(choices, data.value)
    return { ...own, seed: before.seed }
  }
  const settings = { ...before }
  for (const name of names) {
    const value = parseSetting(name, fields[name].value)
    fields[name].setAttribute('aria-invalid', String(value === undefined))
    settings[name] = value ?? before[name]
  }
  for (const aid of aids) {
    const text = lists[aid].value.trim()
    const wrong = wrongAids(aid, text)
    lists[aid].setAttribute('aria-invalid', String(wrong !== undefined))
    if (wrong) banner(wrong)
    settings[aid] = wrong ? before[aid] : text
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
