// The host of a page under Node, with a made-up page: what goes wrong between the two is told to whoever waits.
import { afterAll, expect, test, vi } from 'vitest'
import { withNodePage } from '../../scripts/nodeHost.ts'
import { answer, get, send } from '../../src/app/commands.ts'

vi.mock('../../scripts/dawn.ts', () => ({ openDawn: () => ({}), dawnVersion: () => '1' }))
vi.mock('../../scripts/nodeCanvas.ts', () => ({ canvasGlobals: () => ({}) }))
vi.mock('../../scripts/runner.mjs', () => ({ root: '/', load: async () => answer(commands, () => {}) }))

const { fetch } = globalThis
afterAll(() => Object.assign(globalThis, { fetch }))

const commands = {
  async train(lines: number): Promise<string> {
    let reported = Promise.resolve()
    for (let line = 0; line < lines; line++)
      reported = reported.then(() => window.ganvasReport({ kind: 'log', line }))
    await new Promise((resolve) => setTimeout(resolve, 100))
    return 'trained'
  },
  give: (name: string) => send(name, new Uint8Array(3)),
  take: async (name: string) => [...(await get(name))],
}

const taken: string[] = []
const exchange = {
  files: { data: Uint8Array.of(1, 2) },
  take: (name: string) => void taken.push(name),
  report({ line }: { line: number }) {
    if (line === 1) throw new Error('DIR/log.jsonl: no space left')
  },
  warn: () => {},
}
const call = <N extends keyof typeof commands>(name: N, request: Parameters<(typeof commands)[N]>[0]) =>
  withNodePage<typeof commands, { line: number }, unknown>(exchange, { script: 'made-up' }, (page) =>
    page.call(name, request as never),
  )

test('a report that cannot be taken ends the command with its reason', async () => {
  expect(await call('train', 1)).toBe('trained')
  await expect(call('train', 2)).rejects.toThrow('DIR/log.jsonl: no space left')
})

test('files come and go by name, and no name leads out of the folder', async () => {
  expect(await call('take', 'data')).toEqual([1, 2])
  await expect(call('take', 'constructor')).rejects.toThrow('constructor: no such file')
  await call('give', 'samples/step-000001.png')
  for (const bad of ['../../../x', '/etc/x', 'a/../x', '.x'])
    await expect(call('give', bad)).rejects.toThrow(`the page made a file called '${bad}'`)
  expect(taken).toEqual(['samples/step-000001.png'])
})
