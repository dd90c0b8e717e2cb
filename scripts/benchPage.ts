import type { BenchCommands } from '../bench/page.ts'
import { type Exchange, type Place, withPage } from './headless.ts'
import { type Page, withNodePage } from './nodeHost.ts'

export type BenchPage = Page<BenchCommands, never>

const SCRIPT = '/bench/page.ts'
const EXCHANGE: Exchange<never> = { files: {}, take: () => {}, warn: (text) => console.error(text) }

/** bench/page.ts, in Chrome or under Node. */
export const withBenchPage = <T>(
  { host, adapter }: Place,
  body: (page: BenchPage) => Promise<T>,
): Promise<T> =>
  host === 'node'
    ? withNodePage(EXCHANGE, { script: SCRIPT, adapter }, body)
    : withPage(EXCHANGE, { script: SCRIPT }, body)

/** The same in Chrome beside a peer of `file`, whose packages a browser cannot load as they are. */
export const withPeerPage = <T>(file: string, body: (page: BenchPage) => Promise<T>): Promise<T> =>
  withPage(EXCHANGE, { script: SCRIPT, bundle: [file] }, body)
