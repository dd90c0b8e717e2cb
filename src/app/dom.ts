/** Elements of index.html, and numbers as people read them. */

/** The element that `selector` names; index.html has it. */
export function find<E extends Element = HTMLElement>(selector: string): E {
  const element = document.querySelector<E>(selector)
  if (!element) throw new Error(`index.html has no ${selector}`)
  return element
}

export function context2d(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const ctx = canvas.getContext('2d')
  if (!ctx) throw new Error('this browser gave no 2D canvas')
  return ctx
}

export const grouped = (n: number): string => n.toLocaleString('en')

/** 1,234 as 1.2k where room is short. */
export const short = (n: number): string =>
  n.toLocaleString('en', { notation: n < 100_000 ? 'standard' : 'compact', maximumFractionDigits: 1 })

export const mebibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MB`
