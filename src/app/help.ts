/** What to do when there is no WebGPU. */
import { find } from './dom.ts'

const SYSTEMS: [RegExp, string][] = [
  [/android/i, 'android'],
  [/iphone|ipad/i, 'ios'],
  [/windows/i, 'windows'],
  [/mac os/i, 'mac'],
  [/linux|cros/i, 'linux'],
]

/** Shows the help in place of the page, with the visitor's own system marked. */
export function showHelp(reason: string): void {
  find('#app').hidden = true
  find('#help').hidden = false
  find('#help-reason').textContent = reason
  const system = SYSTEMS.find(([pattern]) => pattern.test(navigator.userAgent))?.[1]
  document.querySelector(`[data-os="${system}"]`)?.classList.add('here')
}

/** Why this page cannot have WebGPU at all; undefined when it may. */
export function whyMissing(): string | undefined {
  if (!isSecureContext)
    return 'This page was opened over plain http, where browsers switch WebGPU off. Use https, or 127.0.0.1 on this machine.'
  if (!navigator.gpu) return 'This browser has no navigator.gpu.'
  return undefined
}
