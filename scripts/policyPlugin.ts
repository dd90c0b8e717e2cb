// The built page's Content-Security-Policy: it runs its own scripts, speaks to its own server, and makes no script of text.
import type { Plugin } from 'vite'

const DIRECTIVES = {
  'default-src': "'none'",
  'script-src': "'self'",
  'worker-src': "'self'",
  'style-src': "'self'",
  'img-src': "'self' data: blob:",
  'connect-src': "'self'",
  'base-uri': "'none'",
  'form-action': "'none'",
  'require-trusted-types-for': "'script'",
  'trusted-types': 'ganvas', // see src/app/trusted.ts
}

/** As a header says it. A worker obeys the header of its own script, not its page's <meta>: servers may send both. */
export const POLICY = Object.entries(DIRECTIVES)
  .map(([name, value]) => `${name} ${value}`)
  .join('; ')

/** Puts the policy into the built index.html, before everything that it is about. Vite's own client would break it. */
export const policyPlugin = (): Plugin => ({
  name: 'content-security-policy',
  apply: 'build',
  transformIndexHtml: () => [
    {
      tag: 'meta',
      attrs: { 'http-equiv': 'Content-Security-Policy', content: POLICY },
      injectTo: 'head-prepend',
    },
  ],
})
