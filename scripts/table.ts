// Tables on the terminal.

export interface Row {
  name: string
  cells: readonly string[]
}

const LEAST = 9

/** Names to the left, cells to the right below their heads. */
export function table(heads: readonly string[], rows: readonly Row[]): string[] {
  const all = [{ name: '', cells: heads }, ...rows]
  const width = Math.max(...all.map(({ name }) => name.length))
  const widths = heads.map((_, i) => Math.max(LEAST, ...all.map(({ cells }) => (cells[i] ?? '').length)))
  return all.map(({ name, cells }) =>
    [name.padEnd(width), ...cells.map((cell, i) => cell.padStart(widths[i]))].join('  ').trimEnd(),
  )
}
