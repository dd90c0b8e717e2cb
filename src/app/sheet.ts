/** Labelled sheets of images. */
import { context, FONT_FAMILY, lightTheme as theme } from './draw.ts'
import { type ImageSize, tile } from './picture.ts'

const SCALE = 3
const GAP = 6
/** Pixels of the words at least, and the share of the width: a wide sheet is mostly seen in small. */
const FONT = { least: 14, share: 1 / 48 }
/** Room for the words on the left, in sizes of their font. */
const LEFT = { least: 150, sizes: 7 }

/** One image [size, size, channels], or a space. */
export type Cell = Float32Array | undefined

export interface Sheet {
  /** What stands over each column; over several where the ones that follow are empty. */
  columns: readonly string[]
  rows: readonly { label: string; cells: readonly Cell[] }[]
}

export function drawSheet({ columns, rows }: Sheet, image: ImageSize): OffscreenCanvas {
  const step = image.size * SCALE + GAP
  const across = Math.max(...rows.map(({ cells }) => cells.length))
  const font = Math.max(FONT.least, Math.round(across * step * FONT.share))
  const [left, top] = [Math.max(LEFT.least, LEFT.sizes * font), 12 + font]
  const canvas = new OffscreenCanvas(left + across * step, top + rows.length * step)
  const ctx = context(canvas)
  ctx.fillStyle = theme.background
  ctx.fillRect(0, 0, canvas.width, canvas.height)
  ctx.imageSmoothingEnabled = false
  ctx.font = `${font}px ${FONT_FAMILY}`
  ctx.fillStyle = theme.text
  ctx.textBaseline = 'middle'
  columns.forEach((name, i) => {
    if (!name) return
    const isWide = ctx.measureText(name).width > step
    ctx.textAlign = isWide ? 'left' : 'center'
    ctx.fillText(name, left + (isWide ? i * step : (i + 0.5) * step - GAP / 2), top / 2)
  })
  ctx.textAlign = 'right'
  rows.forEach(({ label, cells }, row) => {
    const y = top + row * step
    ctx.fillText(label, left - 12, y + step / 2)
    cells.forEach((cell, column) => {
      if (!cell) return
      const side = image.size * SCALE
      ctx.drawImage(tile(cell, image, 1), left + column * step, y, side, side)
    })
  })
  return canvas
}
