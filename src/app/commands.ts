/** How a page answers the commands of a Node script (see scripts/headless.ts). */
import { DataError } from '../engine/index.ts'

/** What a page can be asked to do: one request each, awaited. */
// biome-ignore lint/suspicious/noExplicitAny: the requests of different commands have nothing in common
export type CommandTable = Record<string, (request: any) => unknown>

/** Errors cross over to Node as plain objects. */
export type Outcome = { result: unknown } | { error: { name: string; message: string } }

declare global {
  interface Window {
    ganvas?: { call(command: string, request: unknown): Promise<Outcome>; stop(): void }
    ganvasReport(report: unknown): Promise<void>
  }
}

/** Offers `commands` to the script; `stop` is called when it wants the one that runs to end early. */
export function answer(commands: CommandTable, stop: () => void): void {
  window.ganvas = {
    stop,
    async call(command, request) {
      try {
        return { result: await commands[command](request) }
      } catch (error) {
        const { name, message } = error instanceof Error ? error : new Error(String(error))
        return { error: { name, message } }
      }
    },
  }
}

/** A file that the script serves. Throws DataError when it has none of this name. */
export async function get(name: string): Promise<Uint8Array> {
  const response = await fetch(name)
  if (!response.ok) throw new DataError(`${name}: ${await response.text()}`)
  return new Uint8Array(await response.arrayBuffer())
}

/** Gives the script a file. Throws an Error when it cannot take it. */
export async function send(name: string, content: Blob | Uint8Array | Float32Array): Promise<void> {
  const response = await fetch(name, { method: 'POST', body: content as BodyInit })
  if (!response.ok) throw new Error(await response.text())
}
