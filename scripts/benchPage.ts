import type { BenchCommands } from '../bench/page.ts'
import { type Headless, withPage } from './headless.ts'

export type BenchPage = Headless<BenchCommands, never>

/** A page of bench/page.ts; `bundle` names the files of peers, whose packages a browser cannot load as they are. */
export const withBenchPage = <T>(body: (page: BenchPage) => Promise<T>, bundle?: string[]): Promise<T> =>
  withPage<BenchCommands, never, T>(
    { files: {}, take: () => {}, warn: (text) => console.error(text) },
    { script: '/bench/page.ts', bundle },
    body,
  )
