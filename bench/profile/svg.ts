/** Pieces of pictures: elements as text, logarithmic axes. Pure. */

const ESCAPES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
export const escapeText = (text: string): string => text.replace(/[&<>"]/g, (c) => ESCAPES[c])

type Attributes = Record<string, string | number | undefined>

/** `inside` is markup. */
export function element(name: string, attributes: Attributes, inside = ''): string {
  const given = Object.entries(attributes).flatMap(([key, value]) => {
    if (value === undefined) return []
    const text = typeof value === 'number' ? String(Math.round(100 * value) / 100) : value
    return [` ${key}="${escapeText(text)}"`]
  })
  return `<${name}${given.join('')}>${inside}</${name}>`
}

export const label = (x: number, y: number, text: string, attributes: Attributes = {}): string =>
  element('text', { x, y, ...attributes }, escapeText(text))

export interface LogAxis {
  min: number
  max: number
  /** Where a value is; what lies beyond an end is at it. */
  at(value: number): number
}

export function logAxis([min, max]: [number, number], [from, to]: [number, number]): LogAxis {
  const at = (value: number): number => {
    const kept = Math.min(max, Math.max(min, value))
    return from + ((to - from) * Math.log(kept / min)) / Math.log(max / min)
  }
  return { min, max, at }
}

/** The powers of 10 on an axis. */
export function decades({ min, max }: LogAxis): number[] {
  const ticks: number[] = []
  for (let e = Math.ceil(Math.log10(min)); 10 ** e <= max; e++) ticks.push(10 ** e)
  return ticks
}
