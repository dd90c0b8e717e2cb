// What every server of ours has in common: it answers its own page and nobody else's. A server on the loopback address
// is within reach of any page that the same browser has open.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Plugin, ServerOptions } from 'vite'

/** Opens files in an editor at a request: Vite's, for its overlay. */
const EDITOR = '/__open-in-editor'

/** What keeps answers from other pages that get hold of them some other way: as a script, an image, a window. */
const HEADERS = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Content-Type-Options': 'nosniff',
}

/**
 * Settings of a Vite server that hands out nothing but the files below `allow`, paths from the root. No page of another
 * origin may read its answers, and names other than localhost are refused, so that no site can take over its own name's
 * address (DNS rebinding).
 */
export const privateServer = (allow: string[]): ServerOptions => ({
  cors: false,
  allowedHosts: [],
  fs: { strict: true, allow },
})

/**
 * Refuses the requests of other pages, and those that open an editor. Requests without a browser behind them pass: what
 * runs on this machine can read the files itself.
 */
export function ownPageOnly(): Plugin {
  const answer = (request: IncomingMessage, response: ServerResponse, next: () => void): void => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value)
    if (isForeign(request) || request.url?.startsWith(EDITOR)) {
      response.statusCode = 403
      response.end('This server answers its own page only.')
    } else next()
  }
  return {
    name: 'own-page-only',
    enforce: 'pre', // before whatever else answers
    configureServer: ({ middlewares }) => void middlewares.use(answer),
    configurePreviewServer: ({ middlewares }) => void middlewares.use(answer),
  }
}

/** Whether another page asks. A link that somebody follows from there to ours does not count: only they see the answer. */
export function isForeign({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  const { host, origin } = headers
  if (origin !== undefined && origin.replace(/^https?:\/\//, '') !== host) return true
  const site = headers['sec-fetch-site'] ?? 'none'
  const isFollowed = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document'
  return site !== 'same-origin' && site !== 'none' && !isFollowed
}
