/** The controls of what is shown of a generator as it is. */
import { find } from './dom.ts'
import type { Look } from './latents/looks.ts'

const select = find<HTMLSelectElement>('#look')
const slider = find<HTMLInputElement>('#psi')

interface Handlers {
  chosen(): void
  truncated(psi: number): void
}

export function onLooks({ chosen, truncated }: Handlers): void {
  select.addEventListener('change', () => {
    sliderOfWalks()
    chosen()
  })
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

function sliderOfWalks(): void {
  slider.disabled = lookChosen() !== 'walk'
}
