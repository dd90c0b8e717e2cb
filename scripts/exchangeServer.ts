// The server behind a command's page in Chrome: the page itself, our modules, and the files that the two exchange.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createServer, type Plugin } from 'vite'
import { root } from './environment.ts'
import { type Files, giveFile, takeFile } from './exchange.ts'
import { ownPageOnly, privateServer } from './ownPage.ts'

export interface Served {
  /** The page's address. */
  url: string
  close(): Promise<void>
}

/** Serves a page that runs `script`; `bundle` are files whose packages Vite must bundle before a browser can load them. */
export async function serveExchange(files: Files, script: string, bundle?: string[]): Promise<Served> {
  // Nobody on this machine but our page may exchange files through the server: its address is a secret.
  const path = `/${randomUUID()}/`
  const server = await createServer({
    root,
    configFile: false, // vitest's settings are of no use here, and slow to load
    logLevel: 'error',
    appType: 'custom', // the page is ours: Vite would add a client to it that waits for edits
    publicDir: false,
    // A source file that is edited meanwhile must not reload the page.
    // As a middleware it also leaves SIGTERM to us.
    server: {
      ...privateServer(['src', 'bench', script.slice(1)]),
      middlewareMode: true,
      hmr: false,
      ws: false,
      watch: null,
    },
    // Nothing is bundled ahead, so servers that run at the same time share no cache.
    optimizeDeps: bundle ? { entries: bundle } : { noDiscovery: true },
    plugins: [ownPageOnly(), exchangeFiles(path, files, pageOf(script))],
  })
  const http = createHttpServer(server.middlewares).listen(0, '127.0.0.1')
  await once(http, 'listening')
  const { port } = http.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}${path}`,
    async close() {
      http.close()
      await server.close()
    },
  }
}

const pageOf = (script: string): string => `<!doctype html>
<meta charset="utf-8">
<title>Ganvas</title>
<link rel="icon" href="data:,">
<script type="module" src="${script}"></script>`

/** With the headers that ownPageOnly() adds they isolate the page: its clock is one of 5 µs, others' of 100 µs. */
const PAGE_HEADERS = [
  ['content-type', 'text/html'],
  ['cross-origin-embedder-policy', 'require-corp'],
]

/** Serves the page and the files of the exchange below `path`, and takes those that are posted there. */
function exchangeFiles(path: string, files: Files, page: string): Plugin {
  const answer = (response: ServerResponse, status: number, body: string | Uint8Array = '') => {
    response.statusCode = status
    if (body === page) for (const [name, value] of PAGE_HEADERS) response.setHeader(name, value)
    response.end(body)
  }
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const name = request.url?.slice(1) ?? '' // connect takes `path` off
    if (request.method === 'GET') {
      if (!name) return answer(response, 200, page)
      const file = giveFile(files, name)
      return file ? answer(response, 200, file) : answer(response, 404, 'no such file')
    }
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    takeFile(files, name, Buffer.concat(chunks))
    answer(response, 204)
  }
  return {
    name: 'ganvas-exchange',
    configureServer({ middlewares }) {
      middlewares.use(path, (request, response) => {
        handle(request, response).catch((error: Error) => answer(response, 500, error.message))
      })
    },
  }
}
