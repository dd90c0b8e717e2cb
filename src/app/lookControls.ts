/** The controls of what is shown of a generator as it is. */
import { find } from './dom.ts'
import type { Look } from './latents/looks.ts'

const select = find<HTMLSelectElement>('#look')
const choosers = find('#classes')
const slider = find<HTMLInputElement>('#psi')

interface Handlers {
  chosen(): void
  /** Other classes are to be shown. */
  classes(): void
  truncated(psi: number): void
}

export function onLooks({ chosen, classes, truncated }: Handlers): void {
  select.addEventListener('change', () => {
    sliderOfWalks()
    chosen()
  })
  choosers.addEventListener('change', classes)
  slider.addEventListener('input', () => {
    find('#psi-value').textContent = slider.value
    truncated(slider.valueAsNumber)
  })
}

/** What is chosen. */
export const lookChosen = (): Look => select.value as Look

/** What there is to choose from. */
export function offerLooks(looks: readonly Look[]): void {
  const before = lookChosen()
  const listed: Look[] = looks.filter((look) => look !== 'invert')
  select.replaceChildren(...listed.map((look) => new Option(look[0].toUpperCase() + look.slice(1), look)))
  if (listed.includes(before)) select.value = before
  sliderOfWalks()
  find('#inversion').hidden = !looks.includes('invert')
  find('#truncation').hidden = !looks.includes('truncate')
}

/** The classes that samples may be asked for by, by what they are. */
export function offerClasses(classes: Readonly<Record<string, readonly string[]>>): void {
  choosers.replaceChildren(
    ...Object.entries(classes).map(([name, own]) => {
      const label = document.createElement('label')
      label.className = 'inline'
      const list = document.createElement('select')
      list.name = name
      list.append(new Option('all', ''), ...own.map((each, i) => new Option(each, String(i))))
      label.append(`${name[0].toUpperCase()}${name.slice(1)} `, list)
      return label
    }),
  )
}

/** The place of each class that is chosen, by what it is. */
export const classesChosen = (): Record<string, number> =>
  Object.fromEntries(
    [...choosers.querySelectorAll('select')]
      .filter(({ value }) => value)
      .map(({ name, value }) => [name, Number(value)]),
  )

function sliderOfWalks(): void {
  slider.disabled = lookChosen() !== 'walk'
}
