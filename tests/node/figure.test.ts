import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { main as figure } from '../../scripts/figure.ts'
import { figures } from '../../src/app/figures/index.ts'

vi.setConfig({ testTimeout: 120_000 })
const folder = mkdtempSync(join(tmpdir(), 'ganvas-figure-'))
afterAll(() => rmSync(folder, { recursive: true }))

test.each([
  ['gaem', "unknown figure 'gaem'; there are game, saturation"],
  ['toString', "unknown figure 'toString'; there are game, saturation"],
  ['', 'which figure? npm run figure -- NAME; there are game, saturation'],
  ['game saturation', "unexpected argument 'saturation'; --help shows what is"],
  ['game --out game.jpg', "--out: expected a .png file, got 'game.jpg'"],
])("'%s' is refused, saying what there is", async (line, message) => {
  await expect(figure(line.split(' ').filter(Boolean))).rejects.toThrow(new Error(message))
})

test('draws a PNG of the size that the figure has, at twice the resolution', async () => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => {})
  const out = join(folder, 'sub', 'game.png')
  expect(await figure(['game', '--out', out])).toBe(0)
  expect(log.mock.lastCall).toEqual([`game: ${out}`])
  log.mockRestore()
  expect(existsSync(out)).toBe(true)
  const png = readFileSync(out)
  expect(png.toString('latin1', 1, 4)).toBe('PNG')
  const { width, height } = figures.game.size
  expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([2 * width, 2 * height])
})
