/** The fields of an experiment: model, data, seed, batch, the model's options, and what stabilises it. */
import { kebab } from '../models/kebab.ts'
import { expected, type Option as ModelOption, optionOf, optionText } from '../models/options.ts'
import { namesOf } from '../models/training/stabilisers/names.ts'
import { find } from './dom.ts'
import { banner } from './files.ts'
import {
  type Aid,
  aids,
  type Choices,
  choiceOf,
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

const BATCHES = [8, 16, 32, 64, 128, 256, 512]

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
/** The fields of the options of the model that is shown. */
let options: Record<string, Field> = {}
let optionsOf: string | undefined
let onChange = (): void => {}

/** Calls back whenever the user changes something; what the fields say is then `fieldSettings()`. */
export function onSettings(changed: () => void): void {
  onChange = changed
  for (const choice of BATCHES) addChoice(fields.batch, choice)
  for (const aid of aids)
    lists[aid].title = `${namesOf(aid).join(', ')}: NAME or NAME=VALUE, separated by commas`
  for (const field of [model, data, ...Object.values(fields), ...Object.values(lists)])
    field.addEventListener('change', changed)
}

/** The models and data to choose from. */
export function offer({ models, points }: Choices): void {
  model.replaceChildren(...models.map(({ name, about }) => Object.assign(new Option(name), { title: about })))
  data.append(...points.map((name) => new Option(`points: ${name}`, name)))
}

/** Images of so many channels are in use: only grey ones can be stacked. */
export function offerStacked(channels: number): void {
  const option = [...data.options].find(({ value }) => value === STACKED)
  if (option) option.disabled = channels !== 1
}

export function showSettings(settings: Settings, choices: Choices): void {
  model.value = settings.model
  data.value = settings.data
  const choice = choiceOf(choices, settings.model)
  find('#about').textContent = choice?.about ?? ''
  if (choice && optionsOf !== settings.model) {
    optionsOf = settings.model
    options = Object.fromEntries(
      Object.entries(choice.options).map(([name, option]) => [name, optionField(name, option)]),
    )
    const labels = (wanted: boolean): HTMLElement[] =>
      Object.entries(options)
        .filter(([name]) => choice.main.includes(name) === wanted)
        .map(([name, field]) => labelled(name, choice.options[name].about, field))
    find('#options').replaceChildren(...labels(true))
    find('#more-options').replaceChildren(...labels(false))
  }
  for (const [name, field] of Object.entries(options)) {
    const value = settings.options[name]
    if (field instanceof HTMLInputElement && field.type === 'checkbox') field.checked = value === true
    else field.value = optionText(value)
    field.removeAttribute('aria-invalid')
  }
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

/** A checkbox for a switch, a list for words, a line of text for a number. */
function optionField(name: string, option: ModelOption): Field {
  const field = document.createElement(option.kind === 'oneOf' ? 'select' : 'input')
  field.name = kebab(name)
  if (field instanceof HTMLSelectElement)
    field.append(...(option.words ?? []).map((word) => new Option(kebab(word))))
  else if (option.kind === 'toggle') field.type = 'checkbox'
  else field.inputMode = 'decimal'
  field.autocomplete = 'off'
  field.addEventListener('change', () => onChange())
  return field
}

function labelled(name: string, about: string, field: Field): HTMLLabelElement {
  const label = document.createElement('label')
  const help = document.createElement('small')
  help.textContent = about
  label.append(`${kebab(name).replaceAll('-', ' ')} `, field, help)
  return label
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
  const settings = { ...before, options: { ...before.options } }
  for (const name of names) {
    const value = parseSetting(name, fields[name].value)
    fields[name].setAttribute('aria-invalid', String(value === undefined))
    settings[name] = value ?? before[name]
  }
  const known = choiceOf(choices, before.model)?.options ?? {}
  for (const [name, field] of Object.entries(options)) {
    const value = optionOf(known[name], said(field))
    field.setAttribute('aria-invalid', String(value === undefined))
    if (value === undefined) banner(`${kebab(name)}: expected ${expected(known[name])}, got '${field.value}'`)
    settings.options[name] = value ?? before.options[name]
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

const said = (field: Field): string =>
  field instanceof HTMLInputElement && field.type === 'checkbox' ? optionText(field.checked) : field.value

/** A link may bring a number that the list has not. */
function addChoice(field: Field, value: number): void {
  if (!(field instanceof HTMLSelectElement)) return
  const list = [...field.options]
  if (list.some((option) => Number(option.value) === value)) return
  field.add(
    new Option(String(value)),
    list.findIndex((option) => Number(option.value) > value),
  )
}
