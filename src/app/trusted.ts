/** Scripts as the page's policy wants them (Trusted Types): see scripts/policyPlugin.ts, which names this policy. */

/** TypeScript's DOM does not have Trusted Types yet. Their policies give objects that stand for the strings. */
interface TrustedTypes {
  createPolicy(name: string, policy: Policy): Policy
}

interface Policy {
  createScriptURL(url: string): string
}

/** Lets scripts of the page's own origin through. Throws a TypeError at any other. */
const own: Policy = {
  createScriptURL(url) {
    if (new URL(url, document.baseURI).origin === location.origin) return url
    throw new TypeError(`${url} is no script of this page`)
  },
}

const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes }
const policy = trustedTypes?.createPolicy('ganvas', own) ?? own

/** A worker of this name that runs the module at `url`. Throws a TypeError unless that is one of ours. */
export const ownWorker = (url: string, name: string): Worker =>
  new Worker(policy.createScriptURL(url), { type: 'module', name })
