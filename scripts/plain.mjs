// Text for a terminal, whatever file it came from.
import { stripVTControlCharacters } from 'node:util'

/** `text` without what would move the cursor, colour what follows, or rename the window: only tabs and ends of lines stay. */
export const plain = (text) => stripVTControlCharacters(text).replace(/(?![\t\n])\p{Cc}/gu, '')

/** Lets the console write plain text only. */
export function makeConsolePlain() {
  for (const name of ['log', 'info', 'warn', 'error']) {
    const write = console[name].bind(console)
    console[name] = (...values) =>
      write(...values.map((value) => (typeof value === 'string' ? plain(value) : value)))
  }
}
