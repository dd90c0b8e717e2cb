/** Labelled sheets of images. */
import type { ImageSize } from '../models/model.ts'
import { context, FONT_FAMILY, lightTheme as theme } from './draw.ts'
import { tile } from './picture.ts'

const SCALE = 3
const GAP = 6
const LABEL = { top: 26, left: 150 }
const FONT = `14px ${FONT_FAMILY}`

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
  const canvas = new OffscreenCanvas(LABEL.left + across * step, LABEL.top + rows.length * step)
  const ctx = context(canvas)
  ctx.fillStyle = theme.background
  ctx.fillRect(0, 0, canvas.width, canvas.height)
  ctx.imageSmoothingEnabled = false
  ctx.font = FONT
  ctx.fillStyle = theme.text
  ctx.textBaseline = 'middle'
  columns.forEach((name, i) => {
    if (!name) return
    const isWide = ctx.measureText(name).width > step
    ctx.textAlign = isWide ? 'left' : 'center'
    ctx.fillText(name, LABEL.left + (isWide ? i * step : (i + 0.5) * step - GAP / 2), LABEL.top / 2)
  })
  ctx.textAlign = 'right'
  rows.forEach(({ label, cells }, row) => {
    const top = LABEL.top + row * step
    ctx.fillText(label, LABEL.left - 12, top + step / 2)
    cells.forEach((cell, column) => {
      if (!cell) return
      const side = image.size * SCALE
      ctx.drawImage(tile(cell, image, 1), LABEL.left + column * step, top, side, side)
    })
  })
  return canvas
}
