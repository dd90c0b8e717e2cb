import type { BenchCommands } from '../bench/page.ts'
import { oneFile, type Place, withPage } from './headless.ts'
import type { Exchange, Page } from './host.ts'
import { withNodePage } from './nodeHost.ts'

export type BenchPage = Page<BenchCommands>

const SCRIPT = '/bench/page.ts'

/** bench/page.ts, in Chrome or under Node. */
export const withBenchPage = <T>(
  { host, adapter }: Place,
  body: (page: BenchPage) => Promise<T>,
  files: Exchange<never>['files'] = {},
): Promise<T> =>
  host === 'node'
    ? withNodePage(oneFile(files), { script: SCRIPT, adapter }, body)
    : withPage(oneFile(files), { script: SCRIPT }, body)

/** The same in Chrome beside a peer of `file`, whose packages a browser cannot load as they are. */
export const withPeerPage = <T>(file: string, body: (page: BenchPage) => Promise<T>): Promise<T> =>
  withPage(oneFile(), { script: SCRIPT, bundle: [file] }, body)
