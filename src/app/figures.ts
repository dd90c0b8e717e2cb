/** What `npm run figure` runs in headless Chrome: computes a figure, draws it, and sends it by HTTP. */
import { adapterName, init } from '../engine/index.ts'
import { answer } from './commands.ts'
import { context, lightTheme } from './draw.ts'
import { type FigureName, figures } from './figures/index.ts'
import type { AdapterChoice } from './headless.ts'

/** Pixels for a unit of a figure's size. */
const SCALE = 2

const commands = {
  /** Sends `figure`, a PNG. */
  async draw({ name, adapter }: { name: FigureName; adapter: AdapterChoice }): Promise<{ adapter: string }> {
    const used = adapterName(await init({ adapter }))
    const { size, draw } = figures[name]
    const canvas = new OffscreenCanvas(size.width * SCALE, size.height * SCALE)
    const ctx = context(canvas)
    ctx.scale(SCALE, SCALE)
    ctx.fillStyle = lightTheme.background
    ctx.fillRect(0, 0, size.width, size.height)
    await draw(ctx)
    const png = await canvas.convertToBlob({ type: 'image/png' })
    const response = await fetch('figure', { method: 'POST', body: png })
    if (!response.ok) throw new Error(await response.text())
    return { adapter: used }
  },
}
export type FigureCommands = typeof commands

answer(commands, () => {})
